package rkt.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import rkt.spec.RktException;
import rkt.spec.image.App;
import rkt.spec.json.JsonWriter;
import rkt.spec.pod.PodManifest;
import rkt.spec.pod.PodVolume;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;

/** A pod as {@code list} and {@code status} print it. spec/output.md#pod */
final class PodJson {
  private static final long VERSION = 1;
  private static final long NANOS_A_SECOND = 1_000_000_000;

  private PodJson() {}

  static void write(JsonWriter json, PodView pod) throws RktException {
    Optional<PodRecord> record = pod.readableRecord();
    json.object();
    json.put("version", VERSION);
    json.put("name", pod.id());
    json.put("state", pod.state());
    if (pod.supervisorPid().isPresent() && pod.isRunning()) {
      json.put("pid", pod.supervisorPid().getAsInt());
    }
    json.put("networks", record.isPresent() ? List.of(record.get().network()) : List.of());
    putSeconds(json, "created_at", OptionalLong.of(pod.createdNanos()));
    putSeconds(json, "started_at", pod.startedNanos());
    if (record.isPresent()) {
      json.put("hostname", record.get().hostname());
      json.put("insecure_options", record.get().insecure());
      Optional<PodManifest> manifest = pod.readableManifest();
      if (!record.get().stage1().equals(PodRecord.NAMESPACES)) {
        json.put("stage1", record.get().stage1());
      }
      if (record.get().ids().isPresent()) {
        PodRecord.IdRange ids = record.get().ids().get();
        json.object("ids").put("first", ids.first()).put("count", ids.count()).end();
      }
      if (record.get().deviceRules().isPresent()) {
        json.object("device_rules");
        record.get().deviceRules().get().write(json);
        json.end();
      }
      if (pod.isRunning()) {
        json.put("ready", pod.isReady());
      }
      json.array("apps");
      for (PodRecord.App app : record.get().apps()) {
        writeApp(json, pod, app, manifest);
      }
      json.end();
      if (manifest.isPresent()) {
        putTexts(json, "annotations", manifest.get().annotations());
        putTexts(json, "user_annotations", manifest.get().userAnnotations());
        putTexts(json, "user_labels", manifest.get().userLabels());
      }
      writeIsolators(json, record.get().isolators());
    }
    json.end();
  }

  private static void writeApp(
      JsonWriter json, PodView pod, PodRecord.App app, Optional<PodManifest> manifest) {
    PodView.AppStatus status = pod.app(app.name());
    json.object();
    json.put("name", app.name());
    json.put("state", status.state(pod.isRunning()));
    json.put("image_id", app.image().toString());
    json.put("image_name", app.imageName().text());
    json.put("verified", app.signer().isPresent());
    if (app.signer().isPresent()) {
      json.put("signer", app.signer().get());
    }
    if (app.signers().size() > 1) {
      json.put("signers", app.signers());
    }
    putKnown(json, "started_at", status.startedNanos());
    putKnown(json, "finished_at", status.exitedNanos());
    putKnown(json, "exit_code", status.exitStatus());
    if (status.outOfMemory()) {
      json.put("oom", true);
    }
    if (status.health().isPresent()) {
      json.put("health", status.health().get());
    }
    writeIsolators(json, app.isolators());
    if (manifest.isPresent()) {
      writeManifest(json, manifest.get(), app.name());
    }
    json.end();
  }

  private static void writeIsolators(JsonWriter json, List<PodRecord.Isolator> isolators) {
    json.array("isolators");
    for (PodRecord.Isolator isolator : isolators) {
      isolator.write(json);
    }
    json.end();
  }

  /** What users wrote on the app, and where it sees which volume. */
  private static void writeManifest(JsonWriter json, PodManifest pod, String name) {
    for (PodManifest.PodApp app : pod.apps()) {
      if (!app.name().equals(name)) {
        continue;
      }
      json.array("mounts");
      writeMounts(json, pod, app);
      json.end();
      putTexts(json, "annotations", app.annotations());
      if (app.app().isPresent()) {
        putTexts(json, "user_annotations", app.app().get().userAnnotations());
        putTexts(json, "user_labels", app.app().get().userLabels());
      }
    }
  }

  /** What was asked for, then the mount points of the image at which nothing was. */
  private static void writeMounts(JsonWriter json, PodManifest pod, PodManifest.PodApp app) {
    List<App.MountPoint> points = app.app().isPresent() ? app.app().get().mountPoints() : List.of();
    List<Path> taken = new ArrayList<>();
    for (PodManifest.Mount mount : app.mounts()) {
      Path place = Path.of(mount.path()).normalize();
      taken.add(place);
      boolean readOnly = false;
      for (App.MountPoint point : points) {
        readOnly |= point.readOnly() && Path.of(point.path()).normalize().equals(place);
      }
      PodVolume volume =
          mount.appVolume().isPresent() ? mount.appVolume().get() : find(pod, mount.volume());
      writeMount(json, mount.volume(), mount.path(), volume, readOnly);
    }
    for (App.MountPoint point : points) {
      if (!taken.contains(Path.of(point.path()).normalize())) {
        writeMount(json, point.name(), point.path(), find(pod, point.name()), point.readOnly());
      }
    }
  }

  private static void writeMount(
      JsonWriter json, String name, String path, @Nullable PodVolume volume, boolean readOnly) {
    json.object().put("name", name).put("container_path", path);
    if (volume instanceof PodVolume.Host host) {
      json.put("host_path", host.source());
    }
    json.put("read_only", readOnly || (volume != null && volume.readOnly())).end();
  }

  private static @Nullable PodVolume find(PodManifest pod, String name) {
    for (PodVolume volume : pod.volumes()) {
      if (volume.name().equals(name)) {
        return volume;
      }
    }
    return null;
  }

  private static void putTexts(JsonWriter json, String name, Map<String, String> texts) {
    if (!texts.isEmpty()) {
      json.put(name, texts);
    }
  }

  private static void putKnown(JsonWriter json, String name, OptionalLong number) {
    if (number.isPresent()) {
      json.put(name, number.getAsLong());
    }
  }

  private static void putSeconds(JsonWriter json, String name, OptionalLong nanos) {
    if (nanos.orElse(0) != 0) {
      json.put(name, nanos.getAsLong() / NANOS_A_SECOND);
    }
  }
}
