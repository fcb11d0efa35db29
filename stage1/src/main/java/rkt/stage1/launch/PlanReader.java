package rkt.stage1.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads the bytes of a plan back into values, and refuses what pod-init refuses of its form. */
final class PlanReader {
  private final ByteBuffer in;
  private int op;
  private int end;

  PlanReader(byte[] plan) {
    in = ByteBuffer.wrap(plan).order(ByteOrder.LITTLE_ENDIAN);
    if (plan.length <= 16 || plan.length % 8 != 0) {
      throw new IllegalArgumentException("impossible size " + plan.length);
    }
    if (in.getLong() != LaunchPlan.MAGIC) {
      throw new IllegalArgumentException("not a plan of version 1");
    }
    if (in.getInt() != plan.length || in.getInt() != 0) {
      throw new IllegalArgumentException("its length differs from its size");
    }
  }

  /** The op of the next record, 0 at the end. */
  int peek() {
    return in.hasRemaining() ? in.getInt(in.position()) : 0;
  }

  void open() {
    if (in.remaining() < 8) {
      throw broken();
    }
    op = in.getInt();
    int size = in.getInt();
    if (size < 0 || size > in.remaining()) {
      throw broken();
    }
    end = in.position() + size;
  }

  void close() {
    if (in.position() != end) {
      throw broken();
    }
    while (in.position() % 8 != 0) {
      if (in.get() != 0) {
        throw broken();
      }
    }
  }

  long word() {
    if (end - in.position() < 8) {
      throw broken();
    }
    return in.getLong();
  }

  String string() {
    int start = in.position();
    while (true) {
      if (in.position() == end) {
        throw broken();
      }
      if (in.get() == 0) {
        return new String(in.array(), start, in.position() - 1 - start, StandardCharsets.UTF_8);
      }
    }
  }

  private List<String> strings(long count) {
    List<String> texts = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      texts.add(string());
    }
    return texts;
  }

  private Bytes bytes(long size) {
    if (size < 0 || size > end - in.position()) {
      throw broken();
    }
    byte[] bytes = new byte[(int) size];
    in.get(bytes);
    return Bytes.of(bytes);
  }

  private Label label() {
    return new Label(string(), string());
  }

  private IllegalArgumentException broken() {
    return new IllegalArgumentException("broken record before byte " + in.position());
  }

  /** The ops up to the next section. */
  List<Op> ops() {
    List<Op> ops = new ArrayList<>();
    while (peek() >= Op.FIRST) {
      open();
      ops.add(op());
      close();
    }
    return ops;
  }

  private Op op() {
    return switch (op) {
      case 16 -> mount();
      case 17 -> umount();
      case 18 -> mkdir();
      case 19 -> rmdir();
      case 20 -> unlink();
      case 21 -> pivot();
      case 22 -> chroot();
      case 23 -> chdir();
      case 24 -> fchdir();
      case 25 -> unshare();
      case 26 -> setns();
      case 27 -> writeFd();
      case 28 -> writeFile();
      case 29 -> setsid();
      case 30 -> controllingTerminal();
      case 31 -> dup();
      case 32 -> closeRange();
      case 33 -> umask();
      case 34 -> rlimit();
      case 35 -> setgroups();
      case 36 -> setresgid();
      case 37 -> setresuid();
      case 38 -> bounding();
      case 39 -> capset();
      case 40 -> ambient();
      case 41 -> prctl();
      case 42 -> newKeyring();
      case 43 -> seccomp();
      case 44 -> waitFifo();
      case 45 -> exec();
      case 46 -> oomCounter();
      case 47 -> stream();
      case 48 -> fork();
      case 49 -> landlock();
      case 50 -> writeProc();
      case 51 -> openFile();
      case 52 -> openTree();
      case 53 -> moveMount();
      case 54 -> notification();
      case 55 -> takeRoot();
      default -> throw new IllegalArgumentException("unknown op " + op);
    };
  }

  private Op mount() {
    long flags = word();
    Label label = label();
    return new Op.Mount(label, flags, string(), string(), string(), string());
  }

  private Op umount() {
    long flags = word();
    Label label = label();
    return new Op.Umount(label, flags, string());
  }

  private Op mkdir() {
    long mode = word();
    Label label = label();
    return new Op.Mkdir(label, mode, string());
  }

  private Op rmdir() {
    Label label = label();
    return new Op.Rmdir(label, string());
  }

  private Op unlink() {
    Label label = label();
    return new Op.Unlink(label, string());
  }

  private Op pivot() {
    Label label = label();
    return new Op.Pivot(label, string());
  }

  private Op chroot() {
    Label label = label();
    return new Op.Chroot(label, string());
  }

  private Op chdir() {
    Label label = label();
    return new Op.Chdir(label, string());
  }

  private Op fchdir() {
    long fd = word();
    Label label = label();
    return new Op.Fchdir(label, fd);
  }

  private Op unshare() {
    long flags = word();
    Label label = label();
    return new Op.Unshare(label, flags);
  }

  private Op setns() {
    long fd = word();
    long type = word();
    Label label = label();
    return new Op.Setns(label, fd, type);
  }

  private Op writeFd() {
    long fd = word();
    long size = word();
    Label label = label();
    return new Op.WriteFd(label, fd, bytes(size));
  }

  private Op writeFile() {
    long size = word();
    Label label = label();
    return new Op.WriteFile(label, string(), bytes(size));
  }

  private Op writeProc() {
    long size = word();
    Label label = label();
    return new Op.WriteProc(label, string(), bytes(size));
  }

  private Op openFile() {
    long to = word();
    Label label = label();
    return new Op.Open(label, to, string());
  }

  private Op openTree() {
    long to = word();
    Label label = label();
    return new Op.OpenTree(label, to, string());
  }

  private Op moveMount() {
    long fd = word();
    Label label = label();
    return new Op.MoveMount(label, fd, string());
  }

  private Op takeRoot() {
    long app = word();
    Label label = label();
    return new Op.TakeRoot(label, app, string());
  }

  private Op landlock() {
    long accesses = word();
    Label label = label();
    return new Op.Landlock(label, accesses);
  }

  private Op setsid() {
    return new Op.Setsid(label());
  }

  private Op controllingTerminal() {
    long fd = word();
    Label label = label();
    return new Op.ControllingTerminal(label, fd);
  }

  private Op dup() {
    long from = word();
    long to = word();
    Label label = label();
    return new Op.Dup(label, from, to);
  }

  private Op closeRange() {
    long first = word();
    long last = word();
    long flags = word();
    Label label = label();
    return new Op.CloseRange(label, first, last, flags);
  }

  private Op umask() {
    long mask = word();
    Label label = label();
    return new Op.Umask(label, mask);
  }

  private Op rlimit() {
    long resource = word();
    long soft = word();
    long hard = word();
    Label label = label();
    return new Op.Rlimit(label, resource, soft, hard);
  }

  private Op setgroups() {
    long size = word();
    Label label = label();
    return new Op.Setgroups(label, bytes(size));
  }

  private Op setresgid() {
    long real = word();
    long effective = word();
    long saved = word();
    Label label = label();
    return new Op.Setresgid(label, real, effective, saved);
  }

  private Op setresuid() {
    long real = word();
    long effective = word();
    long saved = word();
    Label label = label();
    return new Op.Setresuid(label, real, effective, saved);
  }

  private Op bounding() {
    long keep = word();
    Label label = label();
    return new Op.Bounding(label, keep);
  }

  private Op capset() {
    long effective = word();
    long permitted = word();
    long inheritable = word();
    Label label = label();
    return new Op.Capset(label, effective, permitted, inheritable);
  }

  private Op ambient() {
    long mask = word();
    Label label = label();
    return new Op.Ambient(label, mask);
  }

  private Op prctl() {
    long option = word();
    long arg2 = word();
    long arg3 = word();
    long arg4 = word();
    long arg5 = word();
    Label label = label();
    return new Op.Prctl(label, option, arg2, arg3, arg4, arg5);
  }

  private Op newKeyring() {
    return new Op.NewKeyring(label());
  }

  private Op seccomp() {
    long flags = word();
    long size = word();
    Label label = label();
    return new Op.Seccomp(label, flags, bytes(size));
  }

  private Op waitFifo() {
    long fd = word();
    Label label = label();
    return new Op.WaitFifo(label, fd, string());
  }

  private Op oomCounter() {
    Label label = label();
    return new Op.OomCounter(label, string());
  }

  private Op exec() {
    long candidates = word();
    long argv = word();
    long envp = word();
    return new Op.Exec(label(), strings(candidates), strings(argv), strings(envp));
  }

  private Op stream() {
    long kind = word();
    long fd = word();
    return new Op.Stream(label(), kind, fd);
  }

  private Op notification() {
    long from = word();
    long to = word();
    return new Op.Notify(label(), from, to);
  }

  private Op fork() {
    long report = word();
    return new Op.Fork(label(), report);
  }
}
