package rkt.kernel;

import com.kenai.jffi.MemoryIO;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Native memory for the arguments of one call; freed as a whole. Not for use by several threads.
 */
final class Scratch implements AutoCloseable {
  static final MemoryIO MEMORY = MemoryIO.getInstance();

  private final List<Long> blocks = new ArrayList<>();

  /** {@code size} zero bytes. */
  long zeroed(int size) {
    long address = MEMORY.allocateMemory(Math.max(size, 1), true);
    if (address == 0) {
      throw new OutOfMemoryError("native memory");
    }
    blocks.add(address);
    return address;
  }

  /** A copy of {@code bytes}. */
  long bytes(byte[] bytes) {
    long address = zeroed(bytes.length);
    MEMORY.putByteArray(address, bytes, 0, bytes.length);
    return address;
  }

  /** A NUL-terminated copy of {@code name}, which is bytes, as names are in the kernel. */
  long cString(byte[] name) {
    long address = zeroed(name.length + 1);
    MEMORY.putByteArray(address, name, 0, name.length);
    return address;
  }

  /** A NUL-terminated UTF-8 copy of {@code text}. */
  long cString(String text) {
    return cString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** An array of pointers to NUL-terminated UTF-8 copies of {@code texts}, ended by a null. */
  long cStrings(List<String> texts) {
    long array = zeroed((texts.size() + 1) * 8);
    for (int i = 0; i < texts.size(); i++) {
      MEMORY.putLong(array + i * 8L, cString(texts.get(i)));
    }
    return array;
  }

  @Override
  public void close() {
    for (long block : blocks) {
      MEMORY.freeMemory(block);
    }
  }
}
