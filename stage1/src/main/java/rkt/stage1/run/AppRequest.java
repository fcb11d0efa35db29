package rkt.stage1.run;

import java.nio.file.Path;
import java.util.List;
import rkt.spec.image.App;
import rkt.spec.image.Image;
import rkt.verify.Verified;

/**
 * One app as it was asked for: an image with proof that it may run, and what the user changes.
 *
 * @param name an AC Name, unique in the pod
 * @param trees the rendered layers of the image, bottom first
 * @param app what the image says of the app, or what a pod manifest says in its place
 * @param isolators all of them, those that win behind those that they win over: of {@code app},
 *     then of the user
 */
public record AppRequest(
    String name,
    Image image,
    Verified verified,
    List<Path> trees,
    App app,
    ProcessRequest process,
    List<Isolator> isolators,
    StorageRequest storage,
    Metadata metadata) {
  public AppRequest {
    trees = List.copyOf(trees);
    isolators = List.copyOf(isolators);
  }
}
