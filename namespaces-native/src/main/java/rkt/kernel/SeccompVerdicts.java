package rkt.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * What a filter answers to each system call, read from the program that the kernel is given: every
 * way through it is walked, with the call's number known and its arguments not.
 */
public final class SeccompVerdicts {
  /** The numbers looked at: further than any architecture's table goes today. */
  public static final int COUNT = 512;

  /**
   * One answer.
   *
   * @param action {@code allow}, {@code kill}, or the name of an error
   * @param conditions on arguments, all of which hold; empty if they do not matter
   */
  public record Answer(String action, List<String> conditions) {
    public Answer {
      conditions = List.copyOf(conditions);
    }
  }

  /**
   * What one call gets.
   *
   * @param name empty if it has none here
   * @param answers one, or several that depend on arguments
   */
  public record Verdict(int number, String name, List<Answer> answers) {
    public Verdict {
      answers = List.copyOf(answers);
    }
  }

  private static final int INSTRUCTION_SIZE = 8;
  private static final int ARCHITECTURE_X86_64 = 0xc000003e;
  private static final int ARCHITECTURE_AARCH64 = 0xc00000b7;

  private static final int LOAD = 0x20;
  private static final int AND = 0x54;
  private static final int JUMP = 0x05;
  private static final int JUMP_EQUAL = 0x15;
  private static final int JUMP_GREATER = 0x25;
  private static final int JUMP_GREATER_OR_EQUAL = 0x35;
  private static final int JUMP_BITS = 0x45;
  private static final int RETURN = 0x06;

  private static final int NUMBER_AT = 0;
  private static final int ARCHITECTURE_AT = 4;
  private static final int ARGUMENTS_AT = 16;

  private final ByteBuffer program;
  private final int count;

  private SeccompVerdicts(byte[] program) {
    this.program = ByteBuffer.wrap(program).order(ByteOrder.nativeOrder());
    this.count = program.length / INSTRUCTION_SIZE;
  }

  /**
   * The verdicts on the calls 0 to {@link #COUNT}, in their order.
   *
   * @param program struct sock_filter after struct sock_filter; empty for no filter
   * @throws KernelException if libseccomp, which knows the names, is not there
   */
  public static List<Verdict> of(byte[] program) throws KernelException {
    List<String> names = SeccompCompiler.names(COUNT);
    SeccompVerdicts walker = new SeccompVerdicts(program);
    List<Verdict> verdicts = new ArrayList<>(COUNT);
    for (int number = 0; number < COUNT; number++) {
      List<Answer> answers = new ArrayList<>();
      if (program.length == 0) {
        answers.add(new Answer(SeccompProfile.Action.ALLOW.word(), List.of()));
      } else {
        walker.walk(0, new Accumulator(true, 0, ""), number, List.of(), answers);
      }
      verdicts.add(new Verdict(number, names.get(number), simplified(answers)));
    }
    return verdicts;
  }

  /** What the machine holds: a number, or something of an argument, in words. */
  private record Accumulator(boolean known, int value, String words) {}

  private void walk(
      int start, Accumulator held, int number, List<String> path, List<Answer> answers) {
    Accumulator accumulator = held;
    int at = start;
    while (true) {
      if (at < 0 || at >= count) {
        throw new IllegalArgumentException("a filter that jumps out of itself, to " + at);
      }
      int code = program.getShort(at * INSTRUCTION_SIZE) & 0xffff;
      int yes = at + 1 + (program.get(at * INSTRUCTION_SIZE + 2) & 0xff);
      int no = at + 1 + (program.get(at * INSTRUCTION_SIZE + 3) & 0xff);
      int operand = program.getInt(at * INSTRUCTION_SIZE + 4);
      switch (code) {
        case LOAD -> {
          accumulator = load(operand, number);
          at++;
        }
        case AND -> {
          accumulator = masked(accumulator, operand);
          at++;
        }
        case JUMP -> at += 1 + operand;
        case RETURN -> {
          answers.add(new Answer(word(operand), path));
          return;
        }
        case JUMP_EQUAL, JUMP_GREATER, JUMP_GREATER_OR_EQUAL, JUMP_BITS -> {
          if (accumulator.known) {
            at = holds(code, accumulator.value, operand) ? yes : no;
          } else {
            String words = accumulator.words;
            walk(yes, accumulator, number, with(path, words, code, operand, true), answers);
            walk(no, accumulator, number, with(path, words, code, operand, false), answers);
            return;
          }
        }
        default -> throw new IllegalArgumentException("a filter with the instruction " + hex(code));
      }
    }
  }

  private static Accumulator load(int offset, int number) {
    if (offset == NUMBER_AT) {
      return new Accumulator(true, number, "");
    }
    if (offset == ARCHITECTURE_AT) {
      int own = SystemCall.isArmHost() ? ARCHITECTURE_AARCH64 : ARCHITECTURE_X86_64;
      return new Accumulator(true, own, "");
    }
    int argument = (offset - ARGUMENTS_AT) / 8;
    boolean high = (offset - ARGUMENTS_AT) % 8 != 0;
    return new Accumulator(false, 0, "arg" + argument + (high ? "[63:32]" : "[31:0]"));
  }

  private static Accumulator masked(Accumulator held, int mask) {
    if (held.known || mask == 0) {
      return new Accumulator(true, held.value & mask, "");
    }
    return mask == -1 ? held : new Accumulator(false, 0, held.words + " & " + hex(mask));
  }

  private static boolean holds(int code, int value, int operand) {
    return switch (code) {
      case JUMP_EQUAL -> value == operand;
      case JUMP_GREATER -> Integer.compareUnsigned(value, operand) > 0;
      case JUMP_GREATER_OR_EQUAL -> Integer.compareUnsigned(value, operand) >= 0;
      default -> (value & operand) != 0;
    };
  }

  private static List<String> with(
      List<String> path, String words, int code, int operand, boolean holds) {
    String condition =
        switch (code) {
          case JUMP_EQUAL -> words + (holds ? " == " : " != ") + hex(operand);
          case JUMP_GREATER -> words + (holds ? " > " : " <= ") + hex(operand);
          case JUMP_GREATER_OR_EQUAL -> words + (holds ? " >= " : " < ") + hex(operand);
          default -> words + " & " + hex(operand) + (holds ? " != 0" : " == 0");
        };
    List<String> longer = new ArrayList<>(path);
    if (!longer.contains(condition)) {
      longer.add(condition);
    }
    return longer;
  }

  /** One answer where every way leads to the same. */
  private static List<Answer> simplified(List<Answer> answers) {
    TreeMap<String, Answer> different = new TreeMap<>();
    for (Answer answer : answers) {
      different.put(answer.action, answer);
    }
    return different.size() == 1 ? List.of(new Answer(different.firstKey(), List.of())) : answers;
  }

  private static String word(int value) {
    if (value == SeccompProfile.Action.ALLOW.value()) {
      return SeccompProfile.Action.ALLOW.word();
    }
    if (value == SeccompProfile.Action.KILL.value()) {
      return SeccompProfile.Action.KILL.word();
    }
    return Errno.of(value & 0xffff).toString();
  }

  private static String hex(int value) {
    return "0x" + Integer.toHexString(value);
  }
}
