package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.kernel.Capability;
import rkt.kernel.CapabilitySet;
import rkt.kernel.Cgroup;
import rkt.kernel.CgroupLimit;
import rkt.kernel.CgroupLimit.BlockIo.Direction;
import rkt.kernel.CgroupLimit.BlockIo.Unit;
import rkt.kernel.CgroupOutcome;
import rkt.kernel.Disk;
import rkt.kernel.HostMemory;
import rkt.kernel.KernelException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/**
 * What an app, or a pod as a whole, may use: those of its isolators that a control group holds it
 * to. They are read before anything is made, and set when its group is there. spec/pod.md#isolators
 */
final class Resources {
  private static final String MEMORY = "resource/memory";
  private static final String CPU = "resource/cpu";
  private static final String CPU_SHARES = "os/linux/cpu-shares";
  private static final String PIDS = "resource/pids";
  private static final String BANDWIDTH = "resource/block-bandwidth";
  private static final String OPERATIONS = "resource/block-iops";
  private static final String NETWORK = "resource/network-bandwidth";

  /** A fork bomb ends here. */
  private static final long USUAL_PIDS = 1024;

  private static final String OVERRULED = "another value wins over it";

  private static final long SHARES_OF_A_PROCESSOR = 1024;
  private static final long MILLIS = 1000;

  private final String owner;
  private final String dataDir;
  private final List<Limit> limits = new ArrayList<>();
  private long memoryOfApps;

  /**
   * One isolator, and what it comes to.
   *
   * @param name of the isolator
   * @param json its value
   * @param explicit whether the user asked for it: then it is enforced, or the pod refused
   * @param parts what is set; of none, {@code reason} says why
   * @param reason why it is not what was asked for, whatever the kernel says; empty if it is
   */
  private record Limit(
      String name, String json, boolean explicit, List<CgroupLimit> parts, String reason) {
    boolean isOverruled() {
      return reason.equals(OVERRULED);
    }
  }

  private Resources(String owner, String dataDir) {
    this.owner = owner;
    this.dataDir = dataDir;
  }

  /** Whether it is a matter of this class. */
  static boolean knows(String isolator) {
    return isolator.startsWith("resource/") || isolator.equals(CPU_SHARES);
  }

  /**
   * Of an app: what is asked for, and no more than 1024 processes.
   *
   * @param dataDir the directory on whose disk traffic is limited
   */
  static Resources ofApp(AppRequest app, String dataDir) throws StageException {
    Resources resources = new Resources("app \"" + app.name() + "\"", dataDir);
    for (Isolator isolator : app.isolators()) {
      if (!knows(isolator.name())) {
        continue;
      }
      if (Isolator.isReplaced(isolator, app.isolators())) {
        resources.put(isolator, List.of(), OVERRULED);
      } else {
        resources.add(isolator, app.isolators());
      }
    }
    if (!has(app.isolators(), PIDS)) {
      resources.addUsual(PIDS, USUAL_PIDS, new CgroupLimit.Pids(USUAL_PIDS));
    }
    return resources;
  }

  /** Of a pod: what is asked for, and no more than three quarters of the host's memory. */
  static Resources ofPod(PodRequest pod, String dataDir) throws StageException {
    Resources resources = new Resources("the pod", dataDir);
    for (Isolator isolator : pod.isolators()) {
      if (knows(isolator.name())) {
        resources.add(isolator, pod.isolators());
      }
    }
    if (!has(pod.isolators(), MEMORY)) {
      long bytes = mostMemory();
      resources.addUsual(MEMORY, bytes, new CgroupLimit.Memory(bytes));
    }
    return resources;
  }

  private static long mostMemory() throws StageException {
    try {
      return HostMemory.bytes() / 4 * 3;
    } catch (KernelException e) {
      throw StageException.run("cannot read how much memory this host has", null, e);
    }
  }

  /**
   * Has the pod's group ask for the memory that its apps ask for, unless the pod asks for some
   * itself: they are protected no further than it is.
   */
  void passOnMemoryOf(List<Resources> apps) {
    if (memoryAskedFor() > 0) {
      return;
    }
    for (Resources app : apps) {
      long sum = memoryOfApps + app.memoryAskedFor();
      memoryOfApps = sum < 0 ? Long.MAX_VALUE : sum;
    }
  }

  private long memoryAskedFor() {
    for (Limit limit : limits) {
      for (CgroupLimit part : limit.parts) {
        if (part instanceof CgroupLimit.MemoryRequest request) {
          return request.bytes();
        }
      }
    }
    return 0;
  }

  /** Adds the controllers that it takes and that are not needed otherwise. */
  void addControllers(List<String> needed) {
    for (Limit limit : limits) {
      for (CgroupLimit part : limit.parts) {
        if (part instanceof CgroupLimit.BlockIo || part instanceof CgroupLimit.Traffic) {
          needed.add(part.controller());
        }
      }
    }
  }

  /** Whether it sets anything of this controller. */
  boolean takes(String controller) {
    for (Limit limit : limits) {
      for (CgroupLimit part : limit.parts) {
        if (part.controller().equals(controller)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * What became of each isolator where processes have this confinement: who can set up the network,
   * or send frames past its protocols, can get round what counts packets.
   */
  static List<PodRecord.Isolator> asHeld(
      List<PodRecord.Isolator> outcomes, Confinement confinement) {
    CapabilitySet capabilities = confinement.capabilities();
    String power = "";
    if (capabilities.contains(Capability.NET_ADMIN)) {
      power = "CAP_NET_ADMIN";
    } else if (capabilities.contains(Capability.NET_RAW) && confinement.seccomp().isEmpty()) {
      power = "CAP_NET_RAW and no filter";
    }
    if (power.isEmpty()) {
      return outcomes;
    }
    List<PodRecord.Isolator> held = new ArrayList<>();
    for (PodRecord.Isolator outcome : outcomes) {
      boolean isOpen =
          outcome.name().equals(NETWORK)
              && outcome.outcome().equals(word(CgroupOutcome.Kind.ENFORCED));
      held.add(
          isOpen
              ? new PodRecord.Isolator(
                  NETWORK,
                  outcome.value(),
                  word(CgroupOutcome.Kind.MODIFIED),
                  "an app with " + power + " can send and receive past it")
              : outcome);
    }
    return held;
  }

  /**
   * Sets all of it.
   *
   * @return what became of each isolator
   * @throws StageException if one that the user asked for cannot be enforced
   */
  List<PodRecord.Isolator> set(Cgroup group) throws StageException, KernelException {
    List<PodRecord.Isolator> outcomes = new ArrayList<>();
    for (Limit limit : limits) {
      outcomes.add(limit.isOverruled() ? overruled(limit) : set(group, limit));
    }
    if (memoryOfApps > 0) {
      group.set(new CgroupLimit.MemoryRequestOfChildren(memoryOfApps));
    }
    return outcomes;
  }

  private static PodRecord.Isolator overruled(Limit limit) {
    return new PodRecord.Isolator(
        limit.name, limit.json, word(CgroupOutcome.Kind.MODIFIED), OVERRULED);
  }

  private PodRecord.Isolator set(Cgroup group, Limit limit) throws StageException, KernelException {
    String reason = limit.reason;
    int held = 0;
    for (CgroupLimit part : limit.parts) {
      CgroupOutcome outcome = group.set(part);
      reason = outcome.reason().isEmpty() ? reason : outcome.reason();
      held += outcome.kind() == CgroupOutcome.Kind.IGNORED ? 0 : 1;
    }
    if (held == 0 && limit.explicit) {
      throw StageException.run(
          "cannot limit the " + subject(limit.name) + " of " + owner + ": " + reason,
          "leave out "
              + flag(limit.name)
              + (limit.name.equals(NETWORK)
                  ? ", or start the pod as root, on a host with control groups of version 2"
                  : ", mount the control groups of this host, or set Delegate=yes in the unit"));
    }
    CgroupOutcome.Kind kind = CgroupOutcome.Kind.MODIFIED;
    if (held == 0) {
      kind = CgroupOutcome.Kind.IGNORED;
    } else if (reason.isEmpty()) {
      kind = CgroupOutcome.Kind.ENFORCED;
    }
    return new PodRecord.Isolator(limit.name, limit.json, word(kind), reason);
  }

  private static String word(CgroupOutcome.Kind kind) {
    return switch (kind) {
      case ENFORCED -> "enforced";
      case MODIFIED -> "modified";
      case IGNORED -> "ignored";
    };
  }

  private static String subject(String isolator) {
    return isolator.substring(isolator.lastIndexOf('/') + 1).replace('-', ' ');
  }

  private static String flag(String isolator) {
    return switch (isolator) {
      case MEMORY -> "--memory";
      case CPU -> "--cpu";
      case CPU_SHARES -> "--cpu-shares";
      case PIDS -> "--pids";
      case BANDWIDTH, OPERATIONS -> "--io";
      case NETWORK -> "--network-bandwidth";
      default -> "the isolator " + isolator;
    };
  }

  private static boolean has(List<Isolator> isolators, String name) {
    for (Isolator isolator : isolators) {
      if (isolator.name().equals(name)) {
        return true;
      }
    }
    return false;
  }

  private void addUsual(String name, long most, CgroupLimit limit) {
    limits.add(new Limit(name, "{\"limit\":\"" + most + "\"}", false, List.of(limit), ""));
  }

  private void add(Isolator isolator, List<Isolator> all) throws StageException {
    String name = isolator.name();
    overrule(name);
    try {
      JsonObject json =
          JsonObject.parse(("{\"value\":" + isolator.json() + "}").getBytes(UTF_8), name);
      switch (name) {
        case MEMORY -> put(isolator, memory(json.object("value")), "");
        case CPU -> put(isolator, cpu(json.object("value"), has(all, CPU_SHARES)), "");
        case CPU_SHARES ->
            put(isolator, List.of(new CgroupLimit.CpuShares(json.integer("value"))), "");
        case PIDS -> addPids(isolator, Quantity.units(quantity(json.object("value"), "limit")));
        case BANDWIDTH -> addIo(isolator, json.object("value"), Unit.BYTES);
        case OPERATIONS -> addIo(isolator, json.object("value"), Unit.OPERATIONS);
        case NETWORK -> put(isolator, List.of(traffic(json.object("value"))), "");
        default -> put(isolator, List.of(), "there is no such isolator");
      }
    } catch (SpecException | StageException | IllegalArgumentException e) {
      throw StageException.run(
          "isolator " + name + " of " + owner + " makes no sense",
          isolator.origin().isExplicit()
              ? "correct its value"
              : "use another image, or override it",
          e);
    }
  }

  /** An earlier isolator of this name does not hold any more: another value does. */
  private void overrule(String name) {
    for (int i = 0; i < limits.size(); i++) {
      Limit earlier = limits.get(i);
      if (earlier.name.equals(name)) {
        limits.set(i, new Limit(name, earlier.json, earlier.explicit, List.of(), OVERRULED));
      }
    }
  }

  private void put(Isolator isolator, List<CgroupLimit> parts, String reason) {
    limits.add(
        new Limit(isolator.name(), isolator.json(), isolator.origin().isExplicit(), parts, reason));
  }

  private static List<CgroupLimit> memory(JsonObject value) throws SpecException, StageException {
    Optional<String> limit = findQuantity(value, "limit");
    Optional<String> request = findQuantity(value, "request");
    List<CgroupLimit> parts = new ArrayList<>();
    if (limit.isPresent()) {
      parts.add(new CgroupLimit.Memory(Quantity.units(limit.get())));
    }
    if (request.isPresent() && !request.equals(limit)) {
      parts.add(new CgroupLimit.MemoryRequest(Quantity.units(request.get())));
    }
    return needed(parts, value);
  }

  private static List<CgroupLimit> cpu(JsonObject value, boolean hasShares)
      throws SpecException, StageException {
    Optional<String> limit = findQuantity(value, "limit");
    Optional<String> request = findQuantity(value, "request");
    List<CgroupLimit> parts = new ArrayList<>();
    if (limit.isPresent()) {
      parts.add(new CgroupLimit.CpuQuota(Quantity.thousandths(limit.get())));
    }
    if (request.isPresent() && !hasShares) {
      long most = CgroupLimit.CpuShares.MOST / SHARES_OF_A_PROCESSOR * MILLIS;
      long millis = Math.min(Quantity.thousandths(request.get()), most);
      long shares = millis * SHARES_OF_A_PROCESSOR / MILLIS;
      parts.add(new CgroupLimit.CpuShares(Math.max(CgroupLimit.CpuShares.LEAST, shares)));
    }
    return needed(parts, value);
  }

  private void addPids(Isolator isolator, long asked) {
    boolean tooMany = asked > USUAL_PIDS && !isolator.origin().isExplicit();
    long most = tooMany ? USUAL_PIDS : asked;
    put(
        isolator,
        List.of(new CgroupLimit.Pids(most)),
        tooMany ? "an image is given no more than " + USUAL_PIDS + " processes" : "");
  }

  /**
   * The form of the appc spec, {@code {"default":true,"limit":"2M"}}, or ours with {@code read},
   * {@code write} and {@code device}.
   */
  private void addIo(Isolator isolator, JsonObject value, Unit unit)
      throws SpecException, StageException {
    Optional<String> both = findQuantity(value, "limit");
    Optional<String> device = value.findString("device");
    Optional<Disk> disk = disk(device.orElse(dataDir), isolator.origin().isExplicit());
    List<CgroupLimit> parts = new ArrayList<>();
    boolean isAny = false;
    for (Direction direction : Direction.values()) {
      String member = direction == Direction.READ ? "read" : "write";
      Optional<String> most = findQuantity(value, member);
      most = most.isPresent() ? most : both;
      if (most.isPresent()) {
        isAny = true;
        long perSecond = Quantity.units(most.get());
        if (disk.isPresent()) {
          parts.add(new CgroupLimit.BlockIo(disk.get(), direction, unit, perSecond));
        }
      }
    }
    if (!isAny) {
      throw SpecException.integrity(value.where() + " has no limit");
    }
    String reason = "";
    if (disk.isEmpty()) {
      reason = device.orElse(dataDir) + " is on no disk whose traffic the kernel counts";
    } else if (device.isEmpty() && both.isPresent()) {
      reason = "it holds for the disk of the data directory, " + disk.get() + ", alone";
    }
    put(isolator, parts, reason);
  }

  private static Optional<Disk> disk(String path, boolean explicit) throws StageException {
    try {
      return Disk.of(path);
    } catch (KernelException e) {
      if (explicit) {
        throw StageException.usage(
            "there is no disk at " + path + ": " + e.errno(), "name a device or a directory");
      }
      return Optional.empty();
    }
  }

  private static CgroupLimit traffic(JsonObject value) throws SpecException, StageException {
    if (!value.findBoolean("default").orElse(true)) {
      throw SpecException.integrity(value.where() + " is for some interfaces, not for all");
    }
    return new CgroupLimit.Traffic(Quantity.units(quantity(value, "limit")));
  }

  private static List<CgroupLimit> needed(List<CgroupLimit> parts, JsonObject value)
      throws SpecException {
    if (parts.isEmpty()) {
      throw SpecException.integrity(value.where() + " has neither limit nor request");
    }
    return parts;
  }

  private static String quantity(JsonObject value, String member) throws SpecException {
    Optional<String> found = findQuantity(value, member);
    if (found.isEmpty()) {
      throw SpecException.integrity(value.where() + " has no " + member);
    }
    return found.get();
  }

  /** A quantity, which is a string, or a number as it stands. */
  private static Optional<String> findQuantity(JsonObject value, String member)
      throws SpecException {
    if (!value.has(member)) {
      return Optional.empty();
    }
    String json = value.json(member);
    return Optional.of(json.startsWith("\"") ? value.string(member) : json);
  }
}
