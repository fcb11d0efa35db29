package rkt.stage1.launch;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** A growing little-endian buffer of records. On the way of every start: plain loops only. */
final class PlanWriter {
  private byte[] buffer;
  private int size;
  private int record;

  PlanWriter(int capacity) {
    buffer = new byte[capacity];
  }

  void begin(int op) {
    record = size;
    u32(op);
    u32(0);
  }

  void end() {
    putU32(record + 4, size - record - 8);
    int padding = -size & 7;
    reserve(padding);
    size += padding; // never written before: zero
  }

  /** An op of the common form: words, then WHAT, FIX and its own strings, then bytes. */
  void begin(int op, Label label, long... words) {
    begin(op);
    for (long word : words) {
      u64(word);
    }
    string(label.what());
    string(label.fix());
  }

  void op(int op, Label label, long... words) {
    begin(op, label, words);
    end();
  }

  void u32(int value) {
    reserve(4);
    putU32(size, value);
    size += 4;
  }

  void u64(long value) {
    u32((int) value);
    u32((int) (value >>> 32));
  }

  void string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (byte b : bytes) {
      if (b == 0) {
        throw new IllegalArgumentException("a NUL in a launch plan: " + text.replace('\0', '?'));
      }
    }
    raw(bytes);
    reserve(1);
    buffer[size++] = 0;
  }

  void strings(List<String> texts) {
    for (int i = 0; i < texts.size(); i++) {
      string(texts.get(i));
    }
  }

  void raw(byte[] bytes) {
    reserve(bytes.length);
    System.arraycopy(bytes, 0, buffer, size, bytes.length);
    size += bytes.length;
  }

  void putU32(int at, int value) {
    buffer[at] = (byte) value;
    buffer[at + 1] = (byte) (value >>> 8);
    buffer[at + 2] = (byte) (value >>> 16);
    buffer[at + 3] = (byte) (value >>> 24);
  }

  int size() {
    return size;
  }

  byte[] bytes() {
    return Arrays.copyOf(buffer, size);
  }

  private void reserve(int more) {
    if (size + more > buffer.length) {
      buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, size + more));
    }
  }
}
