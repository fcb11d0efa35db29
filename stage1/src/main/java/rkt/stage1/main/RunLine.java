package rkt.stage1.main;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.pod.PodManifest;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.Metadata;
import rkt.stage1.run.PodRequest;
import rkt.stage1.run.ProcessRequest;
import rkt.stage1.run.StorageRequest;
import rkt.stage1.run.Volume;

/** A command line of {@code rkt run} as values, each of them checked. spec/tools.md#run-line */
public record RunLine(Pod pod, List<App> apps) {
  public RunLine {
    apps = List.copyOf(apps);
  }

  /**
   * What was said of the pod.
   *
   * @param inheritsVariables whether apps get the caller's variables
   * @param variables for every app: {@code --set-env-file}, then {@code --set-env}
   * @param privateUsers whether a user namespace was asked for by name
   * @param stage1Name what {@code --stage1-name} says
   * @param stage1Path what {@code --stage1-path} says
   * @param uuidFile where to write its UUID; empty for nowhere
   * @param ports of the host, which a pod manifest names
   */
  public record Pod(
      PodRequest.Network network,
      Optional<String> hostname,
      boolean inheritsVariables,
      Map<String, String> variables,
      List<Volume> volumes,
      boolean interactive,
      boolean privateUsers,
      Optional<String> stage1Name,
      Optional<String> stage1Path,
      String uuidFile,
      List<Isolator> isolators,
      List<PodManifest.HostPort> ports,
      Metadata metadata) {}

  /**
   * What was said of one app.
   *
   * @param image as it was called
   * @param agreed what the image must be, by a pod manifest
   * @param app what a pod manifest says in place of the image
   * @param name empty if none was given
   * @param own the values of the options that only this command has, by their names
   */
  public record App(
      String image,
      Optional<PodManifest.ImageReference> agreed,
      Optional<rkt.spec.image.App> app,
      Optional<String> name,
      ProcessRequest process,
      List<Isolator> isolators,
      StorageRequest storage,
      Metadata metadata,
      Map<String, String> own) {}
}
