package rkt.stage1.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the user changes of the process that an app says it is. spec/pod.md#process
 *
 * @param exec replaces the program and the arguments of the image
 * @param arguments replace the arguments of the image only, or follow {@code exec}
 * @param user a name, a number, or {@code /path} for the owner of that file
 * @param group the same for the group
 * @param supplementaryGids replace those of the image
 * @param workingDirectory absolute
 * @param environment wins over all other variables
 */
public record ProcessRequest(
    Optional<String> exec,
    List<String> arguments,
    Optional<String> user,
    Optional<String> group,
    Optional<List<Integer>> supplementaryGids,
    Optional<String> workingDirectory,
    Map<String, String> environment) {
  /** As the image says. */
  public static final ProcessRequest UNCHANGED =
      new ProcessRequest(
          Optional.empty(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Map.of());

  public ProcessRequest {
    arguments = List.copyOf(arguments);
    if (supplementaryGids.isPresent()) {
      supplementaryGids = Optional.of(List.copyOf(supplementaryGids.get()));
    }
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }
}
