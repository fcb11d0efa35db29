package rkt.stage1.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What users write on a pod or an app for themselves; it changes nothing of how it runs.
 * spec/pod.md#metadata
 *
 * @param annotations of the appc spec
 */
public record Metadata(
    Map<String, String> annotations,
    Map<String, String> userAnnotations,
    Map<String, String> userLabels) {
  public static final Metadata NONE = new Metadata(Map.of(), Map.of(), Map.of());

  public Metadata {
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
    userAnnotations = Collections.unmodifiableMap(new LinkedHashMap<>(userAnnotations));
    userLabels = Collections.unmodifiableMap(new LinkedHashMap<>(userLabels));
  }
}
