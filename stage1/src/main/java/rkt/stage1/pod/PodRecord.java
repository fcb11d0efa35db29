package rkt.stage1.pod;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import rkt.spec.ImageName;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * What a pod was made of, written once, before anything of it runs: which images, judged how, under
 * which name. The pod's own evidence of what ran. spec/pod.md#record
 *
 * @param id the UUID
 * @param hostname its host name
 * @param network {@code none} or {@code host}
 * @param insecure the {@code --insecure-options} in force, empty for none
 * @param apps in the order in which they start
 * @param cgroups the control group directories made for it, absolute, deepest first
 * @param isolators what was asked of the kernel for the pod as a whole, and what became of that
 * @param stage1 how the pod is kept apart from its host
 * @param stage1Program of a third party, which does that
 * @param ids of its user namespace; empty where its ids are the caller's
 * @param deviceRules what holds its apps to their devices; empty where that is not said
 */
public record PodRecord(
    String id,
    String hostname,
    String network,
    List<String> insecure,
    List<App> apps,
    List<String> cgroups,
    List<Isolator> isolators,
    String stage1,
    Optional<String> stage1Program,
    Optional<IdRange> ids,
    Optional<DeviceRules> deviceRules) {
  /** The stage1 that a record names by naming none. */
  public static final String NAMESPACES = "namespaces";

  /** The name of the file, in the pod's directory. */
  public static final String FILE = "pod.json";

  private static final long VERSION = 1;

  /**
   * One app.
   *
   * @param signers who vouched for the image: the fingerprints of keys, or of identities the
   *     issuer, a space and the subject; empty if the check was bypassed, or a policy asks for none
   * @param trees the names of the rendered layers that its root is made of, bottom first
   * @param isolators what was asked of the kernel for it, and what became of that
   * @param endpoints what may be attached to: stdin, stdout, stderr, tty. spec/attach.md
   * @param devices of the host that it was given: {@code /dev/HOST:/dev/IN}, and the access
   * @param memory what it may write to memory instead of a disk
   */
  public record App(
      String name,
      ImageId image,
      ImageName imageName,
      List<String> signers,
      List<String> trees,
      List<Isolator> isolators,
      List<String> endpoints,
      List<String> devices,
      InMemory memory) {
    public App {
      signers = List.copyOf(signers);
      endpoints = List.copyOf(endpoints);
      devices = List.copyOf(devices);
      trees = List.copyOf(trees);
      isolators = List.copyOf(isolators);
    }

    /** An app without devices of the host, which writes to disk. */
    public App(
        String name,
        ImageId image,
        ImageName imageName,
        List<String> signers,
        List<String> trees,
        List<Isolator> isolators,
        List<String> endpoints) {
      this(
          name,
          image,
          imageName,
          signers,
          trees,
          isolators,
          endpoints,
          List.of(),
          InMemory.NOTHING);
    }

    /** The first of those who vouched for the image. */
    public Optional<String> signer() {
      return signers.isEmpty() ? Optional.empty() : Optional.of(signers.get(0));
    }
  }

  /**
   * Directories of an app that are kept in memory.
   *
   * @param tmpfs bytes at most, by the place in the app
   * @param root of what it changes in its root; empty if that is on disk
   */
  public record InMemory(Map<String, Long> tmpfs, OptionalLong root) {
    /** All on disk. */
    public static final InMemory NOTHING = new InMemory(Map.of(), OptionalLong.empty());

    public InMemory {
      tmpfs = Collections.unmodifiableMap(new LinkedHashMap<>(tmpfs));
    }

    private void write(JsonWriter json) {
      if (!tmpfs.isEmpty()) {
        json.object("tmpfs");
        for (Map.Entry<String, Long> entry : tmpfs.entrySet()) {
          json.put(entry.getKey(), entry.getValue());
        }
        json.end();
      }
      if (root.isPresent()) {
        json.put("rootfsSize", root.getAsLong());
      }
    }

    private static InMemory of(JsonObject app) throws SpecException {
      Map<String, Long> tmpfs = new LinkedHashMap<>();
      if (app.has("tmpfs")) {
        JsonObject places = app.object("tmpfs");
        for (String place : places.names()) {
          tmpfs.put(place, places.integer(place));
        }
      }
      return new InMemory(
          tmpfs,
          app.has("rootfsSize")
              ? OptionalLong.of(app.integer("rootfsSize"))
              : OptionalLong.empty());
    }
  }

  /**
   * Ids of the host that are a pod's own.
   *
   * @param first the pod's 0
   */
  public record IdRange(long first, long count) {
    @Override
    public String toString() {
      return first + ":" + count;
    }
  }

  /**
   * What holds the apps to the devices that they may use.
   *
   * @param by {@code controller}, {@code program} or {@code nothing}
   * @param reason why it is nothing; empty if it is something
   */
  public record DeviceRules(String by, String reason) {
    /** Adds its members to a JSON object. */
    public void write(JsonWriter json) {
      json.put("by", by);
      if (!reason.isEmpty()) {
        json.put("reason", reason);
      }
    }
  }

  /**
   * One isolator.
   *
   * @param outcome {@code enforced}, {@code modified} or {@code ignored}
   * @param reason why it is not enforced as it was asked for; empty where nothing needs saying
   */
  public record Isolator(String name, String value, String outcome, String reason) {
    public Isolator(String name, String value, String outcome) {
      this(name, value, outcome, "");
    }

    /** Adds its members to a JSON object. */
    public void write(JsonWriter json) {
      json.object();
      json.put("name", name);
      json.put("value", value);
      json.put("outcome", outcome);
      if (!reason.isEmpty()) {
        json.put("reason", reason);
      }
      json.end();
    }
  }

  /** A record of a pod in namespaces. */
  public PodRecord(
      String id,
      String hostname,
      String network,
      List<String> insecure,
      List<App> apps,
      List<String> cgroups,
      List<Isolator> isolators) {
    this(
        id,
        hostname,
        network,
        insecure,
        apps,
        cgroups,
        isolators,
        NAMESPACES,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  public PodRecord {
    insecure = List.copyOf(insecure);
    apps = List.copyOf(apps);
    cgroups = List.copyOf(cgroups);
    isolators = List.copyOf(isolators);
  }

  /** The record as a JSON document. */
  public byte[] toJson() {
    JsonWriter json = new JsonWriter();
    json.object();
    json.put("version", VERSION);
    json.put("id", id);
    json.put("hostname", hostname);
    json.put("network", network);
    json.put("insecure", insecure);
    json.array("apps");
    for (App app : apps) {
      json.object();
      json.put("name", app.name);
      json.put("image", app.image.toString());
      json.put("imageName", app.imageName.text());
      if (!app.signers.isEmpty()) {
        json.put("signer", app.signers.get(0));
      }
      if (app.signers.size() > 1) {
        json.put("signers", app.signers);
      }
      json.put("trees", app.trees);
      json.array("isolators");
      for (Isolator isolator : app.isolators) {
        isolator.write(json);
      }
      json.end();
      if (!app.endpoints.isEmpty()) {
        json.put("endpoints", app.endpoints);
      }
      if (!app.devices.isEmpty()) {
        json.put("devices", app.devices);
      }
      app.memory.write(json);
      json.end();
    }
    json.end();
    if (!stage1.equals(NAMESPACES)) {
      json.put("stage1", stage1);
    }
    if (stage1Program.isPresent()) {
      json.put("stage1Program", stage1Program.get());
    }
    if (ids.isPresent()) {
      json.object("ids");
      json.put("first", ids.get().first);
      json.put("count", ids.get().count);
      json.end();
    }
    if (deviceRules.isPresent()) {
      json.object("deviceRules");
      deviceRules.get().write(json);
      json.end();
    }
    json.put("cgroups", cgroups);
    json.array("isolators");
    for (Isolator isolator : isolators) {
      isolator.write(json);
    }
    json.end();
    json.end();
    return json.bytes();
  }

  /** Reads what {@link #toJson} wrote. */
  public static PodRecord parse(byte[] document) throws SpecException {
    JsonObject json = JsonObject.parse(document, FILE);
    if (json.integer("version") != VERSION) {
      throw SpecException.integrity(FILE + " has version " + json.integer("version"));
    }
    require(json, "insecure");
    require(json, "apps");
    require(json, "cgroups");
    List<App> apps = new ArrayList<>();
    for (JsonObject app : json.objects("apps")) {
      apps.add(app(app));
    }
    return new PodRecord(
        json.string("id"),
        json.string("hostname"),
        json.string("network"),
        json.strings("insecure"),
        apps,
        json.strings("cgroups"),
        isolators(json),
        json.findString("stage1").orElse(NAMESPACES),
        json.findString("stage1Program"),
        ids(json),
        deviceRules(json));
  }

  private static Optional<DeviceRules> deviceRules(JsonObject json) throws SpecException {
    if (!json.has("deviceRules")) {
      return Optional.empty();
    }
    JsonObject rules = json.object("deviceRules");
    return Optional.of(new DeviceRules(rules.string("by"), rules.findString("reason").orElse("")));
  }

  private static Optional<IdRange> ids(JsonObject json) throws SpecException {
    if (!json.has("ids")) {
      return Optional.empty();
    }
    JsonObject ids = json.object("ids");
    return Optional.of(new IdRange(ids.integer("first"), ids.integer("count")));
  }

  /** A list may be empty, but a record without it is cut short. */
  private static void require(JsonObject json, String list) throws SpecException {
    if (!json.has(list)) {
      throw SpecException.integrity(json.where() + " has no " + list);
    }
  }

  private static List<Isolator> isolators(JsonObject json) throws SpecException {
    List<Isolator> isolators = new ArrayList<>();
    for (JsonObject isolator : json.objects("isolators")) {
      isolators.add(
          new Isolator(
              isolator.string("name"),
              isolator.string("value"),
              isolator.string("outcome"),
              isolator.findString("reason").orElse("")));
    }
    return isolators;
  }

  private static App app(JsonObject json) throws SpecException {
    require(json, "trees");
    require(json, "isolators");
    try {
      return new App(
          json.string("name"),
          ImageId.parse(json.string("image")),
          new ImageName(json.string("imageName")),
          signers(json),
          json.strings("trees"),
          isolators(json),
          json.strings("endpoints"),
          json.strings("devices"),
          InMemory.of(json));
    } catch (IllegalArgumentException e) {
      throw SpecException.integrity(json.where() + ": " + e.getMessage());
    }
  }

  private static List<String> signers(JsonObject json) throws SpecException {
    List<String> signers = json.strings("signers");
    Optional<String> signer = json.findString("signer");
    return signers.isEmpty() && signer.isPresent() ? List.of(signer.get()) : signers;
  }
}
