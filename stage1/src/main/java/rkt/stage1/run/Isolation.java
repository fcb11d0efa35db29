package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import rkt.kernel.Capability;
import rkt.kernel.CapabilitySet;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/**
 * What an app's isolators, from the image and from the flags, come to: its capabilities, and for
 * the record what became of each. What it may use is the matter of {@link Resources}.
 * spec/pod.md#isolators
 *
 * @param capabilities the bounding set
 */
record Isolation(
    CapabilitySet capabilities, boolean noNewPrivileges, List<PodRecord.Isolator> outcomes) {
  private static final String ENFORCED = "enforced";
  private static final String MODIFIED = "modified";
  private static final String IGNORED = "ignored";
  private static final String RETAIN = "os/linux/capabilities-retain-set";
  private static final String REMOVE = "os/linux/capabilities-remove-set";
  private static final String NO_NEW_PRIVILEGES = "os/linux/no-new-privileges";

  private static final Set<String> KNOWN = Set.of(RETAIN, REMOVE, NO_NEW_PRIVILEGES);

  /** What a root app needs for its own files and ports, and nothing that reaches the host. */
  private static final CapabilitySet DEFAULT =
      CapabilitySet.of(
          Capability.CHOWN,
          Capability.DAC_OVERRIDE,
          Capability.FOWNER,
          Capability.FSETID,
          Capability.KILL,
          Capability.SETGID,
          Capability.SETUID,
          Capability.NET_BIND_SERVICE);

  /**
   * What an image may keep by asking: the default set of the appc spec, but not MKNOD, because a
   * node made in a volume would work outside. More takes a flag.
   */
  private static final CapabilitySet MOST_BY_IMAGE =
      CapabilitySet.of(
          Capability.AUDIT_WRITE,
          Capability.CHOWN,
          Capability.DAC_OVERRIDE,
          Capability.FSETID,
          Capability.FOWNER,
          Capability.KILL,
          Capability.NET_RAW,
          Capability.NET_BIND_SERVICE,
          Capability.SETUID,
          Capability.SETGID,
          Capability.SETPCAP,
          Capability.SETFCAP,
          Capability.SYS_CHROOT);

  Isolation {
    outcomes = List.copyOf(outcomes);
  }

  /**
   * Puts together what {@code app} is given: each isolator in turn, where a later one wins over an
   * earlier one of its kind.
   *
   * @param insecure the {@code --insecure-options} in force
   * @param network of the pod: on the host's, no image may listen to what others send
   */
  static Isolation of(AppRequest app, Set<String> insecure, PodRequest.Network network)
      throws StageException {
    Builder builder = new Builder(app, insecure, network);
    for (Isolator isolator : app.isolators()) {
      if (!Resources.knows(isolator.name())) {
        builder.add(isolator);
      }
    }
    return builder.build();
  }

  private static final class Builder {
    private final AppRequest app;
    private final Set<String> insecure;
    private final CapabilitySet most;
    private final List<PodRecord.Isolator> outcomes = new ArrayList<>();
    private CapabilitySet capabilities = DEFAULT;

    Builder(AppRequest app, Set<String> insecure, PodRequest.Network network) {
      this.app = app;
      this.insecure = insecure;
      this.most =
          network == PodRequest.Network.HOST
              ? MOST_BY_IMAGE.without(Capability.NET_RAW)
              : MOST_BY_IMAGE;
    }

    void add(Isolator isolator) throws StageException {
      String name = isolator.name();
      if (!KNOWN.contains(name)) {
        unknown(isolator);
        return;
      }
      try {
        JsonObject json =
            JsonObject.parse(("{\"value\":" + isolator.json() + "}").getBytes(UTF_8), name);
        switch (name) {
          case RETAIN -> retain(isolator, set(json));
          case REMOVE -> {
            CapabilitySet base = isolator.origin().isExplicit() ? DEFAULT : capabilities;
            capabilities = new CapabilitySet(base.mask() & ~set(json).mask());
            record(isolator, ENFORCED);
          }
          default -> record(isolator, json.findBoolean("value").orElse(true) ? ENFORCED : MODIFIED);
        }
      } catch (SpecException e) {
        throw StageException.run(
            "isolator " + name + " of app \"" + app.name() + "\" makes no sense", null, e);
      }
    }

    /** A user may give what they have; an image no more than what can do no harm outside. */
    private void retain(Isolator isolator, CapabilitySet asked) {
      capabilities = isolator.origin().isExplicit() ? asked : asked.and(most);
      record(isolator, capabilities.equals(asked) ? ENFORCED : MODIFIED);
    }

    private void unknown(Isolator isolator) throws StageException {
      if (isolator.origin().isExplicit()) {
        throw StageException.run(
            "there is no isolator " + isolator.name() + " to enforce", "leave it out");
      }
      record(isolator, IGNORED);
    }

    private static CapabilitySet set(JsonObject json) throws SpecException {
      CapabilitySet set = CapabilitySet.EMPTY;
      for (String name : json.object("value").strings("set")) {
        try {
          set = set.with(Capability.parse(name));
        } catch (IllegalArgumentException e) {
          throw SpecException.integrity(e.getMessage() == null ? name : e.getMessage());
        }
      }
      return set;
    }

    Isolation build() {
      if (insecure.contains("capabilities")) {
        capabilities = CapabilitySet.of(Capability.values());
      }
      return new Isolation(capabilities, true, outcomes);
    }

    private void record(Isolator isolator, String outcome) {
      outcomes.add(new PodRecord.Isolator(isolator.name(), isolator.json(), outcome));
    }
  }
}
