package rkt.kernel;

import java.util.ArrayList;
import java.util.List;

/** Some capabilities, one bit each, as {@code /proc/PID/status} shows them in hexadecimal. */
public record CapabilitySet(long mask) {
  public static final CapabilitySet EMPTY = new CapabilitySet(0);

  /** Of these. */
  public static CapabilitySet of(Capability... capabilities) {
    long mask = 0;
    for (Capability capability : capabilities) {
      mask |= 1L << capability.number();
    }
    return new CapabilitySet(mask);
  }

  public boolean contains(Capability capability) {
    return (mask & 1L << capability.number()) != 0;
  }

  public CapabilitySet with(Capability capability) {
    return new CapabilitySet(mask | 1L << capability.number());
  }

  public CapabilitySet without(Capability capability) {
    return new CapabilitySet(mask & ~(1L << capability.number()));
  }

  /** What is in both. */
  public CapabilitySet and(CapabilitySet other) {
    return new CapabilitySet(mask & other.mask);
  }

  /** Those with a name, in the order of their numbers. */
  public List<Capability> list() {
    List<Capability> list = new ArrayList<>();
    for (Capability capability : Capability.values()) {
      if (contains(capability)) {
        list.add(capability);
      }
    }
    return List.copyOf(list);
  }
}
