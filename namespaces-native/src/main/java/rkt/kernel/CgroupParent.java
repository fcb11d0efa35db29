package rkt.kernel;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Below which group the groups of pods are made. In a unit of systemd that is the unit's own, so
 * that the unit's limits hold for the pod, and the unit shows and ends its processes; elsewhere it
 * is {@code rkt} at the root. spec/pod.md#control-groups
 */
public final class CgroupParent {
  private static final String AT_ROOT = "rkt";

  /** Where the processes of a unit of version 2 go, as a group hands its controllers to groups. */
  private static final String SUPERVISOR = "supervisor";

  private static final String[] DELEGATION = {"user.delegate", "trusted.delegate"};
  private static final int MOVES = 10;

  /** What we may do with the group that this process was found in. */
  private enum Claim {
    /** It is somebody else's. */
    NONE,
    /** This process is the only one in it. */
    ALONE,
    /** systemd has left it, and all below, to whom it started in it. */
    DELEGATED
  }

  private final CgroupLayout layout;
  private final Claim claim;
  private final String unit;

  private CgroupParent(CgroupLayout layout, Claim claim, String unit) {
    this.layout = layout;
    this.claim = claim;
    this.unit = unit;
  }

  /** The parent for the pods of this process. */
  public static CgroupParent of(CgroupLayout layout) throws KernelException {
    return of(layout, Processes.pid());
  }

  static CgroupParent of(CgroupLayout layout, int self) throws KernelException {
    CgroupLayout.Hierarchy tracking = layout.tracking();
    if (tracking == null || tracking.own().isEmpty()) {
      return new CgroupParent(layout, Claim.NONE, "");
    }
    String own = tracking.mountPoint() + "/" + tracking.own();
    String unit = unitOf(tracking.own());
    if (!unit.isEmpty() && isDelegated(tracking.mountPoint() + "/" + unit)) {
      return new CgroupParent(layout, Claim.DELEGATED, unit);
    }
    // Who may not write to the root has no choice; who may does not put up with a group whose
    // other processes keep it from handing out its controllers.
    boolean isAlone = isAlone(own, self);
    if (new File(own).canWrite()
        && ((isAlone && !unit.isEmpty()) || !new File(tracking.mountPoint()).canWrite())) {
      return new CgroupParent(layout, Claim.ALONE, tracking.own());
    }
    return new CgroupParent(layout, Claim.NONE, "");
  }

  /** Whether pods are below a unit's own group. */
  public boolean isUnit() {
    return claim != Claim.NONE;
  }

  /**
   * In a unit of version 2, moves this process to a group {@code supervisor} of the unit, which
   * stays as long as that. To be called before it has children, which would stay behind.
   */
  public void enter() throws KernelException {
    for (CgroupLayout.Hierarchy hierarchy : layout.hierarchies()) {
      if (hierarchy.unified()) {
        try {
          makeRoom(hierarchy);
        } catch (KernelException e) {
          requireDenial(e); // then there are controllers that no group gets, which it will say
        }
      }
    }
  }

  /** Makes the group of a pod, in every hierarchy that lets this user. */
  public Cgroup create(String pod) throws KernelException {
    List<CgroupDirectory> directories = directories(pod);
    List<CgroupDirectory> made = new ArrayList<>();
    String denial = "";
    for (int i = 0; i < directories.size(); i++) {
      try {
        directories.get(i).create();
        made.add(directories.get(i));
      } catch (KernelException e) {
        requireDenial(e);
        denial = "this user may not make control groups here (" + e.getMessage() + ")";
      }
    }
    return new Cgroup(made, denial);
  }

  private static void requireDenial(KernelException e) throws KernelException {
    if (!e.is(Errno.EACCES) && !e.is(Errno.EPERM) && !e.is(Errno.EROFS)) {
      throw e;
    }
  }

  /** Where {@link #create} makes it: one absolute path for each hierarchy. */
  public List<String> paths(String pod) {
    List<String> paths = new ArrayList<>();
    for (CgroupDirectory directory : directories(pod)) {
      paths.add(directory.path());
    }
    return paths;
  }

  private List<CgroupDirectory> directories(String pod) {
    List<CgroupDirectory> directories = new ArrayList<>();
    for (CgroupLayout.Hierarchy hierarchy : layout.hierarchies()) {
      String parent = parent(hierarchy);
      directories.add(
          parent.isEmpty()
              ? new CgroupDirectory(hierarchy, "", AT_ROOT + "/" + pod)
              : new CgroupDirectory(hierarchy, parent, parent + "/" + pod));
    }
    return directories;
  }

  /**
   * In version 2 the unit's own group, even if it started us in one below; in version 1, where
   * systemd does not make it in every hierarchy, whatever group we are in.
   */
  private String parent(CgroupLayout.Hierarchy hierarchy) {
    if (claim == Claim.NONE) {
      return "";
    }
    String parent = hierarchy.unified() ? unit : hierarchy.own();
    return TextFiles.exists(hierarchy.mountPoint() + "/" + parent) ? parent : "";
  }

  /** A group of version 2 hands its controllers to groups only while no process is in it itself. */
  private void makeRoom(CgroupLayout.Hierarchy hierarchy) throws KernelException {
    String parent = parent(hierarchy);
    if (!hierarchy.own().equals(parent)) {
      return;
    }
    String directory = hierarchy.mountPoint() + (parent.isEmpty() ? "" : "/" + parent);
    if (!TextFiles.exists(directory + "/cgroup.type")) {
      return; // the root of the host, for which the rule does not hold
    }
    List<Integer> pids = new ArrayList<>();
    CgroupDirectory.addPids(directory, pids);
    boolean isOurs = claim == Claim.DELEGATED || (pids.size() == 1 && pids.get(0) != 0);
    if (!isOurs) {
      return;
    }
    String supervisor = directory + "/" + SUPERVISOR;
    TextFiles.makeDirectory(supervisor);
    for (int i = 0; i < MOVES && !pids.isEmpty(); i++) { // again for what was forked meanwhile
      move(pids, supervisor);
      pids.clear();
      CgroupDirectory.addPids(directory, pids);
    }
  }

  private static void move(List<Integer> pids, String to) throws KernelException {
    for (int pid : pids) {
      if (pid != 0) { // of another PID namespace: not ours to name
        try {
          TextFiles.write(to + "/cgroup.procs", Integer.toString(pid));
        } catch (KernelException e) {
          if (!e.is(Errno.ESRCH)) { // it has ended by itself
            throw e;
          }
        }
      }
    }
  }

  /** The group of the innermost unit in {@code path}; empty if there is none. */
  static String unitOf(String path) {
    int end = path.length();
    while (end > 0) {
      int slash = path.lastIndexOf('/', end - 1);
      String name = path.substring(slash + 1, end);
      if (name.endsWith(".service") || name.endsWith(".scope")) {
        return path.substring(0, end);
      }
      end = slash;
    }
    return "";
  }

  private static boolean isDelegated(String directory) {
    byte[] path = Names.of(directory);
    for (String name : DELEGATION) {
      try {
        byte[] value = Xattrs.lget(path, Names.of(name), path);
        if (value != null && new String(value, StandardCharsets.US_ASCII).equals("1")) {
          return true;
        }
      } catch (KernelException e) {
        // No such attributes here, or not for us to read: then nobody tells us that it is ours.
      }
    }
    return false;
  }

  private static boolean isAlone(String directory, int self) throws KernelException {
    List<Integer> pids = new ArrayList<>();
    CgroupDirectory.addPids(directory, pids);
    return pids.size() == 1 && pids.get(0) == self;
  }
}
