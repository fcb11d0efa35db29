package rkt.kernel;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One group of processes, in every hierarchy of a {@link CgroupLayout} at the same relative path,
 * such as {@code rkt/UUID/APP}. Needs write access there. In a layout of kind NONE it is in no
 * hierarchy: it can be created, joined and removed to no effect, and enforces nothing.
 */
public final class Cgroup {
  private static final int REMOVE_TRIES = 500;
  private static final long PAUSE_MILLIS = 2;
  private static final int KILL_TRIES = 1000;

  private final List<CgroupDirectory> directories;
  private final String denial;

  private Cgroup(List<CgroupDirectory> directories) {
    this(directories, "");
  }

  /**
   * @param denial why it is not in every hierarchy of its layout; empty if it is
   */
  Cgroup(List<CgroupDirectory> directories, String denial) {
    this.directories = directories;
    this.denial = denial;
  }

  /**
   * The group at {@code path}, whether or not it exists.
   *
   * @param path relative, of plain names: {@code rkt/UUID/APP}
   */
  public static Cgroup at(CgroupLayout layout, String path) {
    if (path.startsWith("/") || path.endsWith("/") || ("/" + path + "/").contains("/../")) {
      throw new IllegalArgumentException("not a relative path of plain names: " + path);
    }
    List<CgroupDirectory> directories = new ArrayList<>();
    for (CgroupLayout.Hierarchy hierarchy : layout.hierarchies()) {
      directories.add(new CgroupDirectory(hierarchy, "", path));
    }
    return new Cgroup(directories);
  }

  /**
   * The group at these paths, whether or not it exists.
   *
   * @param paths absolute, as {@link CgroupParent#paths} gave them; those below no hierarchy that
   *     is mounted are left out
   */
  public static Cgroup at(CgroupLayout layout, List<String> paths) {
    List<CgroupDirectory> directories = new ArrayList<>();
    for (String path : paths) {
      for (CgroupLayout.Hierarchy hierarchy : layout.hierarchies()) {
        String prefix = hierarchy.mountPoint() + "/";
        if (path.startsWith(prefix) && !(path + "/").contains("/../")) {
          directories.add(new CgroupDirectory(hierarchy, "", path.substring(prefix.length())));
        }
      }
    }
    return new Cgroup(directories);
  }

  /**
   * Creates the group and its parents, with the controllers of version 2 enabled on the way down
   * where the kernel lets us. Safe to repeat. Undo: {@link #remove}; nothing is left if it throws
   * in the first hierarchy, else remove.
   */
  public static Cgroup create(CgroupLayout layout, String path) throws KernelException {
    Cgroup group = at(layout, path);
    for (CgroupDirectory directory : group.directories) {
      directory.create();
    }
    return group;
  }

  /** Creates the group {@code name} in this one. Undo: {@link #remove} of either. */
  public Cgroup createChild(String name) throws KernelException {
    List<CgroupDirectory> children = new ArrayList<>();
    for (CgroupDirectory directory : directories) {
      children.add(directory.createChild(name));
    }
    return new Cgroup(children, denial);
  }

  /**
   * This group in those hierarchies alone that have one of {@code controllers}, and in that of
   * version 2, where only groups without groups below them hold processes.
   *
   * @param controllers named as in version 1
   */
  public Cgroup in(List<String> controllers) throws KernelException {
    return part(controllers, true);
  }

  /** This group in the hierarchies that {@link #in} leaves out. */
  public Cgroup besides(List<String> controllers) throws KernelException {
    return part(controllers, false);
  }

  private Cgroup part(List<String> controllers, boolean included) throws KernelException {
    List<CgroupDirectory> part = new ArrayList<>();
    for (CgroupDirectory directory : directories) {
      boolean isIn = directory.isUnified();
      for (String controller : controllers) {
        isIn |= directory.controls(controller);
      }
      if (isIn == included) {
        part.add(directory);
      }
    }
    return new Cgroup(part, denial);
  }

  /** Whether it is in any hierarchy. */
  public boolean isAnywhere() {
    return !directories.isEmpty();
  }

  /** Where it is: one absolute path for each hierarchy. */
  public List<String> paths() {
    List<String> paths = new ArrayList<>();
    for (CgroupDirectory directory : directories) {
      paths.add(directory.path());
    }
    return paths;
  }

  /**
   * Sets a limit.
   *
   * @return whether it holds; if it does not, whether that matters is the caller's to say
   * @throws KernelException if the kernel refuses the value
   */
  public CgroupOutcome set(CgroupLimit limit) throws KernelException {
    CgroupDirectory directory = with(limit.controller());
    if (directory != null) {
      return limit.apply(directory);
    }
    if (!denial.isEmpty()) {
      return CgroupOutcome.ignored(denial);
    }
    if (directories.isEmpty()) {
      return CgroupOutcome.ignored("no cgroup hierarchy is mounted for writing");
    }
    return CgroupOutcome.ignored(
        limit instanceof CgroupLimit.Traffic
            ? "no cgroup hierarchy of version 2 is mounted for writing"
            : "the " + limit.controller() + " controller is not available to " + this);
  }

  /**
   * Lets the processes of this group, and of those that are made below it from now on, use these
   * devices and no other: by the controller of version 1 where there is one, else by a program of
   * version 2. A device that the groups above do not allow stays out of reach. Undo: {@link
   * #remove}.
   *
   * @return what holds them to it; if that is nothing, whether it matters is the caller's to say
   */
  public DeviceEnforcement allowOnly(DeviceList devices) throws KernelException {
    CgroupDirectory controller = with("devices");
    if (controller != null) {
      CgroupOutcome outcome = controller.set("devices.deny", "a");
      if (outcome.kind() == CgroupOutcome.Kind.IGNORED) {
        return DeviceEnforcement.nothing(outcome.reason());
      }
      for (DeviceRule rule : devices.rules()) {
        controller.set("devices.allow", rule.toString());
      }
      return DeviceEnforcement.BY_CONTROLLER;
    }
    CgroupDirectory unified = unified();
    if (unified != null) {
      return unified.askProgram(devices);
    }
    return DeviceEnforcement.nothing(
        denial.isEmpty()
            ? "there is neither a devices controller of version 1 nor a group of version 2"
            : denial);
  }

  /**
   * In a group below one that {@link #allowOnly} has bound, takes back what it allows more than
   * this one may have.
   *
   * @param above what the group above allows
   * @param devices what this group may use, all of it in {@code above}
   * @throws KernelException if it cannot be taken back
   */
  public void narrow(DeviceList above, DeviceList devices) throws KernelException {
    CgroupDirectory controller = with("devices");
    if (controller != null) {
      for (DeviceRule rule : above.minus(devices)) {
        controller.write("devices.deny", rule.toString());
      }
      return;
    }
    CgroupDirectory unified = unified();
    DeviceEnforcement enforcement =
        unified == null ? DeviceEnforcement.nothing(denial) : unified.askProgram(devices);
    if (enforcement.by() == DeviceEnforcement.By.NOTHING) {
      throw new KernelException("bpf", "devices of " + this, Errno.EPERM, enforcement.reason());
    }
  }

  /**
   * Opens a file of every hierarchy for writing: a process of one thread that writes {@code 0}
   * there has joined. Close them all.
   */
  public List<Fd> openForJoining() throws KernelException {
    List<Fd> open = new ArrayList<>();
    try {
      for (CgroupDirectory directory : directories) {
        open.add(Descriptors.open(directory.file(directory.joinFile()), OpenFlag.WRITE));
      }
      return List.copyOf(open);
    } catch (KernelException e) {
      for (Fd fd : open) {
        fd.close();
      }
      throw e;
    }
  }

  /** Moves a process, all its threads, into the group. Undo: move it back. */
  public void add(int pid) throws KernelException {
    for (CgroupDirectory directory : directories) {
      directory.write("cgroup.procs", Integer.toString(pid));
    }
  }

  /** Bytes of memory in use by the group; -1 if nobody counts them. */
  public long memoryUsage() throws KernelException {
    CgroupDirectory memory = with("memory");
    if (memory == null) {
      return -1;
    }
    String file = memory.isUnified() ? "memory.current" : "memory.usage_in_bytes";
    return Long.parseLong(TextFiles.read(memory.file(file)).strip());
  }

  /** How many processes of the group were killed for want of memory; -1 if nobody counts them. */
  public long oomKills() throws KernelException {
    Optional<String> file = oomKillsFile();
    if (file.isEmpty()) {
      return -1;
    }
    String text = "\n" + TextFiles.read(file.get());
    int at = text.indexOf("\noom_kill ");
    return at < 0 ? -1 : Long.parseLong(text.substring(at + 10).split("\n", 2)[0].strip());
  }

  /**
   * The file in which the kernel counts, in a line {@code oom_kill N}, the processes of the group
   * that it killed for want of memory; empty if nobody counts them.
   */
  public Optional<String> oomKillsFile() throws KernelException {
    CgroupDirectory memory = with("memory");
    return memory == null
        ? Optional.empty()
        : Optional.of(memory.file(memory.isUnified() ? "memory.events" : "memory.oom_control"));
  }

  /** The processes in the group and in the groups below it. */
  public List<Integer> pids() throws KernelException {
    for (CgroupDirectory directory : directories) {
      if (TextFiles.exists(directory.path())) {
        List<Integer> pids = new ArrayList<>();
        directory.collectPids(pids);
        pids.removeIf(Cgroup::isForeign);
        return List.copyOf(pids);
      }
    }
    return List.of();
  }

  /** Kills every process in the group and below. They are gone or dying when this returns. */
  public void killAll() throws KernelException {
    CgroupDirectory freezer = with("freezer");
    for (CgroupDirectory directory : directories) {
      if (directory.isUnified() && TextFiles.exists(directory.path())) {
        directory.writeIfThere("cgroup.kill", "1");
      }
    }
    // Version 1 has no such file: freeze, so that none can fork away, kill, thaw to let them die.
    for (int tries = 0; tries < KILL_TRIES; tries++) {
      List<Integer> pids = pids();
      if (pids.isEmpty()) {
        return;
      }
      freeze(freezer, "FROZEN");
      for (int pid : pids) {
        LibC.syscall(SystemCall.KILL, pid, Signals.KILL); // ESRCH: it died by itself
      }
      freeze(freezer, "THAWED");
      pause();
    }
    throw new KernelException("kill", "cgroup " + this, Errno.EBUSY);
  }

  /**
   * Removes the group and those below it in every hierarchy. Processes that are dying are waited
   * for, up to a second.
   *
   * @throws KernelException with EBUSY if processes live there
   */
  public void remove() throws KernelException {
    for (CgroupDirectory directory : directories) {
      for (int tries = 0; ; tries++) {
        try {
          directory.removeTree();
          break;
        } catch (KernelException e) {
          if (!e.is(Errno.EBUSY) || tries == REMOVE_TRIES) {
            throw e;
          }
          pause();
        }
      }
    }
  }

  /** Where it is: the directory in the first hierarchy. */
  @Override
  public String toString() {
    return directories.isEmpty() ? "nowhere" : directories.get(0).path();
  }

  /** Of another PID namespace: not ours to name. */
  private static boolean isForeign(int pid) {
    return pid == 0;
  }

  private static void freeze(@Nullable CgroupDirectory freezer, String state)
      throws KernelException {
    if (freezer != null && new File(freezer.path()).exists()) {
      freezer.writeIfThere("freezer.state", state);
    }
  }

  private @Nullable CgroupDirectory with(String controller) throws KernelException {
    for (CgroupDirectory directory : directories) {
      if (directory.controls(controller)) {
        return directory;
      }
    }
    return null;
  }

  private @Nullable CgroupDirectory unified() {
    for (CgroupDirectory directory : directories) {
      if (directory.isUnified()) {
        return directory;
      }
    }
    return null;
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
