package rkt.spec.image;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
 * @param ports where the app serves, by unique AC Names
 * @param eventHandlers programs around the app, at most one of each kind
 * @param userAnnotations and
 * @param userLabels what the image's author wrote for people; they change nothing
 * @param healthCheck how it is asked whether it is well
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
    int stopSignal,
    List<Port> ports,
    List<EventHandler> eventHandlers,
    Map<String, String> userAnnotations,
    Map<String, String> userLabels,
    Optional<HealthCheck> healthCheck) {

  /**
   * A place in the image where a volume is expected.
   *
   * @param name an AC Name
   * @param path absolute, inside the image
   */
  public record MountPoint(String name, String path, boolean readOnly) {}

  /**
   * A port where the app serves.
   *
   * @param name an AC Name
   * @param protocol {@code tcp} or another
   * @param count how many ports there are from {@code port} on
   * @param socketActivated whether the app expects an open socket rather than to listen itself
   */
  public record Port(String name, String protocol, int port, int count, boolean socketActivated) {}

  /** A program that is run before the app starts, or after it has ended. */
  public record EventHandler(Event event, List<String> exec) {

    /** When it runs. */
    public enum Event {
      PRE_START("pre-start"),
      POST_STOP("post-stop");

      private final String label;

      Event(String label) {
        this.label = label;
      }

      /** As manifests write it. */
      public String label() {
        return label;
      }
    }

    public EventHandler {
      exec = List.copyOf(exec);
    }
  }

  public App {
    exec = List.copyOf(exec);
    arguments = List.copyOf(arguments);
    supplementaryGids = List.copyOf(supplementaryGids);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    mountPoints = List.copyOf(mountPoints);
    isolators = Collections.unmodifiableMap(new LinkedHashMap<>(isolators));
    ports = List.copyOf(ports);
    eventHandlers = List.copyOf(eventHandlers);
    userAnnotations = Collections.unmodifiableMap(new LinkedHashMap<>(userAnnotations));
    userLabels = Collections.unmodifiableMap(new LinkedHashMap<>(userLabels));
  }

  /** The program of the event handler; empty if there is none. */
  public List<String> handler(EventHandler.Event event) {
    for (EventHandler handler : eventHandlers) {
      if (handler.event() == event) {
        return handler.exec();
      }
    }
    return List.of();
  }

  /** An app without ports, event handlers, health check, annotations or labels. */
  public App(
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
    this(
        exec,
        arguments,
        user,
        group,
        supplementaryGids,
        workingDirectory,
        environment,
        mountPoints,
        isolators,
        stopSignal,
        List.of(),
        List.of(),
        Map.of(),
        Map.of(),
        Optional.empty());
  }
}
