package rkt.stage1.run;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rkt.spec.pod.PodVolume;
import rkt.stage1.StageException;

/** A volume of a pod: something that apps mount. spec/pod.md#volumes */
public sealed interface Volume {
  /** Its name, an AC Name, unique in the pod. */
  String name();

  /** Whether no app may change it, nor what is mounted below it. */
  boolean readOnly();

  /** The same under another name, as the manifest of a pod has it. */
  PodVolume inManifest(String name);

  /**
   * A directory or file of the host.
   *
   * @param source absolute, no part of it a symbolic link
   * @param recursive whether what is mounted below it comes along
   */
  record Host(String name, Path source, boolean readOnly, boolean recursive) implements Volume {
    @Override
    public PodVolume inManifest(String as) {
      return new PodVolume.Host(as, readOnly, source.toString(), recursive);
    }
  }

  /** A fresh directory that lives as long as the pod. */
  record Empty(String name, boolean readOnly, int mode, int uid, int gid) implements Volume {
    @Override
    public PodVolume inManifest(String as) {
      return new PodVolume.Empty(as, readOnly, mode, uid, gid);
    }
  }

  /**
   * Reads {@code NAME,kind=host,source=PATH[,readOnly=BOOL][,recursive=BOOL]} or {@code
   * NAME,kind=empty[,readOnly=BOOL][,mode=MODE][,uid=N][,gid=N]}.
   */
  static Volume parse(String text) throws StageException {
    String[] parts = text.split(",", -1);
    Map<String, String> options = new HashMap<>();
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      if (equals < 1
          || options.put(parts[i].substring(0, equals), parts[i].substring(equals + 1)) != null) {
        throw wrong(text, "\"" + parts[i] + "\" is not a new KEY=VALUE");
      }
    }
    String name = parts[0];
    if (!AcName.isValid(name)) {
      throw wrong(text, "\"" + name + "\" is not a name of lowercase letters, digits and dashes");
    }
    Volume volume =
        switch (options.getOrDefault("kind", "")) {
          case "host" -> host(text, name, options);
          case "empty" -> empty(text, name, options);
          default -> throw wrong(text, "kind must be host or empty");
        };
    options.remove("kind");
    if (!options.isEmpty()) {
      throw wrong(text, "unknown option " + options.keySet().iterator().next());
    }
    return volume;
  }

  private static Volume host(String text, String name, Map<String, String> options)
      throws StageException {
    String source = options.remove("source");
    if (source == null || !source.startsWith("/")) {
      throw wrong(text, "source must be an absolute path");
    }
    return new Host(
        name,
        Path.of(source).normalize(),
        bool(text, options.remove("readOnly"), false),
        bool(text, options.remove("recursive"), true));
  }

  private static Volume empty(String text, String name, Map<String, String> options)
      throws StageException {
    return new Empty(
        name,
        bool(text, options.remove("readOnly"), false),
        number(text, options.remove("mode"), 8, 0755, 07777),
        number(text, options.remove("uid"), 10, 0, Integer.MAX_VALUE),
        number(text, options.remove("gid"), 10, 0, Integer.MAX_VALUE));
  }

  private static boolean bool(String text, @Nullable String value, boolean absent)
      throws StageException {
    if (value == null) {
      return absent;
    }
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw wrong(text, "\"" + value + "\" is neither true nor false");
    };
  }

  private static int number(String text, @Nullable String value, int radix, int absent, int highest)
      throws StageException {
    if (value == null) {
      return absent;
    }
    try {
      int number = Integer.parseInt(value, radix);
      if (number >= 0 && number <= highest) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw wrong(text, "\"" + value + "\" is out of range");
  }

  private static StageException wrong(String text, String why) {
    return StageException.usage(
        "cannot read the volume \"" + text + "\": " + why,
        "write NAME,kind=host,source=/PATH[,readOnly=true] or NAME,kind=empty[,mode=0755][,uid=0][,gid=0]");
  }
}
