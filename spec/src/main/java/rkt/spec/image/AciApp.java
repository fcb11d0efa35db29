package rkt.spec.image;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * The {@code app} of an appc image manifest, or of a pod manifest, where it replaces the image's.
 * spec/image.md#aci
 */
public final class AciApp {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
  private static final int MAX_GID = Integer.MAX_VALUE;
  private static final int LAST_PORT = 65_535;

  private AciApp() {}

  /** What an image without an {@code app} runs: nothing, as root, unless the user says. */
  static App none() {
    return new App(
        List.of(),
        List.of(),
        "0",
        "0",
        List.of(),
        "/",
        Map.of(),
        List.of(),
        Map.of(),
        Signals.TERM);
  }

  static App read(JsonObject app) throws SpecException {
    return read(app, nonEmpty(app, "group"));
  }

  /**
   * Reads the app of a pod manifest. Its group may be empty, for the primary group of the user,
   * which an OCI image may mean.
   */
  public static App readOfPod(JsonObject app) throws SpecException {
    return read(app, app.string("group"));
  }

  private static App read(JsonObject app, String group) throws SpecException {
    String directory = app.findString("workingDirectory").orElse("/");
    if (!directory.isEmpty() && !directory.startsWith("/")) {
      throw AciManifest.bad(app, "workingDirectory \"" + directory + "\" is not absolute");
    }
    return new App(
        app.strings("exec"),
        List.of(),
        nonEmpty(app, "user"),
        group,
        gids(app),
        directory.isEmpty() ? "/" : directory,
        AciManifest.environment(app),
        mountPoints(app),
        isolators(app),
        stopSignal(app),
        ports(app),
        eventHandlers(app),
        app.stringMap("userAnnotations"),
        app.stringMap("userLabels"),
        healthCheck(app));
  }

  /** Writes the members of {@code app} into the object that is open; a reader gets the same. */
  public static void write(App app, JsonWriter out) {
    List<String> exec = new ArrayList<>(app.exec());
    exec.addAll(app.arguments());
    out.put("exec", exec).put("user", app.user()).put("group", app.group());
    out.array("supplementaryGIDs");
    for (int gid : app.supplementaryGids()) {
      out.add(gid);
    }
    out.end().put("workingDirectory", app.workingDirectory()).array("environment");
    AciManifest.writePairs(app.environment(), out);
    out.end().array("mountPoints");
    for (App.MountPoint point : app.mountPoints()) {
      out.object()
          .put("name", point.name())
          .put("path", point.path())
          .put("readOnly", point.readOnly())
          .end();
    }
    out.end();
    writeIsolators(app.isolators(), out);
    writeExtras(app, out);
    if (app.stopSignal() != Signals.TERM) {
      out.put("stopSignal", app.stopSignal());
    }
  }

  /** Writes the member {@code isolators}. */
  public static void writeIsolators(Map<String, String> isolators, JsonWriter out) {
    out.array("isolators");
    for (Map.Entry<String, String> isolator : isolators.entrySet()) {
      out.object().put("name", isolator.getKey()).putJson("value", isolator.getValue()).end();
    }
    out.end();
  }

  /** Writes what few apps have, where this one has it. */
  static void writeExtras(App app, JsonWriter out) {
    if (!app.ports().isEmpty()) {
      out.array("ports");
      for (App.Port port : app.ports()) {
        out.object()
            .put("name", port.name())
            .put("protocol", port.protocol())
            .put("port", port.port())
            .put("count", port.count())
            .put("socketActivated", port.socketActivated())
            .end();
      }
      out.end();
    }
    if (!app.eventHandlers().isEmpty()) {
      out.array("eventHandlers");
      for (App.EventHandler handler : app.eventHandlers()) {
        out.object().put("name", handler.event().label()).put("exec", handler.exec()).end();
      }
      out.end();
    }
    if (app.healthCheck().isPresent()) {
      app.healthCheck().get().write(out.object("healthCheck"));
      out.end();
    }
    if (!app.userAnnotations().isEmpty()) {
      out.put("userAnnotations", app.userAnnotations());
    }
    if (!app.userLabels().isEmpty()) {
      out.put("userLabels", app.userLabels());
    }
  }

  static List<App.Port> ports(JsonObject app) throws SpecException {
    List<App.Port> ports = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (JsonObject port : app.objects("ports")) {
      String name = port.string("name");
      if (!isAcName(name) || !names.add(name)) {
        throw AciManifest.bad(port, "\"" + name + "\" is not an AC Name, or occurs twice");
      }
      long first = port.integer("port");
      long count = port.findInteger("count").orElse(1L);
      if (first < 1 || count < 1 || count > LAST_PORT || first + count - 1 > LAST_PORT) {
        throw AciManifest.bad(port, count + " ports from " + first + " on are not all ports");
      }
      ports.add(
          new App.Port(
              name,
              nonEmpty(port, "protocol"),
              (int) first,
              (int) count,
              port.findBoolean("socketActivated").orElse(false)));
    }
    return ports;
  }

  static Optional<HealthCheck> healthCheck(JsonObject app) throws SpecException {
    Optional<JsonObject> check = app.findObject("healthCheck");
    return check.isPresent() ? Optional.of(HealthCheck.read(check.get())) : Optional.empty();
  }

  static List<App.EventHandler> eventHandlers(JsonObject app) throws SpecException {
    List<App.EventHandler> handlers = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (JsonObject handler : app.objects("eventHandlers")) {
      String name = handler.string("name");
      List<String> exec = handler.strings("exec");
      if (!seen.add(name) || exec.isEmpty()) {
        throw AciManifest.bad(handler, "\"" + name + "\" occurs twice, or runs nothing");
      }
      handlers.add(new App.EventHandler(event(handler, name), exec));
    }
    return handlers;
  }

  private static App.EventHandler.Event event(JsonObject handler, String name)
      throws SpecException {
    for (App.EventHandler.Event event : App.EventHandler.Event.values()) {
      if (event.label().equals(name)) {
        return event;
      }
    }
    throw AciManifest.bad(handler, "\"" + name + "\" is neither pre-start nor post-stop");
  }

  /** Not of the appc spec: so that an image, or a pod of one, can say what OCI images can. */
  private static int stopSignal(JsonObject app) throws SpecException {
    long signal = app.findInteger("stopSignal").orElse((long) Signals.TERM);
    if (signal < 1 || signal > Signals.LAST) {
      throw AciManifest.bad(app, signal + " is not the number of a signal");
    }
    return (int) signal;
  }

  /** Whether {@code name} is an AC Name. */
  public static boolean isAcName(String name) {
    return NAME.matcher(name).matches();
  }

  private static String nonEmpty(JsonObject app, String member) throws SpecException {
    String value = app.string(member);
    if (value.isEmpty()) {
      throw AciManifest.bad(app, member + " is empty");
    }
    return value;
  }

  private static List<Integer> gids(JsonObject app) throws SpecException {
    List<Integer> gids = new ArrayList<>();
    // The normative text and its example spell it differently.
    boolean likeTheExample = app.names().contains("supplementaryGids");
    for (long gid : app.integers(likeTheExample ? "supplementaryGids" : "supplementaryGIDs")) {
      if (gid < 0 || gid > MAX_GID) {
        throw AciManifest.bad(app, gid + " is not a group id");
      }
      gids.add((int) gid);
    }
    return gids;
  }

  private static List<App.MountPoint> mountPoints(JsonObject app) throws SpecException {
    List<App.MountPoint> points = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (JsonObject point : app.objects("mountPoints")) {
      String name = point.string("name");
      String path = point.string("path");
      if (!isAcName(name) || !names.add(name)) {
        throw AciManifest.bad(point, "\"" + name + "\" is not an AC Name, or occurs twice");
      }
      if (!path.startsWith("/")) {
        throw AciManifest.bad(point, "the path \"" + path + "\" is not absolute");
      }
      points.add(new App.MountPoint(name, path, point.findBoolean("readOnly").orElse(false)));
    }
    return points;
  }

  /** The member {@code isolators}: names, each with its value as JSON text. */
  public static Map<String, String> isolators(JsonObject app) throws SpecException {
    Map<String, String> isolators = new LinkedHashMap<>();
    for (JsonObject isolator : app.objects("isolators")) {
      String name = isolator.string("name");
      if (isolators.put(name, isolator.json("value")) != null) {
        throw AciManifest.bad(app, "the isolator \"" + name + "\" occurs twice");
      }
    }
    return isolators;
  }
}
