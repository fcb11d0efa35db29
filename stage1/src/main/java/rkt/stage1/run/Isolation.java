package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import rkt.kernel.Capability;
import rkt.kernel.CapabilitySet;
import rkt.kernel.CgroupLimits;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/**
 * What an app's isolators, from the image and from the flags, come to: its limits and capabilities,
 * and for the record what became of each. spec/pod.md#isolators
 *
 * @param capabilities the bounding set
 */
record Isolation(
    CgroupLimits limits,
    CapabilitySet capabilities,
    boolean noNewPrivileges,
    List<PodRecord.Isolator> outcomes) {
  private static final String ENFORCED = "enforced";
  private static final String MODIFIED = "modified";
  private static final String IGNORED = "ignored";
  private static final String MEMORY = "resource/memory";
  private static final String CPU = "resource/cpu";
  private static final String RETAIN = "os/linux/capabilities-retain-set";
  private static final String REMOVE = "os/linux/capabilities-remove-set";
  private static final String NO_NEW_PRIVILEGES = "os/linux/no-new-privileges";

  /** A fork bomb ends here; no image names a lower or higher one yet. */
  private static final long PIDS = 1024;

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
   * Puts together what {@code app} is given.
   *
   * @param insecure the {@code --insecure-options} in force
   * @param network of the pod: on the host's, no image may listen to what others send
   */
  static Isolation of(AppRequest app, Set<String> insecure, PodRequest.Network network)
      throws StageException {
    Builder builder = new Builder(app, insecure, network);
    for (Map.Entry<String, String> isolator : app.image().app().isolators().entrySet()) {
      builder.fromImage(isolator.getKey(), isolator.getValue());
    }
    return builder.build();
  }

  private static final class Builder {
    private final AppRequest app;
    private final Set<String> insecure;
    private final CapabilitySet most;
    private final List<PodRecord.Isolator> outcomes = new ArrayList<>();
    private OptionalLong memory = OptionalLong.empty();
    private OptionalLong cpu = OptionalLong.empty();
    private CapabilitySet capabilities = DEFAULT;

    Builder(AppRequest app, Set<String> insecure, PodRequest.Network network) {
      this.app = app;
      this.insecure = insecure;
      this.most =
          network == PodRequest.Network.HOST
              ? MOST_BY_IMAGE.without(Capability.NET_RAW)
              : MOST_BY_IMAGE;
    }

    void fromImage(String name, String value) throws StageException {
      try {
        JsonObject json = JsonObject.parse(("{\"value\":" + value + "}").getBytes(UTF_8), name);
        switch (name) {
          case MEMORY -> {
            memory = OptionalLong.of(Quantity.units(limit(json)));
            record(name, value, app.memoryBytes().isPresent() ? MODIFIED : ENFORCED);
          }
          case CPU -> {
            cpu = OptionalLong.of(Quantity.thousandths(limit(json)));
            record(name, value, app.cpuMillis().isPresent() ? MODIFIED : ENFORCED);
          }
          case RETAIN -> {
            CapabilitySet asked = set(json);
            capabilities = asked.and(most);
            record(name, value, capabilities.equals(asked) ? ENFORCED : MODIFIED);
          }
          case REMOVE -> {
            capabilities = new CapabilitySet(capabilities.mask() & ~set(json).mask());
            record(name, value, ENFORCED);
          }
          case NO_NEW_PRIVILEGES ->
              record(name, value, json.findBoolean("value").orElse(true) ? ENFORCED : MODIFIED);
          default -> record(name, value, IGNORED);
        }
      } catch (SpecException | StageException e) {
        throw StageException.run(
            "isolator " + name + " of app \"" + app.name() + "\" makes no sense", null, e);
      }
    }

    private static String limit(JsonObject json) throws SpecException {
      return json.object("value").string("limit");
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
      if (app.memoryBytes().isPresent()) {
        memory = app.memoryBytes();
        record(MEMORY, Long.toString(memory.getAsLong()), ENFORCED);
      }
      if (app.cpuMillis().isPresent()) {
        cpu = app.cpuMillis();
        record(CPU, cpu.getAsLong() + "m", ENFORCED);
      }
      if (insecure.contains("capabilities")) {
        capabilities = CapabilitySet.of(Capability.values());
      }
      return new Isolation(
          new CgroupLimits(memory, cpu, OptionalLong.of(PIDS)), capabilities, true, outcomes);
    }

    private void record(String name, String value, String outcome) {
      outcomes.add(new PodRecord.Isolator(name, value, outcome));
    }
  }
}
