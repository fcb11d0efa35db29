package rkt.stage1.pack;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.spec.Digest;
import rkt.spec.image.App;
import rkt.spec.image.Compression;
import rkt.spec.image.Image;
import rkt.spec.image.Layer;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.Platform;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.StoredImage;

/**
 * Makes an OCI image of an ACI: its tree becomes one gzip layer, its app the config. The same ACI
 * gives the same image. spec/packing.md#aci-to-oci
 */
final class AciToOci {
  private final StoredImage stored;
  private final List<String> notes;

  /**
   * @param notes gets a line for each thing that an OCI image cannot say
   */
  AciToOci(StoredImage stored, List<String> notes) {
    this.stored = stored;
    this.notes = notes;
  }

  /**
   * Converts.
   *
   * @param rootfs the rendered tree
   * @param scratch where the layer is written; stays until the parts were read
   */
  OciParts convert(Path rootfs, Path scratch) throws IOException, PackException {
    Layer layer = layer(rootfs, scratch);
    OciDescriptor packed =
        OciDescriptor.of(MediaType.OCI_LAYER + "+gzip", layer.blob(), layer.sizeBytes());
    byte[] configBytes = config(layer);
    OciDescriptor config =
        OciDescriptor.of(MediaType.OCI_CONFIG, Digest.sha256(configBytes), configBytes.length);
    byte[] manifest = manifest(config, packed);
    OciDescriptor descriptor =
        OciDescriptor.of(MediaType.OCI_MANIFEST, Digest.sha256(manifest), manifest.length);
    return new OciParts(
        descriptor,
        manifest,
        config,
        configBytes,
        List.of(layer),
        List.of(),
        List.of(),
        _ -> new FileInputStream(scratch.toFile()));
  }

  private static Layer layer(Path rootfs, Path scratch) throws IOException, PackException {
    MessageDigest blob = Digest.Algorithm.SHA256.start();
    MessageDigest diffId = Digest.Algorithm.SHA256.start();
    try (OutputStream file = new DigestOutputStream(Files.newOutputStream(scratch), blob);
        OutputStream gzip = Compressor.open(file, Compression.GZIP);
        OutputStream out = new DigestOutputStream(gzip, diffId);
        DirFd root = DirFd.open(rootfs.toString())) {
      TarWriter tar = new TarWriter(out);
      try (TreePacker packer = new TreePacker(tar, PackRules.AS_IS)) {
        packer.pack(root, new byte[0]);
      }
      tar.finish();
    } catch (KernelException e) {
      throw PackException.system("pack " + rootfs, e);
    }
    return new Layer(
        Digest.of(Digest.Algorithm.SHA256, blob),
        Files.size(scratch),
        Compression.GZIP,
        Digest.of(Digest.Algorithm.SHA256, diffId));
  }

  private byte[] config(Layer layer) {
    Image image = stored.image();
    App app = image.app();
    Platform platform = platform(image.labels());
    JsonWriter json = new JsonWriter().object();
    json.put("architecture", platform.architecture()).put("os", platform.os());
    json.object("config");
    json.put("User", user(app));
    if (!app.environment().isEmpty()) {
      List<String> environment = new ArrayList<>();
      for (Map.Entry<String, String> variable : app.environment().entrySet()) {
        environment.add(variable.getKey() + "=" + variable.getValue());
      }
      json.put("Env", environment);
    }
    if (!app.exec().isEmpty()) {
      json.put("Entrypoint", app.exec());
    }
    if (!app.arguments().isEmpty()) {
      json.put("Cmd", app.arguments());
    }
    if (!app.mountPoints().isEmpty()) {
      json.object("Volumes");
      for (App.MountPoint point : app.mountPoints()) {
        json.object(point.path()).end();
      }
      json.end();
    }
    if (!app.ports().isEmpty()) {
      json.object("ExposedPorts");
      for (String port : ports(app)) {
        json.object(port).end();
      }
      json.end();
    }
    json.put("WorkingDir", app.workingDirectory());
    if (!image.labels().isEmpty()) {
      json.put("Labels", image.labels());
    }
    json.end().object("rootfs").put("type", "layers");
    json.put("diff_ids", List.of(layer.diffId().toString()));
    lost(app);
    return json.end().end().bytes();
  }

  private static Set<String> ports(App app) {
    Set<String> ports = new LinkedHashSet<>();
    for (App.Port port : app.ports()) {
      for (int i = 0; i < port.count() && port.port() + i <= 65_535; i++) {
        ports.add(port.port() + i + "/" + port.protocol());
      }
    }
    return ports;
  }

  private static String user(App app) {
    return app.group().isEmpty() ? app.user() : app.user() + ":" + app.group();
  }

  private void lost(App app) {
    if (!app.isolators().isEmpty()) {
      notes.add("the isolators " + String.join(", ", app.isolators().keySet()) + " are not in it");
    }
    if (!app.eventHandlers().isEmpty()) {
      notes.add("the event handlers are not in it");
    }
    if (!app.supplementaryGids().isEmpty()) {
      notes.add("the supplementary groups are not in it");
    }
    if (app.user().startsWith("/") || app.group().startsWith("/")) {
      notes.add("its user is the owner of a file, which other tools do not understand");
    }
  }

  static Platform platform(Map<String, String> labels) {
    String arch = labels.getOrDefault("arch", Platform.host().appcArchitecture());
    return new Platform(
        labels.getOrDefault("os", "linux"), arch.equals("aarch64") ? "arm64" : arch, "");
  }

  private byte[] manifest(OciDescriptor config, OciDescriptor layer) {
    JsonWriter json = new JsonWriter().object().put("schemaVersion", 2);
    json.put("mediaType", MediaType.OCI_MANIFEST);
    config.write(json.object("config"));
    json.end().array("layers");
    layer.write(json.object());
    json.end().end();
    return json.put("annotations", Provenance.of(stored)).end().bytes();
  }
}
