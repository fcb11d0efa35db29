package rkt.spec.image;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/** {@code image.json}: the resolved image as a document. spec/image.md#resolved */
public final class ImageJson {
  private static final int VERSION = 1;

  private ImageJson() {}

  /** The document for {@code image}. */
  public static byte[] write(Image image) {
    JsonWriter out = new JsonWriter().object();
    members(image, out);
    return out.end().bytes();
  }

  /** Writes the members of the document into the object that is open. */
  public static void members(Image image, JsonWriter out) {
    out.put("imageVersion", VERSION)
        .put("id", image.id().toString())
        .put("name", image.name().text())
        .put("manifest", image.manifest().toString())
        .put("signed", image.signed().toString())
        .array("layers");
    for (Layer layer : image.layers()) {
      out.object()
          .put("blob", layer.blob().toString())
          .put("size", layer.sizeBytes())
          .put("compression", layer.compression().label())
          .put("diffId", layer.diffId().toString())
          .end();
    }
    out.end();
    app(image.app(), out.object("app"));
    out.end().put("labels", image.labels());
    if (!image.steps().isEmpty()) {
      out.array("steps");
      for (AciStep step : image.steps()) {
        out.object().put("level", step.level()).put("pathWhitelist", step.pathWhitelist()).end();
      }
      out.end();
    }
    if (image.notifies()) {
      out.put("notifies", true);
    }
  }

  private static void app(App app, JsonWriter out) {
    out.put("exec", app.exec())
        .put("arguments", app.arguments())
        .put("user", app.user())
        .put("group", app.group());
    out.array("supplementaryGids");
    for (int gid : app.supplementaryGids()) {
      out.add(gid);
    }
    out.end()
        .put("workingDirectory", app.workingDirectory())
        .put("environment", app.environment())
        .array("mountPoints");
    for (App.MountPoint point : app.mountPoints()) {
      out.object()
          .put("name", point.name())
          .put("path", point.path())
          .put("readOnly", point.readOnly())
          .end();
    }
    out.end().object("isolators");
    for (Map.Entry<String, String> isolator : app.isolators().entrySet()) {
      out.putJson(isolator.getKey(), isolator.getValue());
    }
    out.end().put("stopSignal", app.stopSignal());
    AciApp.writeExtras(app, out);
  }

  /**
   * Reads the document.
   *
   * @param what names it in errors
   */
  public static Image read(byte[] document, String what) throws SpecException {
    JsonObject json = JsonObject.parse(document, what);
    if (json.integer("imageVersion") != VERSION) {
      throw SpecException.integrity(what + " is of a version that this rkt does not know");
    }
    try {
      return new Image(
          ImageId.parse(json.string("id")),
          new ImageName(json.string("name")),
          Digest.parse(json.string("manifest")),
          Digest.parse(json.string("signed")),
          layers(json),
          app(json.object("app")),
          json.stringMap("labels"),
          steps(json),
          json.findBoolean("notifies").orElse(false));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw SpecException.integrity(what + ": " + e.getMessage());
    }
  }

  private static List<AciStep> steps(JsonObject json) throws SpecException {
    if (!json.has("steps")) {
      return List.of();
    }
    List<AciStep> steps = new ArrayList<>();
    for (JsonObject step : json.objects("steps")) {
      steps.add(new AciStep(Math.toIntExact(step.integer("level")), step.strings("pathWhitelist")));
    }
    return steps;
  }

  private static List<Layer> layers(JsonObject json) throws SpecException {
    List<Layer> layers = new ArrayList<>();
    for (JsonObject layer : json.objects("layers")) {
      layers.add(
          new Layer(
              Digest.parse(layer.string("blob")),
              layer.integer("size"),
              Compression.parse(layer.string("compression")),
              Digest.parse(layer.string("diffId"))));
    }
    return layers;
  }

  private static App app(JsonObject app) throws SpecException {
    List<Integer> gids = new ArrayList<>();
    for (long gid : app.integers("supplementaryGids")) {
      gids.add(Math.toIntExact(gid));
    }
    List<App.MountPoint> points = new ArrayList<>();
    for (JsonObject point : app.objects("mountPoints")) {
      points.add(
          new App.MountPoint(
              point.string("name"),
              point.string("path"),
              point.findBoolean("readOnly").orElse(false)));
    }
    Map<String, String> isolators = new LinkedHashMap<>();
    Optional<JsonObject> values = app.findObject("isolators");
    if (values.isPresent()) {
      for (String name : values.get().names()) {
        isolators.put(name, values.get().json(name));
      }
    }
    return new App(
        app.strings("exec"),
        app.strings("arguments"),
        app.string("user"),
        app.string("group"),
        gids,
        app.string("workingDirectory"),
        app.stringMap("environment"),
        points,
        isolators,
        Math.toIntExact(app.integer("stopSignal")),
        AciApp.ports(app),
        AciApp.eventHandlers(app),
        app.stringMap("userAnnotations"),
        app.stringMap("userLabels"),
        AciApp.healthCheck(app));
  }
}
