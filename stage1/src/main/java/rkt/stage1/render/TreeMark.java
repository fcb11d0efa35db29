package rkt.stage1.render;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import rkt.kernel.DirFd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.NativeBuffer;

/**
 * The file {@code complete} of a tree. A tree is a cache, and syncing gigabytes before a pod may
 * start costs more than making them again after the rare power loss: so the mark carries the
 * identifier of the boot that wrote it, and holds for that boot alone, until {@code synced} says
 * that the tree has reached the disk. spec/rendering.md#complete
 */
final class TreeMark {
  static final byte[] NAME = Names.of("complete");
  private static final String FIRST_LINE = "rkt-tree 1";
  private static final String SYNCED = "synced";
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final int LONGEST = 512;

  private TreeMark() {}

  /** How much the mark of a tree says. */
  enum State {
    /** There is no tree, or nobody knows whether all of it is there. */
    ABSENT,
    /** Complete as long as the machine does not lose its memory. */
    COMPLETE,
    /** Complete on the disk. */
    SYNCED
  }

  static State read(Path tree, String bootId) throws IOException {
    String text;
    try (var in = Files.newInputStream(tree.resolve("complete"))) {
      text = new String(in.readNBytes(LONGEST), StandardCharsets.US_ASCII);
    } catch (NoSuchFileException e) {
      return State.ABSENT;
    }
    if (text.equals(text(SYNCED))) {
      return State.SYNCED;
    }
    return text.equals(text(bootId)) ? State.COMPLETE : State.ABSENT;
  }

  static void write(DirFd tree, String bootId) throws KernelException {
    write(tree, NAME, text(bootId), false);
  }

  /**
   * Says that everything of the tree was synced before; replaces the mark at once.
   *
   * @param staging where the mark is made: others may be doing the same with the same tree
   */
  static void writeSynced(DirFd tree, DirFd staging) throws KernelException {
    write(staging, NAME, text(SYNCED), true);
    staging.rename(NAME, tree, NAME);
    tree.self().sync();
  }

  /** What tells this boot of the machine from any other. */
  static String bootId() throws IOException {
    return Files.readString(BOOT_ID, StandardCharsets.US_ASCII).trim();
  }

  private static void write(DirFd tree, byte[] name, String text, boolean sync)
      throws KernelException {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    try (NativeBuffer buffer = new NativeBuffer(LONGEST);
        FileFd file = tree.createFile(name, 0600)) {
      file.write(bytes, 0, bytes.length, buffer);
      if (sync) {
        file.sync();
      }
    }
  }

  private static String text(String until) {
    return FIRST_LINE + "\n" + until + "\n";
  }
}
