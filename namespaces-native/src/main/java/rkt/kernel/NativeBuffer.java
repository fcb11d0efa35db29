package rkt.kernel;

/** Native memory that carries file contents to system calls; one per worker, used again. */
public final class NativeBuffer implements AutoCloseable {
  private final int size;
  private long address;

  public NativeBuffer(int size) {
    this.size = size;
    this.address = Scratch.MEMORY.allocateMemory(size, false);
    if (address == 0) {
      throw new OutOfMemoryError("native memory");
    }
  }

  public int size() {
    return size;
  }

  long address() {
    if (address == 0) {
      throw new IllegalStateException("the buffer is freed");
    }
    return address;
  }

  /** Copies into the start of this buffer. */
  void put(byte[] bytes, int offset, int length) {
    java.util.Objects.checkFromIndexSize(0, length, size);
    Scratch.MEMORY.putByteArray(address(), bytes, offset, length);
  }

  /** Copies from the start of this buffer. */
  void get(byte[] bytes, int length) {
    java.util.Objects.checkFromIndexSize(0, length, size);
    Scratch.MEMORY.getByteArray(address(), bytes, 0, length);
  }

  @Override
  public void close() {
    if (address != 0) {
      Scratch.MEMORY.freeMemory(address);
      address = 0;
    }
  }
}
