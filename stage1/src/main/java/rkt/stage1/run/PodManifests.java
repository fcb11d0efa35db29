package rkt.stage1.run;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import rkt.kernel.Capability;
import rkt.kernel.CapabilitySet;
import rkt.spec.image.App;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.json.JsonWriter;
import rkt.spec.pod.PodManifest;
import rkt.spec.pod.PodVolume;
import rkt.stage1.pod.PodRecord;

/**
 * The manifest that a pod keeps of itself: what it was made of in the end, so that running it again
 * gives the same pod, and no more than this one got. spec/pod-manifest.md#of-a-pod
 */
final class PodManifests {
  private static final String RETAIN = "os/linux/capabilities-retain-set";
  private static final String REMOVE = "os/linux/capabilities-remove-set";

  private PodManifests() {}

  static PodManifest of(PodRequest pod, List<PreparedApp> apps) {
    List<PodManifest.PodApp> written = new ArrayList<>();
    Set<String> ports = new HashSet<>();
    for (PreparedApp app : apps) {
      written.add(app(pod, app, ports));
    }
    Map<String, String> isolators = new LinkedHashMap<>();
    for (Isolator isolator : pod.isolators()) {
      String earlier = isolators.get(isolator.name());
      isolators.put(
          isolator.name(),
          earlier == null ? isolator.json() : Sysctls.joined(earlier, isolator.json()));
    }
    return new PodManifest(
        written,
        volumes(pod.volumes()),
        isolators,
        pod.metadata().annotations(),
        pod.ports(),
        pod.metadata().userAnnotations(),
        pod.metadata().userLabels());
  }

  /**
   * One app.
   *
   * @param ports the names of those that are written: in a manifest no two are called alike, as
   *     those of one image that runs twice are
   */
  private static PodManifest.PodApp app(PodRequest pod, PreparedApp prepared, Set<String> ports) {
    AppRequest asked = prepared.request();
    List<PodManifest.Mount> mounts = new ArrayList<>();
    for (Mounting mounting : asked.storage().mounts()) {
      mounts.add(mount(asked.name(), mounting, pod.volumes()));
    }
    return new PodManifest.PodApp(
        asked.name(),
        image(asked.image()),
        Optional.of(effective(pod, prepared, ports)),
        asked.storage().readOnlyRoot(),
        mounts,
        asked.metadata().annotations());
  }

  private static PodManifest.Mount mount(String app, Mounting mounting, List<Volume> volumes) {
    String prefix = Mounting.own(app, "");
    if (!mounting.volume().startsWith(prefix)) {
      return new PodManifest.Mount(mounting.volume(), mounting.target(), Optional.empty());
    }
    String name = mounting.volume().substring(prefix.length());
    Optional<PodVolume> own = Optional.empty();
    for (Volume volume : volumes) {
      if (volume.name().equals(mounting.volume())) {
        own = Optional.of(volume.inManifest(name));
      }
    }
    return new PodManifest.Mount(name, mounting.target(), own);
  }

  /** Labels of an OCI image may be called what labels of a manifest cannot. */
  private static PodManifest.ImageReference image(Image image) {
    return new PodManifest.ImageReference(
        Optional.of(image.id()),
        Optional.of(image.name().text()),
        image.id().kind() == ImageId.Kind.ACI ? image.labels() : Map.of());
  }

  private static App effective(PodRequest pod, PreparedApp prepared, Set<String> names) {
    AppRequest asked = prepared.request();
    App app = asked.app();
    List<App.Port> ports = new ArrayList<>();
    for (App.Port port : app.ports()) {
      if (names.add(port.name())) {
        ports.add(port);
      }
    }
    ProcessRequest process = asked.process();
    List<String> program = new ArrayList<>();
    if (process.exec().isPresent()) {
      program.add(process.exec().get());
      program.addAll(process.arguments());
    } else {
      program.addAll(app.exec());
      program.addAll(process.arguments().isEmpty() ? app.arguments() : process.arguments());
    }
    return new App(
        program,
        List.of(),
        process.user().orElse(app.user()),
        process.group().orElse(process.user().isPresent() ? "" : app.group()),
        process.supplementaryGids().orElse(app.supplementaryGids()),
        process.workingDirectory().orElse(app.workingDirectory()),
        environment(pod, app, process),
        app.mountPoints(),
        isolators(prepared),
        app.stopSignal(),
        ports,
        app.eventHandlers(),
        merged(app.userAnnotations(), asked.metadata().userAnnotations()),
        merged(app.userLabels(), asked.metadata().userLabels()),
        app.healthCheck());
  }

  private static Map<String, String> merged(Map<String, String> first, Map<String, String> then) {
    Map<String, String> all = new LinkedHashMap<>(first);
    all.putAll(then);
    return all;
  }

  /** The variables that a manifest can hold: of the caller's, some are called what none may be. */
  private static Map<String, String> environment(PodRequest pod, App app, ProcessRequest process) {
    Map<String, String> all = new LinkedHashMap<>(pod.inherited());
    all.putAll(app.environment());
    all.putAll(pod.environment());
    all.putAll(process.environment());
    Map<String, String> written = new LinkedHashMap<>();
    for (Map.Entry<String, String> variable : all.entrySet()) {
      if (isVariable(variable.getKey())) {
        written.put(variable.getKey(), variable.getValue());
      }
    }
    return written;
  }

  private static boolean isVariable(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-') {
        return false;
      }
    }
    return true;
  }

  /**
   * What became of the isolators. Those that were ignored are left out: asked for by the user of
   * this manifest, they would have to be enforced. So are wishes about the kernel that an image was
   * denied, because a user would be granted them. Of capabilities, what the app got in the end: an
   * image that asked for more did not get it, and would by this manifest.
   */
  private static Map<String, String> isolators(PreparedApp app) {
    Map<String, String> isolators = new LinkedHashMap<>();
    for (PodRecord.Isolator outcome : app.outcomes()) {
      boolean ofCapabilities = outcome.name().equals(RETAIN) || outcome.name().equals(REMOVE);
      boolean denied = outcome.outcome().equals("modified") && Confinement.knows(outcome.name());
      if (!outcome.outcome().equals("ignored") && !ofCapabilities && !denied) {
        isolators.put(outcome.name(), outcome.value());
      }
    }
    isolators.put(RETAIN, set(app.confinement().capabilities()));
    return isolators;
  }

  private static String set(CapabilitySet capabilities) {
    JsonWriter json = new JsonWriter().object().array("set");
    for (Capability capability : capabilities.list()) {
      json.add("CAP_" + capability.name());
    }
    return json.end().end().toString();
  }

  /** Those of the pod; what one app has alone stands with its mount. */
  private static List<PodVolume> volumes(List<Volume> volumes) {
    List<PodVolume> written = new ArrayList<>();
    for (Volume volume : volumes) {
      if (AcName.isValid(volume.name())) {
        written.add(volume.inManifest(volume.name()));
      }
    }
    return written;
  }
}
