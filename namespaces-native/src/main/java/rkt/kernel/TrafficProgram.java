package rkt.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The program by which a group of version 2 sends, or receives, no more than so many bytes a
 * second, of type BPF_PROG_TYPE_CGROUP_SKB. The kernel runs it for each packet of a socket that a
 * process of the group made, and lets the packet go on if it returns 1.
 * spec/pod.md#traffic-programs
 *
 * <p>It keeps one number, the time at which all that went on would have been through at the
 * permitted rate. A packet goes on unless that time is yet to come, and moves it by what the packet
 * takes. It never lies further back than the burst: what was not used is not saved up.
 */
final class TrafficProgram {
  /**
   * The state of a program, in bytes: that time in nanoseconds, as {@code bpf_ktime_get_ns} counts.
   */
  static final int STATE_BYTES = 8;

  /** What goes on at once after a pause: TCP tries again what was refused twice a second. */
  static final int BURST_NANOS = 500_000_000;

  private static final int NANOS = 1_000_000_000;

  /** No network is faster, and the numbers do not overflow. */
  private static final long MOST = 1_000_000_000_000_000L;

  // eBPF's, linux/bpf.h.
  private static final int LOAD_WORD = 0x61;
  private static final int LOAD_LONG = 0x79;
  private static final int LOAD_CONSTANT = 0x18;
  private static final int EXCHANGE = 0xdb;
  private static final int EXCHANGE_IF_RESULT = 0xf1; // if what is there is what register 0 holds
  private static final int MOVE = 0xbf;
  private static final int MOVE_VALUE = 0xb7;
  private static final int ADD = 0x0f;
  private static final int ADD_VALUE = 0x07;
  private static final int MULTIPLY_VALUE = 0x27;
  private static final int DIVIDE = 0x3f;
  private static final int JUMP_UNLESS_VALUE = 0x55;
  private static final int JUMP_IF_EQUAL = 0x1d;
  private static final int JUMP_IF_ABOVE = 0x6d;
  private static final int JUMP_UNLESS_BELOW = 0x7d;
  private static final int CALL = 0x85;
  private static final int EXIT = 0x95;

  private static final int MAP_VALUE = 2; // as the source of LOAD_CONSTANT
  private static final int KTIME_GET_NS = 5;

  // struct __sk_buff
  private static final int LENGTH_OFFSET = 0;
  private static final int INTERFACE_OFFSET = 40;

  /** The number of {@code lo}, in every network namespace. */
  private static final int LOOPBACK = 1;

  private static final int GO_ON = 1;

  // A call leaves those from 6 on alone.
  private static final int RESULT = 0;
  private static final int CONTEXT = 1; // at the start
  private static final int NEXT = 1;
  private static final int SEEN = 2;
  private static final int PACKET = 6; // the context, until the packet is measured
  private static final int EARLIEST = 6; // what the state may be
  private static final int DURATION = 7;
  private static final int NOW = 8;
  private static final int STATE = 9;

  /** For the state against other processors. A packet that loses each does not go on. */
  private static final int TRIES = 8;

  private static final int TRY = 9; // instructions
  private static final int FRAME = 24; // instructions before and after those of the tries
  private static final int INSTRUCTION_BYTES = 8;

  private final ByteBuffer code =
      ByteBuffer.allocate((FRAME + TRIES * TRY) * INSTRUCTION_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private TrafficProgram() {}

  /**
   * Its instructions, for a kernel of the same byte order as ours, which is little-endian.
   *
   * @param perSecond bytes
   * @param refusal what it returns for a packet that does not go on
   * @param states what {@link Bpf#createValue} made
   * @param offset of its own state there
   */
  static byte[] of(long perSecond, int refusal, Fd states, int offset) {
    TrafficProgram program = new TrafficProgram();
    program.letLoopbackPass();
    program.measure(Math.min(perSecond, MOST));
    program.load(STATE, MAP_VALUE, states.number(), offset);
    for (int left = TRIES - 1; left >= 0; left--) {
      program.charge(left * TRY);
    }
    program.answer(refusal);
    program.answer(GO_ON);
    byte[] bytes = new byte[program.code.position()];
    program.code.get(0, bytes);
    return bytes;
  }

  /** The appc spec: what apps of a pod say to each other is not limited. */
  private void letLoopbackPass() {
    add(MOVE, PACKET, CONTEXT, 0, 0);
    add(LOAD_WORD, SEEN, PACKET, INTERFACE_OFFSET, 0);
    add(JUMP_UNLESS_VALUE, SEEN, 0, 2, LOOPBACK);
    answer(GO_ON);
  }

  /** How long the packet takes, rounded up; what time it is, and since when nothing was saved. */
  private void measure(long perSecond) {
    add(LOAD_WORD, DURATION, PACKET, LENGTH_OFFSET, 0);
    add(MULTIPLY_VALUE, DURATION, 0, 0, NANOS);
    add(CALL, 0, 0, 0, KTIME_GET_NS);
    add(MOVE, NOW, RESULT, 0, 0);
    load(NEXT, 0, (int) perSecond, (int) (perSecond >>> 32));
    add(ADD, DURATION, NEXT, 0, 0);
    add(ADD_VALUE, DURATION, 0, 0, -1);
    add(DIVIDE, DURATION, NEXT, 0, 0);
    add(MOVE, EARLIEST, NOW, 0, 0);
    add(ADD_VALUE, EARLIEST, 0, 0, -BURST_NANOS);
  }

  /**
   * One try.
   *
   * @param rest how many instructions of further tries follow
   */
  private void charge(int rest) {
    add(LOAD_LONG, RESULT, STATE, 0, 0);
    add(MOVE, SEEN, RESULT, 0, 0);
    add(MOVE, NEXT, RESULT, 0, 0);
    add(JUMP_UNLESS_BELOW, NEXT, EARLIEST, 1, 0);
    add(MOVE, NEXT, EARLIEST, 0, 0);
    add(JUMP_IF_ABOVE, NEXT, NOW, 3 + rest, 0); // to the refusal
    add(ADD, NEXT, DURATION, 0, 0);
    add(EXCHANGE, STATE, NEXT, 0, EXCHANGE_IF_RESULT);
    add(JUMP_IF_EQUAL, RESULT, SEEN, rest + 2, 0); // over the refusal
  }

  private void answer(int result) {
    add(MOVE_VALUE, RESULT, 0, 0, result);
    add(EXIT, 0, 0, 0, 0);
  }

  /** An instruction of twice the length. */
  private void load(int target, int kind, int low, int high) {
    add(LOAD_CONSTANT, target, kind, 0, low);
    add(0, 0, 0, 0, high);
  }

  /** struct bpf_insn. */
  private void add(int operation, int target, int source, int offset, int value) {
    code.put((byte) operation);
    code.put((byte) (source << 4 | target));
    code.putShort((short) offset);
    code.putInt(value);
  }
}
