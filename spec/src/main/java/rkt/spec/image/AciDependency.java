package rkt.spec.image;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import rkt.spec.ImageName;

/**
 * An image that an ACI builds on. spec/image.md#dependencies
 *
 * @param id that it must have, if the author said so
 * @param labels that it must have, among others
 * @param sizeBytes how long its file may be
 */
public record AciDependency(
    ImageName name, Optional<ImageId> id, Map<String, String> labels, OptionalLong sizeBytes) {
  public AciDependency {
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
  }

  /** As a user would write it: {@code NAME:VERSION,label=value}. */
  public String reference() {
    StringBuilder text = new StringBuilder(name.text());
    String version = labels.get("version");
    if (version != null) {
      text.append(':').append(version);
    }
    for (Map.Entry<String, String> label : labels.entrySet()) {
      if (!label.getKey().equals("version")) {
        text.append(',').append(label.getKey()).append('=').append(label.getValue());
      }
    }
    return text.toString();
  }

  /** Why {@code image} is not what is meant; empty if it is. */
  public String mismatch(Image image) {
    if (!image.name().equals(name)) {
      return "it is called " + image.name();
    }
    if (id.isPresent() && !id.get().equals(image.id())) {
      return "it is " + image.id() + " and not " + id.get();
    }
    for (Map.Entry<String, String> label : labels.entrySet()) {
      String value = image.labels().get(label.getKey());
      if (!label.getValue().equals(value)) {
        return "its label " + label.getKey() + " is " + value + " and not " + label.getValue();
      }
    }
    long size = image.layers().getLast().sizeBytes();
    if (sizeBytes.isPresent() && size > sizeBytes.getAsLong()) {
      return "it has " + size + " bytes and may have " + sizeBytes.getAsLong();
    }
    return "";
  }
}
