package rkt.kernel;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * Makes the program of the kernel's filter machine out of a profile, with libseccomp. Costs tens of
 * milliseconds, so {@link SeccompFilter} keeps the result.
 */
final class SeccompCompiler {
  /** The functions of libseccomp.so.2 in use. Public for the binding layer. */
  public interface LibSeccomp {
    Pointer seccomp_init(int action);

    void seccomp_release(Pointer filter);

    int seccomp_attr_set(Pointer filter, int attribute, int value);

    int seccomp_syscall_resolve_name(String name);

    int seccomp_arch_native();

    Pointer seccomp_syscall_resolve_num_arch(int architecture, int number);

    int seccomp_rule_add_array(Pointer filter, int action, int call, int conditions, Pointer array);

    int seccomp_export_bpf(Pointer filter, int fd);
  }

  private static final int ACT_KILL_PROCESS = 0x80000000;
  private static final int ACT_ALLOW = 0x7fff0000;
  private static final int ATTRIBUTE_BAD_ARCHITECTURE = 2;
  private static final int ATTRIBUTE_OPTIMIZE = 8;
  private static final int BINARY_TREE = 2;
  private static final int COMPARE_NOT_EQUAL = 1;
  private static final int COMPARE_MASKED_EQUAL = 7;
  private static final long LOW_32_BITS = 0xffffffffL;

  private static final int INSTRUCTION_SIZE = 8;
  private static final int MAX_INSTRUCTIONS = 4096;
  private static final short BPF_RETURN = 0x06;
  private static final short BPF_JUMP_ALWAYS = 0x05;

  private final LibSeccomp lib;
  private final Runtime runtime;

  private SeccompCompiler(LibSeccomp lib) {
    this.lib = lib;
    this.runtime = Runtime.getRuntime(lib);
  }

  /**
   * Compiles for the architecture that we run on.
   *
   * @return struct sock_filter after struct sock_filter, as seccomp(2) takes them
   * @throws KernelException if libseccomp is not installed, or refuses
   */
  static byte[] compile(SeccompProfile profile) throws KernelException {
    SeccompCompiler compiler = new SeccompCompiler(library());
    return link(compiler.refusals(profile), compiler.calls(profile));
  }

  /** The number of the call of this name here; negative if this architecture has none. */
  static int number(String call) throws KernelException {
    return library().seccomp_syscall_resolve_name(call);
  }

  /** The names of the calls from 0 up; empty for a number that has none. */
  static List<String> names(int count) throws KernelException {
    LibSeccomp lib = library();
    int architecture = lib.seccomp_arch_native();
    List<String> names = new ArrayList<>(count);
    for (int number = 0; number < count; number++) {
      Pointer name = lib.seccomp_syscall_resolve_num_arch(architecture, number);
      names.add(name == null ? "" : name.getString(0));
    }
    return names;
  }

  private static LibSeccomp library() throws KernelException {
    try {
      return LibraryLoader.create(LibSeccomp.class).load("libseccomp.so.2");
    } catch (UnsatisfiedLinkError e) {
      throw new KernelException(
          "dlopen", "libseccomp.so.2", Errno.ENOENT, "is libseccomp installed? " + e.getMessage());
    }
  }

  /**
   * The rules with conditions: what they do not refuse goes through. They are a program of their
   * own because in libseccomp an unconditional allow of a call drops every condition on it.
   */
  private byte[] refusals(SeccompProfile profile) throws KernelException {
    Pointer filter = newFilter(ACT_ALLOW);
    try {
      for (SeccompProfile.Rule rule : profile.rules()) {
        SeccompProfile.Condition condition = rule.condition();
        if (condition != null) {
          add(filter, rule, 1, comparison(condition));
        }
      }
      return export(filter);
    } finally {
      lib.seccomp_release(filter);
    }
  }

  private byte[] calls(SeccompProfile profile) throws KernelException {
    SeccompProfile.Action otherwise = profile.otherwise();
    Pointer filter = newFilter(otherwise.value());
    try {
      // Else one comparison after the other for each call that an app makes.
      check(lib.seccomp_attr_set(filter, ATTRIBUTE_OPTIMIZE, BINARY_TREE), "optimize");
      Pointer none = Memory.allocateDirect(runtime, 24, true);
      for (SeccompProfile.Rule rule : profile.rules()) {
        // libseccomp refuses a rule that says what holds without it.
        if (rule.condition() == null && rule.action().value() != otherwise.value()) {
          add(filter, rule, 0, none);
        }
      }
      return export(filter);
    } finally {
      lib.seccomp_release(filter);
    }
  }

  private Pointer newFilter(int otherwise) throws KernelException {
    Pointer filter = lib.seccomp_init(otherwise);
    if (filter == null) {
      throw new KernelException("seccomp_init", "", Errno.ENOMEM);
    }
    check(
        lib.seccomp_attr_set(filter, ATTRIBUTE_BAD_ARCHITECTURE, ACT_KILL_PROCESS),
        "other architectures");
    return filter;
  }

  private void add(Pointer filter, SeccompProfile.Rule rule, int conditions, Pointer comparison)
      throws KernelException {
    int action = rule.action().value();
    for (String call : rule.calls()) {
      int number = lib.seccomp_syscall_resolve_name(call);
      if (number >= 0) { // else it is another architecture's, or newer than this libseccomp
        check(lib.seccomp_rule_add_array(filter, action, number, conditions, comparison), call);
      }
    }
  }

  /** struct scmp_arg_cmp. */
  private Pointer comparison(SeccompProfile.Condition condition) {
    long value = condition.value();
    Pointer comparison = Memory.allocateDirect(runtime, 24, true);
    comparison.putInt(0, condition.argument());
    switch (condition.operator()) {
      case EQUAL -> {
        // The kernel reads these arguments as int: high bits must not make a difference.
        comparison.putInt(4, COMPARE_MASKED_EQUAL);
        comparison.putLong(8, LOW_32_BITS);
        comparison.putLong(16, value & LOW_32_BITS);
      }
      case HAS_BITS -> {
        comparison.putInt(4, COMPARE_MASKED_EQUAL);
        comparison.putLong(8, value);
        comparison.putLong(16, value);
      }
      case NOT_EQUAL -> {
        comparison.putInt(4, COMPARE_NOT_EQUAL);
        comparison.putLong(8, value);
      }
    }
    return comparison;
  }

  private byte[] export(Pointer filter) throws KernelException {
    try (Fd memory = Descriptors.memory("seccomp")) {
      check(lib.seccomp_export_bpf(filter, memory.number()), "export");
      Descriptors.rewind(memory);
      ByteArrayOutputStream program = new ByteArrayOutputStream();
      byte[] chunk = Descriptors.read(memory, 65536);
      while (chunk.length > 0) {
        program.write(chunk, 0, chunk.length);
        chunk = Descriptors.read(memory, 65536);
      }
      return program.toByteArray();
    }
  }

  /** The second program after the first, which goes on there instead of allowing. */
  static byte[] link(byte[] first, byte[] second) throws KernelException {
    ByteBuffer linked =
        ByteBuffer.allocate(first.length + second.length).order(ByteOrder.nativeOrder());
    linked.put(first).put(second);
    int count = first.length / INSTRUCTION_SIZE;
    for (int i = 0; i < count; i++) {
      int at = i * INSTRUCTION_SIZE;
      if (linked.getShort(at) == BPF_RETURN && linked.getInt(at + 4) == ACT_ALLOW) {
        linked.putShort(at, BPF_JUMP_ALWAYS);
        linked.putInt(at + 4, count - i - 1);
      }
    }
    if (linked.capacity() / INSTRUCTION_SIZE > MAX_INSTRUCTIONS) {
      throw new KernelException("seccomp", "a profile this long", Errno.E2BIG);
    }
    return linked.array();
  }

  private static void check(int result, String subject) throws KernelException {
    if (result < 0) {
      throw new KernelException("libseccomp", subject, Errno.of(-result));
    }
  }
}
