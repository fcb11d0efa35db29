package rkt.stage1.main;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.RktException;
import rkt.spec.pod.PodManifest;
import rkt.spec.pod.PodVolume;
import rkt.stage1.StageException;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.Metadata;
import rkt.stage1.run.Mounting;
import rkt.stage1.run.ProcessRequest;
import rkt.stage1.run.StorageRequest;
import rkt.stage1.run.Volume;

/** A pod manifest in the terms of a command line, which it takes the place of. */
final class ManifestLine {
  private static final long LARGEST = 4 << 20;

  private ManifestLine() {}

  /** Reads {@code --pod-manifest=FILE}; {@code -} is standard input. */
  static PodManifest read(String file) throws RktException {
    Path path = Path.of(file.equals("-") ? "/dev/stdin" : file);
    byte[] document;
    try (var in = Files.newInputStream(path)) {
      document = in.readNBytes((int) LARGEST + 1);
    } catch (NoSuchFileException e) {
      throw StageException.usage("no such file: " + file, "name a pod manifest, or - for stdin");
    } catch (IOException e) {
      throw StageException.system("cannot read the pod manifest " + file, null, e);
    }
    if (document.length > LARGEST) {
      throw StageException.usage(
          "the pod manifest " + file + " is larger than " + LARGEST + " bytes", null);
    }
    return PodManifest.parse(document, "the pod manifest " + file);
  }

  /** The pod, as far as the manifest says, and else as the options do. */
  static RunLine.Pod pod(PodManifest manifest, RunLine.Pod options) throws RktException {
    List<Volume> volumes = new ArrayList<>();
    for (PodVolume volume : manifest.volumes()) {
      volumes.add(volume(volume, volume.name()));
    }
    for (PodManifest.PodApp app : manifest.apps()) {
      for (PodManifest.Mount mount : app.mounts()) {
        if (mount.appVolume().isPresent()) {
          volumes.add(volume(mount.appVolume().get(), Mounting.own(app.name(), mount.volume())));
        }
      }
    }
    List<Isolator> isolators = isolators(manifest.isolators());
    isolators.addAll(options.isolators());
    return new RunLine.Pod(
        options.network(),
        options.hostname(),
        false,
        Map.of(),
        volumes,
        options.interactive(),
        options.privateUsers(),
        options.stage1Name(),
        options.stage1Path(),
        options.uuidFile(),
        isolators,
        manifest.ports(),
        new Metadata(manifest.annotations(), manifest.userAnnotations(), manifest.userLabels()));
  }

  static List<RunLine.App> apps(PodManifest manifest) throws RktException {
    List<RunLine.App> apps = new ArrayList<>();
    for (PodManifest.PodApp app : manifest.apps()) {
      apps.add(
          new RunLine.App(
              app.image().text(),
              Optional.of(app.image()),
              app.app(),
              Optional.of(app.name()),
              ProcessRequest.UNCHANGED,
              List.of(),
              storage(app),
              new Metadata(app.annotations(), Map.of(), Map.of()),
              Map.of()));
    }
    return apps;
  }

  private static StorageRequest storage(PodManifest.PodApp app) throws RktException {
    List<Mounting> mounts = new ArrayList<>();
    for (PodManifest.Mount mount : app.mounts()) {
      String volume =
          mount.appVolume().isPresent() ? Mounting.own(app.name(), mount.volume()) : mount.volume();
      mounts.add(Mounting.checked(volume, mount.path()));
    }
    return new StorageRequest(mounts, app.readOnlyRootFs());
  }

  private static Volume volume(PodVolume volume, String name) {
    // Not a switch over the types: its first use costs a start milliseconds.
    if (volume instanceof PodVolume.Host host) {
      return new Volume.Host(
          name, Path.of(host.source()).normalize(), host.readOnly(), host.recursive());
    }
    PodVolume.Empty empty = (PodVolume.Empty) volume;
    return new Volume.Empty(name, empty.readOnly(), empty.mode(), empty.uid(), empty.gid());
  }

  private static List<Isolator> isolators(Map<String, String> byName) {
    List<Isolator> isolators = new ArrayList<>();
    for (Map.Entry<String, String> isolator : byName.entrySet()) {
      isolators.add(new Isolator(isolator.getKey(), isolator.getValue(), Isolator.Origin.MANIFEST));
    }
    return isolators;
  }
}
