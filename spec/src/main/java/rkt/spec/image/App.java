package rkt.spec.image;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an image wants to run, in the terms of the appc spec; an OCI config is translated into them.
 * spec/image.md#resolved
 *
 * @param exec the program and its arguments; empty if the image names none
 * @param arguments what follows {@code exec} unless the user gives arguments; an OCI {@code Cmd}
 * @param user a user name, number or {@code /path}, as the image wrote it
 * @param group the same for the group; empty for "the user's own" (OCI without a group)
 * @param supplementaryGids further groups
 * @param workingDirectory absolute
 * @param environment names and values, in order
 * @param mountPoints where volumes are expected; an OCI {@code Volumes} entry is one of them
 * @param isolators isolator names, each with its value as JSON text
 * @param stopSignal the number of the signal that asks the app to stop; 15 unless the image says
 */
public record App(
    List<String> exec,
    List<String> arguments,
    String user,
    String group,
    List<Integer> supplementaryGids,
    String workingDirectory,
    Map<String, String> environment,
    List<MountPoint> mountPoints,
    Map<String, String> isolators,
    int stopSignal) {

  /**
   * A place in the image where a volume is expected.
   *
   * @param name an AC Name
   * @param path absolute, inside the image
   */
  public record MountPoint(String name, String path, boolean readOnly) {}

  public App {
    exec = List.copyOf(exec);
    arguments = List.copyOf(arguments);
    supplementaryGids = List.copyOf(supplementaryGids);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    mountPoints = List.copyOf(mountPoints);
    isolators = Collections.unmodifiableMap(new LinkedHashMap<>(isolators));
  }
}
