package rkt.fetch.transport;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where settings of this machine and this user are looked up.
 *
 * @param environment of the process
 * @param etc the directory of the files that several programs share: {@code /etc}
 * @param configuration rkt's own directories, that of the distribution before the administrator's
 * @param transports where programs that fetch are looked for, in this order
 */
public record Surroundings(
    Map<String, String> environment, Path etc, List<Path> configuration, List<Path> transports) {
  public Surroundings {
    environment = Map.copyOf(environment);
    configuration = List.copyOf(configuration);
    transports = List.copyOf(transports);
  }

  /** Those without any programs. */
  public Surroundings(Map<String, String> environment, Path etc, List<Path> configuration) {
    this(environment, etc, configuration, List.of());
  }

  /** Those of a process with this environment, and nothing of rkt's own. */
  public static Surroundings of(Map<String, String> environment) {
    return new Surroundings(environment, Path.of("/etc"), List.of());
  }

  /** The value of a variable; empty if it is not set. */
  public String variable(String name) {
    return environment.getOrDefault(name, "");
  }

  /**
   * The directories in which {@code containers/NAME} is looked up: the user's, then the machine's.
   */
  public List<Path> containers(String name) {
    List<Path> places = new ArrayList<>();
    String config = variable("XDG_CONFIG_HOME");
    if (!config.isEmpty()) {
      places.add(Path.of(config, "containers", name));
    } else if (!variable("HOME").isEmpty()) {
      places.add(Path.of(variable("HOME"), ".config/containers", name));
    }
    places.add(etc.resolve("containers").resolve(name));
    return places;
  }
}
