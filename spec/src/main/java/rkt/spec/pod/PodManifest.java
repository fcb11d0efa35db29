package rkt.spec.pod;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.SpecException;
import rkt.spec.image.App;
import rkt.spec.image.ImageId;

/**
 * A pod manifest. spec/pod-manifest.md
 *
 * @param apps at least one, by unique AC Names
 * @param volumes by unique AC Names
 * @param isolators of the pod as a whole: names, each with its value as JSON text
 * @param ports of the host that lead to those of apps
 */
public record PodManifest(
    List<PodApp> apps,
    List<PodVolume> volumes,
    Map<String, String> isolators,
    Map<String, String> annotations,
    List<HostPort> ports,
    Map<String, String> userAnnotations,
    Map<String, String> userLabels) {

  /**
   * One app.
   *
   * @param app replaces what the image says of its app; empty to leave that as it is
   * @param mounts in order
   */
  public record PodApp(
      String name,
      ImageReference image,
      Optional<App> app,
      boolean readOnlyRootFs,
      List<Mount> mounts,
      Map<String, String> annotations) {
    public PodApp {
      mounts = List.copyOf(mounts);
      annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
    }
  }

  /**
   * The image of an app: by identifier, or by name and labels, or by both, which then must agree.
   */
  public record ImageReference(
      Optional<ImageId> id, Optional<String> name, Map<String, String> labels) {
    public ImageReference {
      labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
      if (id.isEmpty() && name.isEmpty()) {
        throw new IllegalArgumentException("an image has an id or a name");
      }
    }

    /** What a store is asked for: the identifier, or {@code NAME[:VERSION]}. */
    public String text() {
      if (id.isPresent()) {
        return id.get().toString();
      }
      String version = labels.get("version");
      return name.orElse("") + (version == null ? "" : ":" + version);
    }
  }

  /**
   * That an app sees a volume.
   *
   * @param path absolute, in the app's root
   * @param appVolume the volume, if it is for this app alone
   */
  public record Mount(String volume, String path, Optional<PodVolume> appVolume) {}

  /**
   * A port of the host.
   *
   * @param name of a port of an app
   * @param hostIp empty for every address
   * @param podPort empty for that of the app
   */
  public record HostPort(
      String name, int hostPort, Optional<String> hostIp, Optional<Integer> podPort) {}

  public PodManifest {
    apps = List.copyOf(apps);
    volumes = List.copyOf(volumes);
    isolators = Collections.unmodifiableMap(new LinkedHashMap<>(isolators));
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
    ports = List.copyOf(ports);
    userAnnotations = Collections.unmodifiableMap(new LinkedHashMap<>(userAnnotations));
    userLabels = Collections.unmodifiableMap(new LinkedHashMap<>(userLabels));
  }

  /**
   * Reads a manifest.
   *
   * @param what names the document in errors
   * @throws SpecException of class {@code integrity} if it is anything else
   */
  public static PodManifest parse(byte[] document, String what) throws SpecException {
    return PodManifestReader.read(document, what);
  }

  /** The document; {@link #parse} gives the same manifest for it. */
  public byte[] toJson() {
    return PodManifestWriter.write(this);
  }
}
