package rkt.spec.image;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * An OCI (or Docker) image config, translated into the terms of {@link App}. spec/image.md#config
 *
 * @param diffIds the digests of the uncompressed layers, bottom first
 */
public record OciConfig(
    Platform platform, List<Digest> diffIds, App app, Map<String, String> labels) {
  public OciConfig {
    diffIds = List.copyOf(diffIds);
  }

  /**
   * Reads a config.
   *
   * @param what names the document in errors
   */
  public static OciConfig parse(byte[] document, String what) throws SpecException {
    JsonObject json = JsonObject.parse(document, what);
    JsonObject rootfs = json.object("rootfs");
    if (!rootfs.string("type").equals("layers")) {
      throw SpecException.integrity(rootfs.where() + ": type is not \"layers\"");
    }
    List<Digest> diffIds = new ArrayList<>();
    for (String diffId : rootfs.strings("diff_ids")) {
      try {
        diffIds.add(Digest.parse(diffId));
      } catch (IllegalArgumentException e) {
        throw SpecException.integrity(rootfs.where() + ": diff_ids: " + e.getMessage());
      }
    }
    Optional<JsonObject> config = json.findObject("config");
    JsonObject settings =
        config.isPresent() ? config.get() : JsonObject.parse(new byte[] {'{', '}'}, what);
    return new OciConfig(Platform.read(json), diffIds, app(settings), settings.stringMap("Labels"));
  }

  private static App app(JsonObject config) throws SpecException {
    String user = config.findString("User").orElse("");
    String group = "";
    int colon = user.indexOf(':');
    if (colon >= 0) {
      group = user.substring(colon + 1);
      user = user.substring(0, colon);
    }
    String directory = config.findString("WorkingDir").orElse("");
    return new App(
        config.strings("Entrypoint"),
        config.strings("Cmd"),
        user.isEmpty() ? "0" : user,
        group,
        List.of(),
        directory.startsWith("/") ? directory : "/" + directory,
        environment(config),
        mountPoints(config),
        Map.of(),
        stopSignal(config),
        exposedPorts(config),
        List.of(),
        config.stringMap("Labels"),
        Map.of(),
        healthCheck(config));
  }

  private static Map<String, String> environment(JsonObject config) throws SpecException {
    Map<String, String> environment = new LinkedHashMap<>();
    for (String setting : config.strings("Env")) {
      int equals = setting.indexOf('=');
      if (equals == 0 || setting.indexOf('\0') >= 0) {
        throw SpecException.integrity(
            config.where() + ": Env has \"" + setting + "\", which sets no variable");
      }
      environment.put(
          equals < 0 ? setting : setting.substring(0, equals),
          equals < 0 ? "" : setting.substring(equals + 1));
    }
    return environment;
  }

  /** Each volume's path becomes a mount point with a name made from it: /var/lib is var-lib. */
  private static List<App.MountPoint> mountPoints(JsonObject config) throws SpecException {
    Optional<JsonObject> volumes = config.findObject("Volumes");
    if (volumes.isEmpty()) {
      return List.of();
    }
    Map<String, App.MountPoint> points = new LinkedHashMap<>();
    for (String path : volumes.get().names()) {
      if (!path.startsWith("/")) {
        throw SpecException.integrity(
            volumes.get().where() + ": \"" + path + "\" is not an absolute path");
      }
      String base = acName(path);
      String name = base;
      for (int i = 2; points.containsKey(name); i++) {
        name = base + "-" + i;
      }
      points.put(name, new App.MountPoint(name, path, false));
    }
    return List.copyOf(points.values());
  }

  /**
   * A port {@code 80/tcp} is called 80-tcp. What is not of that form is left out: nothing depends
   * on it, and builders write what they like.
   */
  private static List<App.Port> exposedPorts(JsonObject config) throws SpecException {
    Optional<JsonObject> exposed = config.findObject("ExposedPorts");
    if (exposed.isEmpty()) {
      return List.of();
    }
    List<App.Port> ports = new ArrayList<>();
    for (String text : exposed.get().names()) {
      int slash = text.indexOf('/');
      String protocol = slash < 0 ? "tcp" : text.substring(slash + 1);
      int number = port(slash < 0 ? text : text.substring(0, slash));
      boolean isKnown = protocol.equals("tcp") || protocol.equals("udp") || protocol.equals("sctp");
      if (isKnown && number > 0) {
        App.Port port = new App.Port(number + "-" + protocol, protocol, number, 1, false);
        if (!ports.contains(port)) {
          ports.add(port);
        }
      }
    }
    return ports;
  }

  private static int port(String digits) {
    try {
      int number = Integer.parseInt(digits);
      return number <= 65_535 ? number : 0;
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static String acName(String path) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < path.length(); i++) {
      char c = Character.toLowerCase(path.charAt(i));
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        name.append(c);
      } else if (name.length() > 0 && name.charAt(name.length() - 1) != '-') {
        name.append('-');
      }
    }
    while (name.length() > 0 && name.charAt(name.length() - 1) == '-') {
      name.setLength(name.length() - 1);
    }
    return name.length() == 0 ? "volume" : name.toString();
  }

  private static Optional<HealthCheck> healthCheck(JsonObject config) throws SpecException {
    Optional<JsonObject> check = config.findObject("Healthcheck");
    return check.isPresent() ? HealthCheck.ofOci(check.get()) : Optional.empty();
  }

  private static int stopSignal(JsonObject config) throws SpecException {
    String signal = config.findString("StopSignal").orElse("");
    if (signal.isEmpty()) {
      return Signals.TERM;
    }
    int number = Signals.number(signal);
    if (number == 0) {
      throw SpecException.integrity(
          config.where() + ": StopSignal \"" + signal + "\" is not a signal");
    }
    return number;
  }
}
