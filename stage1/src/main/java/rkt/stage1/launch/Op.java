package rkt.stage1.launch;

import java.util.List;

/**
 * One step that pod-init carries out. spec/launch-plan.md#ops
 *
 * <p>Numbers, flags and masks are those of the kernel; descriptors are those that pod-init
 * inherits.
 */
public sealed interface Op {
  int INIT = 1;
  int APP = 2;
  int SUPERVISE = 3;
  int ENTER = 4;
  int CLEANUP = 5;
  int HOST = 6;
  int ATTACH = 7;
  int PRE_START = 8;
  int POST_STOP = 9;
  int HEALTH = 10;
  int HOLD = 11;

  /** Records below this number are sections. */
  int FIRST = 16;

  /** From here up descriptors belong to pod-init. */
  int OWN_FDS = 64;

  /** Flag of close_range(2): mark instead of close. */
  int CLOSE_RANGE_CLOEXEC = 4;

  Label label();

  void write(PlanWriter out);

  private static void requireAbsolute(String path) {
    if (path.isEmpty() || path.charAt(0) != '/') {
      throw new IllegalArgumentException("not an absolute path: \"" + path + "\"");
    }
  }

  private static void requireBelowOwn(long descriptor) {
    if (descriptor < 0 || descriptor >= OWN_FDS) {
      throw new IllegalArgumentException("open onto a reserved descriptor: " + descriptor);
    }
  }

  /** The step that must come right before EXEC, or before the SECCOMP that precedes it. */
  static Op closeAllButStdio() {
    return new CloseRange(
        Label.of("close inherited descriptors"), 3, 0xffff_ffffL, CLOSE_RANGE_CLOEXEC);
  }

  /** mount(2); an empty source, type or data is NULL. */
  record Mount(Label label, long flags, String source, String target, String type, String data)
      implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(16, label, flags);
      out.string(source);
      out.string(target);
      out.string(type);
      out.string(data);
      out.end();
    }
  }

  /** umount2(2). */
  record Umount(Label label, long flags, String path) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(17, label, flags);
      out.string(path);
      out.end();
    }
  }

  /** mkdir(2). */
  record Mkdir(Label label, long mode, String path) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(18, label, mode);
      out.string(path);
      out.end();
    }
  }

  /** rmdir(2), tried again for half a second while EBUSY; an absent directory is fine. */
  record Rmdir(Label label, String path) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(19, label);
      out.string(path);
      out.end();
    }
  }

  /** unlink(2); an absent file is fine. */
  record Unlink(Label label, String path) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(20, label);
      out.string(path);
      out.end();
    }
  }

  /** chdir, pivot_root(".", "."), detach the old root, chdir to the new one. */
  record Pivot(Label label, String path) implements Op {
    public Pivot {
      requireAbsolute(path);
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(21, label);
      out.string(path);
      out.end();
    }
  }

  /** chroot(2), then chdir to it. */
  record Chroot(Label label, String path) implements Op {
    public Chroot {
      requireAbsolute(path);
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(22, label);
      out.string(path);
      out.end();
    }
  }

  /** chdir(2); the result must lie inside the root. */
  record Chdir(Label label, String path) implements Op {
    public Chdir {
      requireAbsolute(path);
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(23, label);
      out.string(path);
      out.end();
    }
  }

  /** fchdir(2). */
  record Fchdir(Label label, long fd) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(24, label, fd);
    }
  }

  /** unshare(2). */
  record Unshare(Label label, long flags) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(25, label, flags);
    }
  }

  /** setns(2). */
  record Setns(Label label, long fd, long type) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(26, label, fd, type);
    }
  }

  /** One write(2) to an inherited descriptor, as cgroup.procs wants it. */
  record WriteFd(Label label, long fd, Bytes bytes) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(27, label, fd, bytes.size());
      bytes.writeTo(out);
      out.end();
    }
  }

  /** One write(2) to an existing file; its last component is no symlink. */
  record WriteFile(Label label, String path, Bytes bytes) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(28, label, bytes.size());
      out.string(path);
      bytes.writeTo(out);
      out.end();
    }
  }

  /** setsid(2). */
  record Setsid(Label label) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(29, label);
    }
  }

  /** TIOCSCTTY. */
  record ControllingTerminal(Label label, long fd) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(30, label, fd);
    }
  }

  /** dup3(2) without CLOEXEC; onto itself it only clears CLOEXEC. The target is below 64. */
  record Dup(Label label, long from, long to) implements Op {
    public Dup {
      if (to < 0 || to >= OWN_FDS) {
        throw new IllegalArgumentException("dup onto a reserved descriptor: " + to);
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.op(31, label, from, to);
    }
  }

  /** close_range(2). */
  record CloseRange(Label label, long first, long last, long flags) implements Op {
    public CloseRange {
      if (flags != CLOSE_RANGE_CLOEXEC && (flags != 0 || last < 0 || last >= OWN_FDS)) {
        throw new IllegalArgumentException("close of reserved descriptors up to " + last);
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.op(32, label, first, last, flags);
    }
  }

  /** umask(2). */
  record Umask(Label label, long mask) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(33, label, mask);
    }
  }

  /** setrlimit(2); -1 is unlimited. */
  record Rlimit(Label label, long resource, long soft, long hard) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(34, label, resource, soft, hard);
    }
  }

  /** setgroups(2), from {@link Bytes#ofGroups}. */
  record Setgroups(Label label, Bytes groups) implements Op {
    public Setgroups {
      if (groups.size() % 4 != 0) {
        throw new IllegalArgumentException("cut list of groups");
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(35, label, groups.size());
      groups.writeTo(out);
      out.end();
    }
  }

  /** setresgid(2), checked. */
  record Setresgid(Label label, long real, long effective, long saved) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(36, label, real, effective, saved);
    }
  }

  /** setresuid(2), checked. */
  record Setresuid(Label label, long real, long effective, long saved) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(37, label, real, effective, saved);
    }
  }

  /** Drops every capability outside the mask from the bounding set, checked. */
  record Bounding(Label label, long keep) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(38, label, keep);
    }
  }

  /** capset(2) with one bit per capability, checked. */
  record Capset(Label label, long effective, long permitted, long inheritable) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(39, label, effective, permitted, inheritable);
    }
  }

  /** Makes the ambient set exactly this mask. */
  record Ambient(Label label, long mask) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(40, label, mask);
    }
  }

  /** prctl(2); no_new_privs is checked. */
  record Prctl(Label label, long option, long arg2, long arg3, long arg4, long arg5) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(41, label, option, arg2, arg3, arg4, arg5);
    }
  }

  /** A fresh anonymous session keyring. */
  record NewKeyring(Label label) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(42, label);
    }
  }

  /** seccomp(2) with an array of struct sock_filter. */
  record Seccomp(Label label, long flags, Bytes program) implements Op {
    public Seccomp {
      if (program.size() == 0 || program.size() % 8 != 0 || program.size() / 8 > 0xffff) {
        throw new IllegalArgumentException("unusable filter of " + program.size() + " bytes");
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(43, label, flags, program.size());
      program.writeTo(out);
      out.end();
    }
  }

  /**
   * Waits for one byte from the FIFO at the path, or from the descriptor when the path is empty.
   */
  record WaitFifo(Label label, long fd, String path) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(44, label, fd);
      out.string(path);
      out.end();
    }
  }

  /** execve(2) of the first candidate that exists and may be executed. Ends the list of an app. */
  record Exec(Label label, List<String> candidates, List<String> argv, List<String> envp)
      implements Op {
    public Exec {
      candidates = List.copyOf(candidates);
      argv = List.copyOf(argv);
      envp = List.copyOf(envp);
      if (candidates.isEmpty() || argv.isEmpty()) {
        throw new IllegalArgumentException("exec of nothing");
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(45, label, candidates.size(), argv.size(), envp.size());
      out.strings(candidates);
      out.strings(argv);
      out.strings(envp);
      out.end();
    }
  }

  /**
   * In the plan of the supervisor alone: the file in whose line {@code oom_kill N} the kernel
   * counts the processes of the app that it killed for want of memory.
   */
  record OomCounter(Label label, String path) implements Op {
    public OomCounter {
      requireAbsolute(path);
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(46, label);
      out.string(path);
      out.end();
    }
  }

  /**
   * A stream of an app that the supervisor keeps and that can be attached to.
   *
   * @param kind 0 standard input, 1 output, 2 error, 3 terminal
   * @param fd our end of it
   */
  record Stream(Label label, long kind, long fd) implements Op {
    public Stream {
      if (kind < 0 || kind > 3 || fd < 0 || fd > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("impossible stream " + kind + " on " + fd);
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.op(47, label, kind, fd);
    }
  }

  /**
   * In the plan of the supervisor alone: when the app is ready, and who is told when all are.
   *
   * @param from our socket, to which the app says that it is ready; -1 if it is by having started
   * @param to a socket that is connected to who is told; -1 if nobody is
   */
  record Notify(Label label, long from, long to) implements Op {
    public Notify {
      boolean isPossible = from >= -1 && from <= Integer.MAX_VALUE && to >= -1;
      if (!isPossible || to > Integer.MAX_VALUE || (from == -1 && to == -1)) {
        throw new IllegalArgumentException("impossible notification from " + from + " to " + to);
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.op(54, label, from, to);
    }
  }

  /**
   * clone(CLONE_PARENT): the steps before it are done by the process that was started, those after
   * it by PID 1, its sibling.
   *
   * @param report a descriptor that is told the pid of PID 1, or which step failed
   */
  record Fork(Label label, long report) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.op(48, label, report);
    }
  }

  /**
   * Landlock: the accesses of the mask, only below the root and to the files open as 0, 1 and 2.
   */
  record Landlock(Label label, long accesses) implements Op {
    public Landlock {
      if (accesses == 0) {
        throw new IllegalArgumentException("Landlock for no access");
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.op(49, label, accesses);
    }
  }

  /**
   * One write(2) to a file of the kernel's own: the path is relative to /proc, a real procfs, and
   * nothing is mounted on the way.
   */
  record WriteProc(Label label, String path, Bytes bytes) implements Op {
    public WriteProc {
      if (path.isEmpty() || path.charAt(0) == '/') {
        throw new IllegalArgumentException("not relative to /proc: \"" + path + "\"");
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(50, label, bytes.size());
      out.string(path);
      bytes.writeTo(out);
      out.end();
    }
  }

  /** open(2) for reading; {@code to} becomes the descriptor, which no exec keeps. */
  record Open(Label label, long to, String path) implements Op {
    public Open {
      requireBelowOwn(to);
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(51, label, to);
      out.string(path);
      out.end();
    }
  }

  /**
   * open_tree(OPEN_TREE_CLONE): a copy of the mount at {@code path} and of all below it, mounted
   * nowhere; {@code to} becomes its descriptor, which no exec keeps.
   */
  record OpenTree(Label label, long to, String path) implements Op {
    public OpenTree {
      requireBelowOwn(to);
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(52, label, to);
      out.string(path);
      out.end();
    }
  }

  /**
   * move_mount(2): mounts the tree that {@code fd} is open on at {@code path}; {@link
   * TakeRoot#TAKEN} is what process 1 took for the app.
   */
  record MoveMount(Label label, long fd, String path) implements Op {
    @Override
    public void write(PlanWriter out) {
      out.begin(53, label, fd);
      out.string(path);
      out.end();
    }
  }

  /**
   * open_tree(OPEN_TREE_CLONE) by process 1, for one app, whose process mounts it by a {@link
   * MoveMount} of {@link #TAKEN}. No process of another app has it.
   *
   * @param app the place of the app in the plan, from 0
   */
  record TakeRoot(Label label, long app, String path) implements Op {
    public static final long TAKEN = -1;

    public TakeRoot {
      if (app < 0 || app >= LaunchPlan.MAX_APPS) {
        throw new IllegalArgumentException("no place of an app: " + app);
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(55, label, app);
      out.string(path);
      out.end();
    }
  }
}
