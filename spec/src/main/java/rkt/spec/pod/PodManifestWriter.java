package rkt.spec.pod;

import rkt.spec.image.AciApp;
import rkt.spec.image.AciManifest;
import rkt.spec.json.JsonWriter;

/** Writes a pod manifest: every member that has something to say, in one order. */
final class PodManifestWriter {
  private PodManifestWriter() {}

  static byte[] write(PodManifest pod) {
    JsonWriter out = new JsonWriter().object();
    out.put("acVersion", AciManifest.WRITTEN_VERSION).put("acKind", "PodManifest").array("apps");
    for (PodManifest.PodApp app : pod.apps()) {
      write(app, out);
    }
    out.end().array("volumes");
    for (PodVolume volume : pod.volumes()) {
      write(volume, out.object());
    }
    out.end();
    AciApp.writeIsolators(pod.isolators(), out);
    out.array("annotations");
    AciManifest.writePairs(pod.annotations(), out);
    out.end().array("ports");
    for (PodManifest.HostPort port : pod.ports()) {
      out.object().put("name", port.name()).put("hostPort", port.hostPort());
      if (port.hostIp().isPresent()) {
        out.put("hostIP", port.hostIp().get());
      }
      if (port.podPort().isPresent()) {
        out.put("podPort", port.podPort().get());
      }
      out.end();
    }
    out.end();
    if (!pod.userAnnotations().isEmpty()) {
      out.put("userAnnotations", pod.userAnnotations());
    }
    if (!pod.userLabels().isEmpty()) {
      out.put("userLabels", pod.userLabels());
    }
    return out.end().bytes();
  }

  private static void write(PodManifest.PodApp app, JsonWriter out) {
    out.object().put("name", app.name()).object("image");
    if (app.image().name().isPresent()) {
      out.put("name", app.image().name().get());
    }
    if (app.image().id().isPresent()) {
      out.put("id", app.image().id().get().toString());
    }
    out.array("labels");
    AciManifest.writePairs(app.image().labels(), out);
    out.end().end();
    if (app.app().isPresent()) {
      AciApp.write(app.app().get(), out.object("app"));
      out.end();
    }
    out.put("readOnlyRootFS", app.readOnlyRootFs()).array("mounts");
    for (PodManifest.Mount mount : app.mounts()) {
      out.object().put("volume", mount.volume()).put("path", mount.path());
      if (mount.appVolume().isPresent()) {
        write(mount.appVolume().get(), out.object("appVolume"));
      }
      out.end();
    }
    out.end().array("annotations");
    AciManifest.writePairs(app.annotations(), out);
    out.end().end();
  }

  /** Writes the members of a volume, and ends its object. */
  private static void write(PodVolume volume, JsonWriter out) {
    out.put("name", volume.name());
    // Not a switch over the types: its first use costs a start milliseconds.
    if (volume instanceof PodVolume.Host host) {
      out.put("kind", "host")
          .put("readOnly", host.readOnly())
          .put("source", host.source())
          .put("recursive", host.recursive());
    } else if (volume instanceof PodVolume.Empty empty) {
      out.put("kind", "empty")
          .put("readOnly", empty.readOnly())
          .put("mode", "0" + Integer.toOctalString(empty.mode()))
          .put("uid", empty.uid())
          .put("gid", empty.gid());
    }
    out.end();
  }
}
