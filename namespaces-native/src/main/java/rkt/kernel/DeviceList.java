package rkt.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * The devices that processes may use, each once, and no other. spec/pod.md#device-rules
 *
 * @param rules in the order in which they are asked
 */
public record DeviceList(List<DeviceRule> rules) {
  public DeviceList {
    List<DeviceRule> merged = new ArrayList<>();
    for (DeviceRule rule : rules) {
      int same = indexOf(merged, rule);
      if (same < 0) {
        merged.add(rule);
      } else {
        merged.set(same, rule.with(merged.get(same).access() | rule.access()));
      }
    }
    rules = List.copyOf(merged);
  }

  /** What either allows. */
  public DeviceList plus(List<DeviceRule> more) {
    List<DeviceRule> all = new ArrayList<>(rules);
    all.addAll(more);
    return new DeviceList(all);
  }

  /** What this allows by a rule that the other does not have, or with less access. */
  public List<DeviceRule> minus(DeviceList other) {
    List<DeviceRule> rest = new ArrayList<>();
    for (DeviceRule rule : rules) {
      int same = indexOf(other.rules, rule);
      int access = same < 0 ? rule.access() : rule.access() & ~other.rules.get(same).access();
      if (access != 0) {
        rest.add(rule.with(access));
      }
    }
    return rest;
  }

  /** How the device of {@code rule} may be used. */
  public int access(DeviceRule rule) {
    int access = 0;
    for (DeviceRule each : rules) {
      access |= each.covers(rule) ? each.access() : 0;
    }
    return access;
  }

  private static int indexOf(List<DeviceRule> rules, DeviceRule wanted) {
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).isOfSame(wanted)) {
        return i;
      }
    }
    return -1;
  }
}
