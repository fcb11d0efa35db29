package rkt.stage1.run;

import java.util.List;
import java.util.Optional;
import rkt.spec.image.App;
import rkt.spec.pod.PodManifest.HostPort;
import rkt.stage1.StageException;

/**
 * The ports of the host that a pod manifest names. Nothing forwards any: what can be had is a port
 * of the pod that is one of the host. spec/pod-manifest.md#ports
 */
public final class HostPorts {
  private static final List<String> EVERY_ADDRESS = List.of("", "0.0.0.0", "::");

  private HostPorts() {}

  /**
   * Refuses what the network of the pod cannot give.
   *
   * @throws StageException of class {@code usage}
   */
  public static void require(
      List<HostPort> ports, List<AppRequest> apps, PodRequest.Network network)
      throws StageException {
    for (HostPort port : ports) {
      String which = "port \"" + port.name() + "\" of the pod manifest ";
      if (network == PodRequest.Network.NONE) {
        throw StageException.usage(
            which + "is to be one of the host, and the pod's network is none",
            "run it with --net=host, or leave its ports out");
      }
      Optional<Integer> inside = port.podPort().or(() -> find(apps, port.name()));
      if (inside.isEmpty()) {
        throw StageException.usage(
            which + "is not one of any app", "call it like a port of an app, or give its podPort");
      }
      if (inside.get() != port.hostPort()) {
        throw StageException.usage(
            which
                + "is "
                + inside.get()
                + " in the pod and to be "
                + port.hostPort()
                + " on the host, and with the network of the host the two are one",
            "make them the same number, which the app listens on");
      }
      String address = port.hostIp().orElse("");
      if (!EVERY_ADDRESS.contains(address)) {
        throw StageException.usage(
            which + "is to be had at " + address + " alone, which nothing sees to",
            "have the app listen there, and leave hostIP out");
      }
    }
  }

  private static Optional<Integer> find(List<AppRequest> apps, String name) {
    for (AppRequest app : apps) {
      for (App.Port port : app.app().ports()) {
        if (port.name().equals(name)) {
          return Optional.of(port.port());
        }
      }
    }
    return Optional.empty();
  }
}
