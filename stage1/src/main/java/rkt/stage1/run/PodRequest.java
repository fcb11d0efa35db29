package rkt.stage1.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import rkt.spec.pod.PodManifest;

/**
 * A pod as it was asked for.
 *
 * @param apps in the order in which they start; at least one
 * @param inherited variables below those of an image: the caller's, or none
 * @param environment for every app, below what an app sets itself
 * @param insecure the {@code --insecure-options} in force
 * @param interactive whether the one app is joined to the terminal, or to standard input
 * @param isolators of the pod as a whole
 * @param ports of the host, that this network gives it: {@link HostPorts}
 */
public record PodRequest(
    List<AppRequest> apps,
    List<Volume> volumes,
    Network network,
    Optional<String> hostname,
    Map<String, String> inherited,
    Map<String, String> environment,
    Set<String> insecure,
    boolean interactive,
    List<Isolator> isolators,
    List<PodManifest.HostPort> ports,
    Metadata metadata) {

  /** What the pod sees of the network. */
  public enum Network {
    /** A network namespace of its own, with nothing but loopback. */
    NONE("none"),
    /** The network of the host. */
    HOST("host");

    private final String label;

    Network(String label) {
      this.label = label;
    }

    /** The value of {@code --net}. */
    public String label() {
      return label;
    }
  }

  public PodRequest {
    apps = List.copyOf(apps);
    volumes = List.copyOf(volumes);
    inherited = Collections.unmodifiableMap(new LinkedHashMap<>(inherited));
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    insecure = Set.copyOf(insecure);
    isolators = List.copyOf(isolators);
    ports = List.copyOf(ports);
    if (apps.isEmpty() || (interactive && apps.size() > 1)) {
      throw new IllegalArgumentException("a pod of " + apps.size() + " apps");
    }
  }
}
