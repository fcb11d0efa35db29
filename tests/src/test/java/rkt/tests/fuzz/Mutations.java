package rkt.tests.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Inputs made of others by small changes: the same for the same seed. */
final class Mutations {
  private static final String[] WORDS = {
    "-1",
    "0",
    "4294967295",
    "9223372036854775808",
    "1e999",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\\u0000",
    "\\ud800",
    "../",
    "/",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u00e9",
    "\u202e",
    ":",
    "@",
    "=",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":"
  };
  private static final int LONGEST = 1 << 16;

  private final List<byte[]> seeds;
  private final Random random;

  Mutations(List<byte[]> seeds, long seed) {
    this.seeds = seeds;
    this.random = new Random(seed);
  }

  /** The next input: a seed with one to four changes. */
  byte[] next() {
    byte[] input = seed();
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      input = change(input);
    }
    return input.length > LONGEST ? Arrays.copyOf(input, LONGEST) : input;
  }

  private byte[] seed() {
    return seeds.get(random.nextInt(seeds.size())).clone();
  }

  private byte[] change(byte[] input) {
    int at = random.nextInt(input.length + 1);
    int length = random.nextInt(Math.min(64, input.length - at) + 1);
    return switch (random.nextInt(8)) {
      case 0, 1 -> flipped(input);
      case 2 -> replaced(input, at, Math.min(1, input.length - at), oneByte());
      case 3 -> replaced(input, at, length, new byte[0]);
      case 4 -> replaced(input, at, 0, Arrays.copyOfRange(input, at, at + length));
      case 5 -> replaced(input, at, random.nextInt(2) * length, word());
      case 6 -> Arrays.copyOf(input, at);
      default -> spliced(input, at);
    };
  }

  private byte[] flipped(byte[] input) {
    if (input.length > 0) {
      input[random.nextInt(input.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return input;
  }

  private byte[] oneByte() {
    byte[] edges = {0, 1, 0x1f, 0x20, 0x7f, (byte) 0x80, (byte) 0xff};
    return new byte[] {edges[random.nextInt(edges.length)]};
  }

  private byte[] word() {
    return WORDS[random.nextInt(WORDS.length)].getBytes(UTF_8);
  }

  private byte[] spliced(byte[] input, int at) {
    byte[] other = seed();
    int from = random.nextInt(other.length + 1);
    return replaced(input, at, input.length - at, Arrays.copyOfRange(other, from, other.length));
  }

  private static byte[] replaced(byte[] input, int at, int length, byte[] by) {
    byte[] output = new byte[input.length - length + by.length];
    System.arraycopy(input, 0, output, 0, at);
    System.arraycopy(by, 0, output, at, by.length);
    System.arraycopy(input, at + length, output, at + by.length, input.length - at - length);
    return output;
  }
}
