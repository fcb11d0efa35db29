package rkt.stage1.pack;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import rkt.spec.ImageName;
import rkt.spec.image.AciApp;
import rkt.spec.image.AciManifest;
import rkt.spec.image.App;
import rkt.spec.image.Image;
import rkt.spec.image.Platform;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.StoredImage;

/** Writes the appc manifest of an OCI image. spec/packing.md#oci-to-aci */
final class OciToAci {
  private static final Pattern IDENTIFIER = Pattern.compile("[a-z0-9]+([-._~/][a-z0-9]+)*");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z0-9_.-]+");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

  private final StoredImage stored;
  private final Platform platform;
  private final List<String> notes;

  /**
   * @param notes gets a line for each thing that an ACI cannot say
   */
  OciToAci(StoredImage stored, Platform platform, List<String> notes) {
    this.stored = stored;
    this.platform = platform;
    this.notes = notes;
  }

  /**
   * The manifest.
   *
   * @param name what the ACI is called
   * @param groups of an app whose image names none
   */
  byte[] manifest(ImageName name, UserGroups groups) throws PackException {
    if (!IDENTIFIER.matcher(name.text()).matches()) {
      throw PackException.usage(
          "\"" + name + "\" is no name for an ACI, which has no port and no capitals",
          "give it another with --image-name=NAME");
    }
    JsonWriter json = new JsonWriter().object();
    json.put("acKind", "ImageManifest")
        .put("acVersion", AciManifest.WRITTEN_VERSION)
        .put("name", name.text());
    pairs(json, "labels", labels());
    Image image = stored.image();
    if (!image.app().exec().isEmpty() || !image.app().arguments().isEmpty()) {
      app(json, image.app(), groups);
    }
    pairs(json, "annotations", Provenance.of(stored));
    return json.end().bytes();
  }

  private Map<String, String> labels() {
    Map<String, String> labels = new LinkedHashMap<>();
    for (String reference : stored.references()) {
      int colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
      String tag = colon < 0 || reference.contains("@") ? "" : reference.substring(colon + 1);
      if (TAG.matcher(tag).matches()) {
        labels.put("version", tag);
        break;
      }
    }
    labels.put("os", platform.os());
    labels.put("arch", platform.appcArchitecture());
    return labels;
  }

  private void app(JsonWriter json, App app, UserGroups groups) {
    boolean isNamed = !app.group().isEmpty();
    Map<String, String> environment = new LinkedHashMap<>();
    for (Map.Entry<String, String> variable : app.environment().entrySet()) {
      if (VARIABLE.matcher(variable.getKey()).matches()) {
        environment.put(variable.getKey(), variable.getValue());
      } else {
        notes.add("the variable \"" + variable.getKey() + "\" is not in it");
      }
    }
    App written =
        new App(
            app.exec(),
            app.arguments(),
            app.user(),
            isNamed ? app.group() : groups.primary(),
            isNamed ? app.supplementaryGids() : groups.memberships(),
            app.workingDirectory(),
            environment,
            app.mountPoints(),
            app.isolators(),
            app.stopSignal(),
            app.ports(),
            app.eventHandlers(),
            app.userAnnotations(),
            app.userLabels(),
            app.healthCheck());
    AciApp.write(written, json.object("app"));
    json.end();
  }

  private static void pairs(JsonWriter json, String member, Map<String, String> pairs) {
    json.array(member);
    for (Map.Entry<String, String> pair : pairs.entrySet()) {
      json.object().put("name", pair.getKey()).put("value", pair.getValue()).end();
    }
    json.end();
  }
}
