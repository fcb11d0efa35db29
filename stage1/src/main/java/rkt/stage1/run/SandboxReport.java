package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import rkt.kernel.Capability;
import rkt.kernel.CapabilitySet;
import rkt.kernel.DeviceRule;
import rkt.kernel.KernelException;
import rkt.kernel.ResourceLimit;
import rkt.kernel.SeccompVerdicts;
import rkt.spec.json.JsonWriter;
import rkt.stage1.StageException;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.launch.Op;
import rkt.stage1.pod.PodRecord;

/**
 * The whole confinement of a pod as a document. Everything about an app is read from the launch
 * plan that it would have been started with, and from what the kernel shows to be mounted: there is
 * no second description that could differ. spec/output.md#sandbox
 */
final class SandboxReport {
  private static final long CLONE_NEWNS = 0x0002_0000;
  private static final long CLONE_NEWCGROUP = 0x0200_0000;
  private static final long PR_SET_NO_NEW_PRIVS = 38;

  private final Rehearsal rehearsal;
  private final PodRecord record;
  private final List<PreparedApp> apps;
  private final PodConfinement confinement;
  private final PodUsers users;
  private final JsonWriter json = JsonWriter.pretty();

  SandboxReport(
      Rehearsal rehearsal,
      PodRecord record,
      List<PreparedApp> apps,
      PodConfinement confinement,
      PodUsers users) {
    this.rehearsal = rehearsal;
    this.record = record;
    this.apps = List.copyOf(apps);
    this.confinement = confinement;
    this.users = users;
  }

  /** The document. */
  byte[] toJson() throws StageException {
    json.object();
    json.put("version", 1);
    json.put("hostname", record.hostname());
    json.put("network", record.network());
    json.put("insecure", record.insecure());
    namespaces();
    json.object("ids");
    json.put("first", users.outside(0));
    json.put("private", users.arePrivate());
    json.end();
    json.put("sysctls", confinement.sysctls());
    isolators(record.isolators());
    if (record.deviceRules().isPresent()) {
      json.object("device_rules");
      record.deviceRules().get().write(json);
      json.end();
    }
    json.array("apps");
    for (int i = 0; i < record.apps().size(); i++) {
      app(record.apps().get(i), apps.get(i).request(), rehearsal.plan().apps().get(i));
    }
    json.end();
    json.end();
    return json.bytes();
  }

  private void namespaces() {
    List<String> own = new ArrayList<>(rehearsal.ownNamespaces());
    own.add("pid");
    if (users.inNamespace()) {
      own.add("user");
    }
    for (Op step : rehearsal.plan().apps().get(0).ops()) {
      if (step instanceof Op.Unshare unshare && (unshare.flags() & CLONE_NEWCGROUP) != 0) {
        own.add("cgroup");
      }
      if (step instanceof Op.Unshare unshare
          && (unshare.flags() & CLONE_NEWNS) != 0
          && !own.contains("mnt")) {
        own.add("mnt");
      }
    }
    json.object("namespaces");
    for (String name : List.of("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")) {
      json.put(name, own.contains(name) ? "new" : "host");
    }
    json.end();
  }

  private void isolators(List<PodRecord.Isolator> isolators) {
    json.array("isolators");
    for (PodRecord.Isolator isolator : isolators) {
      isolator.write(json);
    }
    json.end();
  }

  private void app(PodRecord.App app, AppRequest asked, LaunchPlan.App plan) throws StageException {
    json.object();
    json.put("name", app.name());
    json.put("image", app.image().toString());
    process(plan.ops());
    mounts(app.name(), plan.ops());
    devices(app.name(), asked);
    limits(plan.ops());
    seccomp(plan.ops());
    isolators(app.isolators());
    json.end();
  }

  private void process(List<Op> steps) {
    long uid = 0;
    long bounding = 0;
    long inheritable = 0;
    long ambient = 0;
    long landlock = 0;
    boolean noNewPrivileges = false;
    boolean session = false;
    boolean keyring = false;
    String terminal = "none";
    for (Op step : steps) {
      switch (step) {
        case Op.Setresuid id -> uid = id.effective();
        case Op.Setresgid id -> json.put("gid", id.effective());
        case Op.Setgroups groups -> groups(groups);
        case Op.Umask umask -> json.put("umask", umask.mask());
        case Op.Bounding set -> bounding = set.keep();
        case Op.Capset set -> inheritable = set.inheritable();
        case Op.Ambient set -> ambient = set.mask();
        case Op.Prctl prctl -> noNewPrivileges |= prctl.option() == PR_SET_NO_NEW_PRIVS;
        case Op.Landlock domain -> landlock = domain.accesses();
        case Op.NewKeyring _ -> keyring = true;
        case Op.Setsid _ -> session = true;
        case Op.ControllingTerminal _ -> terminal = "own";
        case Op.Chdir directory -> json.put("cwd", directory.path());
        case Op.WriteProc file ->
            json.put(
                file.path().endsWith("oom_score_adj") ? "oom_score_adj" : "label",
                new String(file.bytes().toArray(), UTF_8));
        case Op.Exec exec -> {
          json.put("candidates", exec.candidates());
          json.put("argv", exec.argv());
          json.put("env", exec.envp());
        }
        default -> {}
      }
    }
    json.put("uid", uid);
    // The exec gives root its bounding set, and any other user what is ambient.
    long held = uid == 0 ? bounding : ambient;
    json.object("capabilities");
    capabilities("bounding", bounding);
    capabilities("effective", held);
    capabilities("permitted", held);
    capabilities("inheritable", inheritable);
    capabilities("ambient", ambient);
    json.end();
    json.put("no_new_privileges", noNewPrivileges);
    json.put("landlock", "0x" + Long.toHexString(landlock));
    json.put("session", session ? "new" : "caller");
    json.put("keyring", keyring ? "new" : "caller");
    json.put("terminal", terminal);
  }

  private void groups(Op.Setgroups groups) {
    ByteBuffer ids = ByteBuffer.wrap(groups.groups().toArray()).order(ByteOrder.LITTLE_ENDIAN);
    json.array("groups");
    while (ids.hasRemaining()) {
      json.add(ids.getInt());
    }
    json.end();
  }

  private void capabilities(String name, long mask) {
    List<String> names = new ArrayList<>();
    for (Capability capability : new CapabilitySet(mask).list()) {
      names.add(capability.toString());
    }
    json.put(name, names);
  }

  private void mounts(String app, List<Op> steps) {
    MountTable table = new MountTable(rehearsal, app);
    for (Op step : rehearsal.plan().ops()) {
      table.applyFirst(step);
    }
    for (Op step : steps) {
      table.apply(step);
    }
    json.array("mounts");
    for (MountTable.Entry mount : table.entries()) {
      json.object();
      json.put("target", mount.target());
      json.put("type", mount.type());
      json.put("flags", mount.flags());
      if (!mount.options().isEmpty()) {
        json.put("options", mount.options());
      }
      json.end();
    }
    json.end();
    json.put("masked", table.hidden());
    json.put("read_only", table.readOnly());
  }

  private void devices(String app, AppRequest asked) throws StageException {
    json.put("devices", rehearsal.devices().getOrDefault(app, Map.of()));
    json.array("allowed_devices");
    for (DeviceRule rule : DeviceAllowance.ofApp(asked).rules()) {
      json.add(rule.toString());
    }
    json.end();
  }

  /** Those that the plan sets, and of the rest those that the caller has, which are inherited. */
  private void limits(List<Op> steps) throws StageException {
    json.object("limits");
    for (ResourceLimit resource : ResourceLimit.values()) {
      ResourceLimit.Value value = inherited(resource);
      for (Op step : steps) {
        if (step instanceof Op.Rlimit limit && limit.resource() == resource.number()) {
          value = new ResourceLimit.Value(limit.soft(), limit.hard());
        }
      }
      json.object(Rlimits.name(resource));
      json.put("soft", Rlimits.text(value.soft()));
      json.put("hard", Rlimits.text(value.hard()));
      json.end();
    }
    json.end();
  }

  private static ResourceLimit.Value inherited(ResourceLimit resource) throws StageException {
    try {
      return resource.get(0);
    } catch (KernelException e) {
      throw StageException.run("cannot read the resource limits of this process", null, e);
    }
  }

  private void seccomp(List<Op> steps) throws StageException {
    byte[] program = new byte[0];
    for (Op step : steps) {
      if (step instanceof Op.Seccomp filter) {
        program = filter.program().toArray();
      }
    }
    json.object("seccomp");
    json.put("mode", program.length == 0 ? "none" : "filter");
    json.array("calls");
    try {
      for (SeccompVerdicts.Verdict verdict : SeccompVerdicts.of(program)) {
        json.object();
        json.put("number", verdict.number());
        if (!verdict.name().isEmpty()) {
          json.put("name", verdict.name());
        }
        json.array("answers");
        for (SeccompVerdicts.Answer answer : verdict.answers()) {
          json.object();
          json.put("action", answer.action());
          if (!answer.conditions().isEmpty()) {
            json.put("if", answer.conditions());
          }
          json.end();
        }
        json.end();
        json.end();
      }
    } catch (KernelException e) {
      throw StageException.run(
          "cannot name system calls", "install libseccomp2 (apt-get install libseccomp2)", e);
    }
    json.end();
    json.end();
  }
}
