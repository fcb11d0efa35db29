package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/**
 * What a pod as a whole may do to the kernel, and see of it: those of its isolators that are
 * neither resources nor an app's. spec/pod.md#isolators
 *
 * @param sysctls parameters of the kernel, by the path below {@code /proc/sys}
 * @param processesOnly whether /proc shows nothing but processes
 */
record PodConfinement(
    Map<String, String> sysctls, boolean processesOnly, List<PodRecord.Isolator> outcomes) {
  private static final String SYSCTL = "os/unix/sysctl";
  private static final String PROCFS = "os/linux/procfs";
  private static final String ENFORCED = "enforced";

  PodConfinement {
    sysctls = Map.copyOf(sysctls);
    outcomes = List.copyOf(outcomes);
  }

  /** Whether it is a matter of this class. */
  static boolean knows(String isolator) {
    return isolator.equals(SYSCTL) || isolator.equals(PROCFS);
  }

  static PodConfinement of(PodRequest pod) throws StageException {
    Map<String, String> sysctls = new LinkedHashMap<>();
    boolean processesOnly = false;
    List<PodRecord.Isolator> outcomes = new ArrayList<>();
    Map<String, Integer> setBy = new HashMap<>();
    for (Isolator isolator : pod.isolators()) {
      if (!knows(isolator.name())) {
        requireKnown(isolator);
        continue;
      }
      try {
        String whole = "{\"value\":" + isolator.json() + "}";
        JsonObject json = JsonObject.parse(whole.getBytes(UTF_8), isolator.name());
        if (isolator.name().equals(SYSCTL)) {
          for (Map.Entry<String, String> entry : json.stringMap("value").entrySet()) {
            String path = Sysctls.path(entry.getKey(), pod.network());
            sysctls.put(path, entry.getValue());
            Integer before = setBy.put(path, outcomes.size());
            if (before != null && before < outcomes.size()) {
              outcomes.set(before, overruled(outcomes.get(before), entry));
            }
          }
        } else {
          processesOnly = isProcessesOnly(json.object("value").string("subset"));
        }
        outcomes.add(new PodRecord.Isolator(isolator.name(), isolator.json(), ENFORCED));
      } catch (SpecException e) {
        throw StageException.run(
            "isolator " + isolator.name() + " makes no sense", "correct its value", e);
      }
    }
    return new PodConfinement(sysctls, processesOnly, outcomes);
  }

  private static PodRecord.Isolator overruled(
      PodRecord.Isolator earlier, Map.Entry<String, String> later) {
    return new PodRecord.Isolator(
        earlier.name(),
        earlier.value(),
        "modified",
        later.getKey() + " was set again, to " + later.getValue());
  }

  private static boolean isProcessesOnly(String subset) throws StageException {
    if (!subset.equals("pid")) {
      throw StageException.run(
          "isolator " + PROCFS + " makes no sense: its subset is \"" + subset + "\"",
          "write {\"subset\":\"pid\"}, or leave it out");
    }
    return true;
  }

  private static void requireKnown(Isolator isolator) throws StageException {
    String name = isolator.name();
    if (!Resources.knows(name) && !Confinement.isOfBoth(name)) {
      throw StageException.run(
          Confinement.knows(name)
              ? "isolator " + name + " is an app's, not a pod's"
              : "there is no isolator " + name + " to enforce",
          Confinement.knows(name) ? "write it down for each app" : "leave it out");
    }
  }

  /** How each app's /proc is mounted, apart from flags. */
  String procOptions(boolean severalUsers) {
    String hidden = severalUsers ? "hidepid=invisible" : "";
    if (!processesOnly) {
      return hidden;
    }
    return hidden.isEmpty() ? "subset=pid" : hidden + ",subset=pid";
  }
}
