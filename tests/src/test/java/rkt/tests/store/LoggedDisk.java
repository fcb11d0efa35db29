package rkt.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A file system (ext4) on a disk each of whose writes and flushes is written down, in their order:
 * what was on the disk at any moment can be made again. qemu-storage-daemon is the disk, and shows
 * it as a file through FUSE; the kernel makes a loop device of that.
 */
final class LoggedDisk implements AutoCloseable {
  private static final long BYTES = 192L << 20;
  private static final int SECTOR = 512;
  private static final long MAGIC = 0x006a736677736872L;
  private static final long FLUSH = 1;
  private static final long DISCARD = 4;

  private final Path disk;
  private final Path log;
  private final Path point;
  private final Process daemon;
  private String device = "";

  /**
   * One line of the log.
   *
   * @param end where the log ends behind it, in bytes
   * @param data where the bytes are in the log; -1 if they are zeros
   * @param at where they go on the disk, in bytes
   * @param length how many
   * @param isFlush whether everything before is on the disk now
   */
  record Entry(long end, long data, long at, long length, boolean isFlush) {}

  /** Makes one below {@code home} and mounts it at {@link #point}. */
  LoggedDisk(Path home) throws IOException, InterruptedException {
    disk = home.resolve("disk");
    log = home.resolve("log");
    point = Files.createDirectory(home.resolve("mounted"));
    Path shown = Files.createFile(home.resolve("shown"));
    Files.createFile(log);
    empty(disk);
    daemon =
        new ProcessBuilder(
                "qemu-storage-daemon",
                "--blockdev=file,node-name=disk,cache.no-flush=on,filename=" + disk,
                "--blockdev=file,node-name=log,cache.no-flush=on,filename=" + log,
                "--blockdev=blklogwrites,node-name=both,file=disk,log=log,log-sector-size="
                    + SECTOR,
                "--export=fuse,id=shown,node-name=both,writable=on,mountpoint=" + shown)
            .inheritIO()
            .start();
    try {
      while (Files.size(shown) != BYTES) {
        assertThat(daemon.isAlive()).as("qemu-storage-daemon shows its disk").isTrue();
        Thread.sleep(20);
      }
      device = BuiltImage.ok("losetup", "--find", "--show", shown.toString()).out().strip();
      BuiltImage.ok("mke2fs", "-q", "-t", "ext4", "-E", "nodiscard,lazy_itable_init=0", device);
      BuiltImage.ok("mount", device, point.toString());
    } catch (IOException | InterruptedException | AssertionError e) {
      close();
      throw e;
    }
  }

  /** Where it is mounted. */
  Path point() {
    return point;
  }

  /** How long the log is now: what was written so far is before. */
  long position() throws IOException {
    return Files.size(log);
  }

  /** Unmounts it and ends the log. */
  void end() throws IOException, InterruptedException {
    BuiltImage.ok("umount", point.toString());
    detach();
    daemon.destroy();
    assertThat(daemon.waitFor(60, TimeUnit.SECONDS)).as("qemu-storage-daemon ends").isTrue();
  }

  private void detach() throws IOException, InterruptedException {
    if (!device.isEmpty()) {
      BuiltImage.ok("losetup", "--detach", device);
      device = "";
    }
  }

  /** Everything that was written down before the log was {@code end} bytes long. */
  List<Entry> entries(long end) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      byte[] sector = new byte[SECTOR];
      file.readFully(sector);
      ByteBuffer head = ByteBuffer.wrap(sector).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(head.getLong()).isEqualTo(MAGIC);
      assertThat(head.getLong()).as("version").isEqualTo(1);
      head.getLong(); // how many entries there were when it was last flushed
      assertThat(head.getInt()).as("sector").isEqualTo(SECTOR);
      long at = SECTOR;
      while (at < end) {
        file.seek(at);
        file.readFully(sector);
        ByteBuffer entry = ByteBuffer.wrap(sector).order(ByteOrder.LITTLE_ENDIAN);
        long to = entry.getLong() * SECTOR;
        long length = entry.getLong() * SECTOR;
        long flags = entry.getLong();
        at += SECTOR;
        boolean isZeros = (flags & DISCARD) != 0;
        long data = isZeros ? -1 : at;
        at += isZeros ? 0 : length;
        entries.add(new Entry(at, data, to, length, (flags & FLUSH) != 0));
      }
    }
    return entries;
  }

  /**
   * The disk as the power left it when {@code cut} entries were written: what was flushed is there;
   * of the rest, {@code random} says of each whether it is.
   */
  void replay(List<Entry> entries, int cut, Random random, Path image) throws IOException {
    int flushed = 0;
    for (int i = 0; i < cut; i++) {
      flushed = entries.get(i).isFlush() ? i + 1 : flushed;
    }
    empty(image);
    try (FileChannel from = FileChannel.open(log, StandardOpenOption.READ);
        FileChannel to = FileChannel.open(image, StandardOpenOption.WRITE)) {
      for (int i = 0; i < cut; i++) {
        Entry entry = entries.get(i);
        if (entry.length() > 0 && (i < flushed || random.nextBoolean())) {
          write(from, entry, to);
        }
      }
    }
  }

  private static void write(FileChannel from, Entry entry, FileChannel to) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(entry.length()));
    if (entry.data() >= 0) {
      while (bytes.hasRemaining()) {
        assertThat(from.read(bytes, entry.data() + bytes.position())).isPositive();
      }
      bytes.flip();
    }
    while (bytes.hasRemaining()) {
      to.write(bytes, entry.at() + bytes.position());
    }
  }

  private static void empty(Path file) throws IOException {
    Files.deleteIfExists(file);
    try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(BYTES);
    }
  }

  @Override
  public void close() throws IOException {
    if (!daemon.isAlive()) {
      return;
    }
    try {
      new ProcessBuilder("umount", "--quiet", point.toString()).start().waitFor();
      detach();
      daemon.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
