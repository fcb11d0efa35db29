package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
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
            sysctls.put(Sysctls.path(entry.getKey(), pod.network()), entry.getValue());
          }
        } else {
          processesOnly = json.object("value").string("subset").equals("pid");
        }
        outcomes.add(new PodRecord.Isolator(isolator.name(), isolator.json(), ENFORCED));
      } catch (SpecException e) {
        throw StageException.run("isolator " + isolator.name() + " makes no sense", null, e);
      }
    }
    return new PodConfinement(sysctls, processesOnly, outcomes);
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
