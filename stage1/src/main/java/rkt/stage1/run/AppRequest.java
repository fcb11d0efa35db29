package rkt.stage1.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import rkt.spec.image.Image;
import rkt.verify.Verified;

/**
 * One app as it was asked for: an image with proof that it may run, and what the command line
 * changes.
 *
 * @param name an AC Name, unique in the pod
 * @param exec replaces the program and the arguments of the image
 * @param arguments replace the arguments of the image only, or follow {@code exec}
 * @param memoryBytes the limit, which the app is ended for passing
 * @param cpuMillis the limit, in thousandths of a processor
 * @param trees the rendered layers of the image, bottom first
 */
public record AppRequest(
    String name,
    Image image,
    Verified verified,
    Optional<String> exec,
    List<String> arguments,
    Optional<String> user,
    Optional<String> group,
    Optional<String> workingDirectory,
    Map<String, String> environment,
    List<Mounting> mounts,
    boolean readOnlyRoot,
    OptionalLong memoryBytes,
    OptionalLong cpuMillis,
    List<Path> trees) {
  public AppRequest {
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
    mounts = List.copyOf(mounts);
    trees = List.copyOf(trees);
  }
}
