package rkt.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The program by which a group of version 2 allows some devices and no other, of type
 * BPF_PROG_TYPE_CGROUP_DEVICE. The kernel runs it whenever a process of the group opens a device or
 * makes a node, and allows that if it returns 1. spec/pod.md#device-program
 */
final class DeviceProgram {
  // eBPF's, linux/bpf.h.
  private static final int LOAD_WORD = 0x61;
  private static final int MOVE_WORD = 0xbc;
  private static final int MOVE_VALUE = 0xb7;
  private static final int AND_VALUE = 0x54;
  private static final int SHIFT_RIGHT = 0x74;
  private static final int JUMP_UNLESS_EQUAL = 0x55;
  private static final int EXIT = 0x95;

  private static final int RESULT = 0;
  private static final int CONTEXT = 1; // until all of it is read, and scratch then
  private static final int TYPE = 2;
  private static final int ACCESS = 3;
  private static final int MAJOR = 4;
  private static final int MINOR = 5;

  private static final int BLOCK = 1;
  private static final int CHARACTER = 2;
  private static final int LOW_HALF = 0xffff;

  private static final int INSTRUCTION_BYTES = 8;
  private static final int FRAME = 8; // instructions before and after those of the rules
  private static final int MOST_OF_RULE = 8;

  private final ByteBuffer code;

  private DeviceProgram(int rules) {
    code =
        ByteBuffer.allocate((FRAME + rules * MOST_OF_RULE) * INSTRUCTION_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Its instructions, for a kernel of the same byte order as ours, which is little-endian. */
  static byte[] of(DeviceList devices) {
    List<DeviceRule> rules = devices.rules();
    DeviceProgram program = new DeviceProgram(rules.size());
    program.readContext();
    for (DeviceRule rule : rules) {
      program.allow(rule);
    }
    program.answer(0);
    byte[] bytes = new byte[program.code.position()];
    program.code.get(0, bytes);
    return bytes;
  }

  /** struct bpf_cgroup_dev_ctx: access above type in one word, the two numbers. */
  private void readContext() {
    add(LOAD_WORD, TYPE, CONTEXT, 0, 0);
    add(MOVE_WORD, ACCESS, TYPE, 0, 0);
    add(AND_VALUE, TYPE, 0, 0, LOW_HALF);
    add(SHIFT_RIGHT, ACCESS, 0, 0, 16);
    add(LOAD_WORD, MAJOR, CONTEXT, 4, 0);
    add(LOAD_WORD, MINOR, CONTEXT, 8, 0);
  }

  /** Returns 1 if this rule allows what is asked, and goes on behind otherwise. */
  private void allow(DeviceRule rule) {
    boolean hasMinor = rule.minor() != DeviceRule.ALL;
    int rest = hasMinor ? 7 : 6; // instructions to jump over
    add(JUMP_UNLESS_EQUAL, TYPE, 0, rest--, rule.isBlock() ? BLOCK : CHARACTER);
    add(JUMP_UNLESS_EQUAL, MAJOR, 0, rest--, (int) rule.major());
    if (hasMinor) {
      add(JUMP_UNLESS_EQUAL, MINOR, 0, rest, (int) rule.minor());
    }
    // Any access besides, be it one that no kernel of today asks for, is too much.
    add(MOVE_WORD, CONTEXT, ACCESS, 0, 0);
    add(AND_VALUE, CONTEXT, 0, 0, LOW_HALF & ~rule.access());
    add(JUMP_UNLESS_EQUAL, CONTEXT, 0, 2, 0);
    answer(1);
  }

  private void answer(int result) {
    add(MOVE_VALUE, RESULT, 0, 0, result);
    add(EXIT, 0, 0, 0, 0);
  }

  /** struct bpf_insn. */
  private void add(int operation, int target, int source, int offset, int value) {
    code.put((byte) operation);
    code.put((byte) (source << 4 | target));
    code.putShort((short) offset);
    code.putInt(value);
  }
}
