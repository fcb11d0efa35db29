package rkt.spec.image;

import java.util.List;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * What an image runs on, in the words of OCI. spec/image.md#platforms
 *
 * @param variant such as {@code v8}; empty for none
 */
public record Platform(String os, String architecture, String variant) {

  /** The machine that this process runs on. */
  public static Platform host() {
    String arch = System.getProperty("os.arch", "");
    return switch (arch) {
      case "amd64", "x86_64" -> new Platform("linux", "amd64", "");
      case "aarch64", "arm64" -> new Platform("linux", "arm64", "v8");
      default -> new Platform("linux", arch, "");
    };
  }

  /** What appc calls this architecture. */
  public String appcArchitecture() {
    return switch (architecture) {
      case "arm64" -> "aarch64";
      case "386" -> "i386";
      case "arm" -> variant.equals("v6") ? "armv6l" : "armv7l";
      default -> architecture;
    };
  }

  /**
   * How well an image made for {@code this} runs on {@code host}: 0 not at all, 1 by default, 2
   * exactly.
   */
  int fits(Platform host) {
    if (!os.equals(host.os) || !architecture.equals(host.architecture)) {
      return 0;
    }
    if (variant.equals(host.variant)) {
      return 2;
    }
    // An image that names no variant runs on every machine; so does the lowest one of its kind.
    return variant.isEmpty() || BASELINES.contains(architecture + "/" + variant) ? 1 : 0;
  }

  private static final List<String> BASELINES = List.of("arm64/v8", "amd64/v1");

  static Platform read(JsonObject json) throws SpecException {
    return new Platform(
        json.findString("os").orElse(""),
        json.findString("architecture").orElse(""),
        json.findString("variant").orElse(""));
  }

  void write(JsonWriter out) {
    out.put("architecture", architecture).put("os", os);
    if (!variant.isEmpty()) {
      out.put("variant", variant);
    }
  }

  @Override
  public String toString() {
    return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
  }
}
