package rkt.spec.pod;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import rkt.spec.SpecException;
import rkt.spec.image.AciApp;
import rkt.spec.image.AciManifest;
import rkt.spec.image.App;
import rkt.spec.image.ImageId;
import rkt.spec.json.JsonObject;

/** Reads a pod manifest, strictly. spec/pod-manifest.md */
final class PodManifestReader {
  private static final int LAST_PORT = 65_535;
  private static final int EVERY_MODE_BIT = 07777;

  private PodManifestReader() {}

  static PodManifest read(byte[] document, String what) throws SpecException {
    JsonObject json = JsonObject.parse(document, what);
    if (!json.string("acKind").equals("PodManifest")) {
      throw bad(json, "acKind is not \"PodManifest\"");
    }
    AciManifest.requireVersion(json);
    List<PodVolume> volumes = new ArrayList<>();
    Set<String> volumeNames = new HashSet<>();
    for (JsonObject volume : json.objects("volumes")) {
      PodVolume read = volume(volume);
      if (!volumeNames.add(read.name())) {
        throw bad(volume, "two volumes are called \"" + read.name() + "\"");
      }
      volumes.add(read);
    }
    return new PodManifest(
        apps(json, volumeNames),
        volumes,
        AciApp.isolators(json),
        annotations(json),
        ports(json),
        json.stringMap("userAnnotations"),
        json.stringMap("userLabels"));
  }

  private static List<PodManifest.PodApp> apps(JsonObject json, Set<String> volumes)
      throws SpecException {
    List<PodManifest.PodApp> apps = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Set<String> ports = new HashSet<>();
    for (JsonObject app : json.objects("apps")) {
      String name = acName(app, "name");
      if (!names.add(name)) {
        throw bad(app, "two apps are called \"" + name + "\"");
      }
      Optional<JsonObject> own = app.findObject("app");
      Optional<App> replaced =
          own.isPresent() ? Optional.of(AciApp.readOfPod(own.get())) : Optional.empty();
      if (replaced.isPresent()) {
        for (App.Port port : replaced.get().ports()) {
          if (!ports.add(port.name())) {
            throw bad(app, "two ports of the pod are called \"" + port.name() + "\"");
          }
        }
      }
      apps.add(
          new PodManifest.PodApp(
              name,
              image(app.object("image")),
              replaced,
              app.findBoolean("readOnlyRootFS").orElse(false),
              mounts(app, volumes),
              annotations(app)));
    }
    if (apps.isEmpty()) {
      throw bad(json, "a pod has at least one app");
    }
    return apps;
  }

  private static PodManifest.ImageReference image(JsonObject image) throws SpecException {
    Optional<String> id = image.findString("id");
    Optional<String> name = image.findString("name");
    if (id.isEmpty() && name.isEmpty()) {
      throw bad(image, "an image has an id or a name");
    }
    try {
      return new PodManifest.ImageReference(
          id.isPresent() ? Optional.of(ImageId.parse(id.get())) : Optional.empty(),
          name,
          AciManifest.labelPairs(image));
    } catch (IllegalArgumentException e) {
      throw bad(image, String.valueOf(e.getMessage()));
    }
  }

  private static List<PodManifest.Mount> mounts(JsonObject app, Set<String> volumes)
      throws SpecException {
    List<PodManifest.Mount> mounts = new ArrayList<>();
    for (JsonObject mount : app.objects("mounts")) {
      String volume = acName(mount, "volume");
      String path = mount.string("path");
      if (!path.startsWith("/")) {
        throw bad(mount, "the path \"" + path + "\" is not absolute");
      }
      Optional<JsonObject> own = mount.findObject("appVolume");
      Optional<PodVolume> appVolume =
          own.isPresent() ? Optional.of(volume(own.get())) : Optional.empty();
      if (appVolume.isPresent() && !appVolume.get().name().equals(volume)) {
        throw bad(mount, "its appVolume is not called \"" + volume + "\"");
      }
      if (appVolume.isEmpty() && !volumes.contains(volume)) {
        throw bad(mount, "the pod has no volume \"" + volume + "\"");
      }
      mounts.add(new PodManifest.Mount(volume, path, appVolume));
    }
    return mounts;
  }

  private static PodVolume volume(JsonObject volume) throws SpecException {
    String name = acName(volume, "name");
    boolean readOnly = volume.findBoolean("readOnly").orElse(false);
    String kind = volume.string("kind");
    return switch (kind) {
      case "host" -> host(volume, name, readOnly);
      case "empty" -> empty(volume, name, readOnly);
      default -> throw bad(volume, "its kind \"" + kind + "\" is neither empty nor host");
    };
  }

  private static PodVolume host(JsonObject volume, String name, boolean readOnly)
      throws SpecException {
    refuse(volume, "host", "mode", "uid", "gid");
    String source = volume.string("source");
    if (!source.startsWith("/") || source.indexOf('\0') >= 0) {
      throw bad(volume, "the source \"" + source + "\" is not absolute");
    }
    return new PodVolume.Host(name, readOnly, source, volume.findBoolean("recursive").orElse(true));
  }

  private static PodVolume empty(JsonObject volume, String name, boolean readOnly)
      throws SpecException {
    refuse(volume, "empty", "source", "recursive");
    return new PodVolume.Empty(
        name,
        readOnly,
        mode(volume),
        number(volume, "uid", 0, Integer.MAX_VALUE),
        number(volume, "gid", 0, Integer.MAX_VALUE));
  }

  /** What a volume of this kind cannot have was meant for another. */
  private static void refuse(JsonObject volume, String kind, String... members)
      throws SpecException {
    for (String member : members) {
      if (volume.has(member)) {
        throw bad(volume, "a volume of kind " + kind + " has no " + member);
      }
    }
  }

  private static int mode(JsonObject volume) throws SpecException {
    String text = volume.findString("mode").orElse("0755");
    int mode = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      mode = mode * 8 + digit;
      if (digit < 0 || digit > 7 || mode > EVERY_MODE_BIT) {
        throw bad(volume, "\"" + text + "\" is not a mode");
      }
    }
    if (text.isEmpty()) {
      throw bad(volume, "its mode is empty");
    }
    return mode;
  }

  private static List<PodManifest.HostPort> ports(JsonObject json) throws SpecException {
    List<PodManifest.HostPort> ports = new ArrayList<>();
    for (JsonObject port : json.objects("ports")) {
      Optional<Integer> podPort =
          port.has("podPort")
              ? Optional.of(number(port, "podPort", 1, LAST_PORT))
              : Optional.empty();
      if (!port.has("hostPort")) {
        throw bad(port, "\"hostPort\" is missing");
      }
      ports.add(
          new PodManifest.HostPort(
              acName(port, "name"),
              number(port, "hostPort", 1, LAST_PORT),
              port.findString("hostIP"),
              podPort));
    }
    return ports;
  }

  private static Map<String, String> annotations(JsonObject json) throws SpecException {
    return AciManifest.annotations(json);
  }

  private static int number(JsonObject json, String member, int least, int most)
      throws SpecException {
    long number = json.findInteger(member).orElse((long) least);
    if (number < least || number > most) {
      throw bad(json, member + " " + number + " is out of range");
    }
    return (int) number;
  }

  private static String acName(JsonObject json, String member) throws SpecException {
    String name = json.string(member);
    if (!AciApp.isAcName(name)) {
      throw bad(json, "\"" + name + "\" is not an AC Name");
    }
    return name;
  }

  private static SpecException bad(JsonObject json, String why) {
    return SpecException.integrity(json.where() + ": " + why);
  }
}
