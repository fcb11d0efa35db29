package rkt.spec.image;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * The {@code manifest} of an ACI: an appc image manifest. spec/image.md#aci
 *
 * @param labels without the name; {@code version}, {@code os} and {@code arch} are the usual ones
 * @param dependencies the images that this one builds on, in the order in which they are laid down
 * @param pathWhitelist what stays of them and of this one; empty for everything
 */
public record AciManifest(
    ImageName name,
    Map<String, String> labels,
    Optional<App> app,
    List<AciDependency> dependencies,
    List<String> pathWhitelist,
    Map<String, String> annotations) {
  private static final Pattern IDENTIFIER = Pattern.compile("[a-z0-9]+([-._~/][a-z0-9]+)*");

  /** The version of the appc spec that documents of ours are written in. */
  public static final String WRITTEN_VERSION = "0.8.11";

  private static final Pattern VERSION =
      Pattern.compile("0\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?");
  private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9._+~-]{1,128}");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z0-9_.-]+");

  /** The pairs that the appc schema accepts. */
  private static final Map<String, Set<String>> ARCHITECTURES =
      Map.of(
          "linux",
          Set.of(
              "amd64",
              "i386",
              "aarch64",
              "aarch64_be",
              "armv6l",
              "armv7l",
              "armv7b",
              "ppc64",
              "ppc64le",
              "s390x"),
          "freebsd",
          Set.of("amd64", "i386", "arm"),
          "darwin",
          Set.of("x86_64", "i386"));

  /** Reads a manifest. */
  public static AciManifest parse(byte[] document) throws SpecException {
    JsonObject json = JsonObject.parse(document, "the ACI manifest");
    if (!json.string("acKind").equals("ImageManifest")) {
      throw bad(json, "acKind is not \"ImageManifest\"");
    }
    requireVersion(json);
    Optional<JsonObject> app = json.findObject("app");
    List<AciDependency> dependencies = new ArrayList<>();
    for (JsonObject dependency : json.objects("dependencies")) {
      dependencies.add(dependency(dependency));
    }
    return new AciManifest(
        name(json),
        labels(json),
        app.isPresent() ? Optional.of(AciApp.read(app.get())) : Optional.empty(),
        List.copyOf(dependencies),
        absolute(json, json.strings("pathWhitelist")),
        annotations(json));
  }

  /**
   * The image that this manifest describes.
   *
   * @param id the digest of the uncompressed tar
   * @param manifest the digest of the OCI manifest that the store keeps for it
   * @param file the ACI as it was served
   */
  public Image resolve(Digest id, Digest manifest, OciDescriptor file, Compression compression) {
    Layer layer = new Layer(file.digest(), file.sizeBytes(), compression, id);
    return new Image(
        new ImageId(ImageId.Kind.ACI, id),
        name,
        manifest,
        file.digest(),
        List.of(layer),
        app.orElseGet(AciApp::none),
        labels,
        pathWhitelist.isEmpty() ? List.of() : List.of(new AciStep(0, pathWhitelist)),
        annotations.getOrDefault(Image.NOTIFIES, "").equals("true"));
  }

  /** Refuses an image made for another system than {@code host}. */
  public void requireRunsOn(Platform host) throws SpecException {
    String os = labels.getOrDefault("os", host.os());
    String arch = labels.getOrDefault("arch", host.appcArchitecture());
    if (!os.equals(host.os()) || !arch.equals(host.appcArchitecture())) {
      throw SpecException.usage(
          name + " is made for " + os + "/" + arch + ", this is " + host,
          "--os=" + os + " --arch=" + arch + " fetches it for such a machine");
    }
  }

  private static AciDependency dependency(JsonObject json) throws SpecException {
    Optional<String> id = json.findString("imageID");
    Optional<Long> size = json.findInteger("size");
    if (size.isPresent() && size.get() < 0) {
      throw bad(json, "the size is negative");
    }
    Map<String, String> labels = pairs(json, "labels", IDENTIFIER);
    if (labels.containsKey("name")) {
      throw bad(json, "a label is called \"name\"");
    }
    for (String value : labels.values()) {
      // It becomes a part of URLs, which another would make those of something else.
      if (!VALUE.matcher(value).matches() || value.equals(".") || value.equals("..")) {
        throw bad(json, "\"" + value + "\" is no value of a label of a dependency");
      }
    }
    try {
      return new AciDependency(
          identifier(json, json.string("imageName")),
          id.map(ImageId::parse),
          labels,
          size.isPresent() && size.get() > 0 ? OptionalLong.of(size.get()) : OptionalLong.empty());
    } catch (IllegalArgumentException e) {
      throw bad(json, String.valueOf(e.getMessage()));
    }
  }

  private static ImageName name(JsonObject json) throws SpecException {
    return identifier(json, json.string("name"));
  }

  private static ImageName identifier(JsonObject json, String text) throws SpecException {
    if (!IDENTIFIER.matcher(text).matches()) {
      throw bad(json, "\"" + text + "\" is not an AC Identifier");
    }
    try {
      return new ImageName(text);
    } catch (IllegalArgumentException e) {
      throw bad(json, e.getMessage() == null ? text : e.getMessage());
    }
  }

  private static Map<String, String> labels(JsonObject json) throws SpecException {
    Map<String, String> labels = pairs(json, "labels", IDENTIFIER);
    if (labels.containsKey("name")) {
      throw bad(json, "a label is called \"name\"");
    }
    String os = labels.get("os");
    String arch = labels.get("arch");
    if (os != null && !ARCHITECTURES.containsKey(os)) {
      throw bad(json, "the os \"" + os + "\" is not known");
    }
    if (arch != null
        && !ARCHITECTURES.getOrDefault(os == null ? "" : os, Set.of()).contains(arch)) {
      throw bad(json, "the arch \"" + arch + "\" is not one of os \"" + os + "\"");
    }
    return labels;
  }

  /** An array of {name, value} objects without repeated names. */
  static Map<String, String> pairs(JsonObject json, String member, Pattern names)
      throws SpecException {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (JsonObject pair : json.objects(member)) {
      String name = pair.string("name");
      if (!names.matcher(name).matches()) {
        throw bad(pair, "\"" + name + "\" is not a name");
      }
      if (pairs.put(name, pair.string("value")) != null) {
        throw bad(json, member + " has \"" + name + "\" twice");
      }
    }
    return pairs;
  }

  /** Refuses an {@code acVersion} that promises another meaning. */
  public static void requireVersion(JsonObject json) throws SpecException {
    String version = json.string("acVersion");
    if (!VERSION.matcher(version).matches()) {
      throw bad(json, "acVersion \"" + version + "\" is not a 0.x version of the appc spec");
    }
  }

  /** Whether {@code text} is an AC Identifier, such as the name of an annotation. */
  public static boolean isIdentifier(String text) {
    return IDENTIFIER.matcher(text).matches();
  }

  /** The member {@code annotations}. */
  public static Map<String, String> annotations(JsonObject json) throws SpecException {
    return pairs(json, "annotations", IDENTIFIER);
  }

  /** The member {@code labels} of what refers to an image: any that an image might have. */
  public static Map<String, String> labelPairs(JsonObject json) throws SpecException {
    return pairs(json, "labels", IDENTIFIER);
  }

  /** Writes {name, value} objects into the array that is open. */
  public static void writePairs(Map<String, String> pairs, JsonWriter out) {
    for (Map.Entry<String, String> pair : pairs.entrySet()) {
      out.object().put("name", pair.getKey()).put("value", pair.getValue()).end();
    }
  }

  static Map<String, String> environment(JsonObject app) throws SpecException {
    return pairs(app, "environment", VARIABLE);
  }

  static List<String> absolute(JsonObject json, List<String> paths) throws SpecException {
    Set<String> seen = new HashSet<>();
    for (String path : paths) {
      if (!path.startsWith("/") || !seen.add(path)) {
        throw bad(json, "\"" + path + "\" is not an absolute path, or occurs twice");
      }
    }
    return List.copyOf(paths);
  }

  static SpecException bad(JsonObject json, String why) {
    return SpecException.integrity(json.where() + ": " + why);
  }
}
