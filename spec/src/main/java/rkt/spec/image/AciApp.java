package rkt.spec.image;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** Reads the {@code app} of an appc image manifest. spec/image.md#aci */
final class AciApp {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
  private static final int MAX_GID = Integer.MAX_VALUE;

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
    String directory = app.findString("workingDirectory").orElse("/");
    if (!directory.isEmpty() && !directory.startsWith("/")) {
      throw AciManifest.bad(app, "workingDirectory \"" + directory + "\" is not absolute");
    }
    return new App(
        app.strings("exec"),
        List.of(),
        nonEmpty(app, "user"),
        nonEmpty(app, "group"),
        gids(app),
        directory.isEmpty() ? "/" : directory,
        AciManifest.environment(app),
        mountPoints(app),
        isolators(app),
        Signals.TERM);
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
    for (long gid : app.integers("supplementaryGIDs")) {
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
      if (!NAME.matcher(name).matches() || !names.add(name)) {
        throw AciManifest.bad(point, "\"" + name + "\" is not an AC Name, or occurs twice");
      }
      if (!path.startsWith("/")) {
        throw AciManifest.bad(point, "the path \"" + path + "\" is not absolute");
      }
      points.add(new App.MountPoint(name, path, point.findBoolean("readOnly").orElse(false)));
    }
    return points;
  }

  private static Map<String, String> isolators(JsonObject app) throws SpecException {
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
