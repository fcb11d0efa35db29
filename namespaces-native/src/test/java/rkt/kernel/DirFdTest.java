package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirFdTest {
  private static final byte[] NOT_UTF8 = {'b', (byte) 0xff, (byte) 0xfe, 'd'};

  @TempDir Path outside;
  private Path base;
  private DirFd dir;

  @BeforeEach
  void open() throws Exception {
    base = Files.createDirectory(outside.resolve("base"));
    dir = DirFd.open(base.toString());
  }

  @AfterEach
  void close() throws KernelException {
    dir.close();
    try (DirFd above = DirFd.open(outside.toString())) {
      above.removeTree(Names.of("base"));
    }
  }

  @Test
  void aFileIsCreatedOnceWithContentModeAndTime() throws Exception {
    byte[] content = new byte[100_000];
    java.util.Arrays.fill(content, (byte) 'x');
    try (NativeBuffer buffer = new NativeBuffer(4096);
        FileFd file = dir.createFile(NOT_UTF8, 0600)) {
      file.write(content, 0, content.length, buffer);
      file.chmod(0751);
      file.times(-5, 123456789);
    }

    Stat stat = dir.stat(NOT_UTF8);

    assertThat(stat.isRegular()).isTrue();
    assertThat(stat.size()).isEqualTo(100_000);
    assertThat(stat.permissions()).isEqualTo(0751);
    assertThat(stat.mtimeSeconds()).isEqualTo(-5);
    assertThat(stat.mtimeNanos()).isEqualTo(123456789);
    assertThatThrownBy(() -> dir.createFile(NOT_UTF8, 0600))
        .isInstanceOf(KernelException.class)
        .hasMessageContaining("b\\xff\\xfed")
        .hasMessageContaining("EEXIST");
  }

  @Test
  void namesAreListedAsBytes() throws Exception {
    dir.createFile(NOT_UTF8, 0600).close();
    dir.mkdir(Names.of("d"), 0700);
    dir.symlink(Names.of("/etc/passwd"), Names.of("link"));

    List<String> names = new ArrayList<>();
    for (DirFd.Entry entry : dir.list()) {
      names.add(Names.printable(entry.name()));
    }

    assertThat(names).containsExactlyInAnyOrder("b\\xff\\xfed", "d", "link");
    assertThat(dir.readlink(Names.of("link"))).isEqualTo(Names.of("/etc/passwd"));
    assertThat(dir.statOrNull(Names.of("absent"))).isNull();
  }

  @Test
  void aHardLinkSharesTheFile() throws Exception {
    dir.createFile(Names.of("one"), 0600).close();
    dir.link(dir, Names.of("one"), Names.of("two"));

    assertThat(dir.stat(Names.of("two")).isSameFile(dir.stat(Names.of("one")))).isTrue();
    assertThat(dir.stat(Names.of("one")).links()).isEqualTo(2);
  }

  @Test
  void aLinkOutOfTheDirectoryResolvesInsideOrFails() throws Exception {
    Files.writeString(outside.resolve("secret"), "secret");
    dir.symlink(Names.of(outside.toString()), Names.of("out"));
    dir.symlink(Names.of("../../../../.."), Names.of("up"));
    byte[] secret = Names.of("out/secret");

    assertFails(Errno.ENOENT, secret, DirFd.Resolve.IN_ROOT);
    assertFails(Errno.EXDEV, secret, DirFd.Resolve.BENEATH);
    assertFails(Errno.ELOOP, secret, DirFd.Resolve.NO_SYMLINKS);
    try (DirFd top = dir.openDir(Names.of("up"), DirFd.Resolve.IN_ROOT)) {
      assertThat(top.self().stat().isSameFile(dir.self().stat())).isTrue();
    }
    assertThatThrownBy(() -> dir.openDir(Names.of("out"))).hasMessageContaining("ENOTDIR");
  }

  @Test
  void aNameWithANulIsRefusedAndNotCutShort() {
    assertThatThrownBy(() -> dir.mkdir(new byte[] {'a', 0, 'b'}, 0700))
        .hasMessageContaining("EINVAL");
    assertThatThrownBy(() -> dir.mkdir(new byte[5000], 0700)).hasMessageContaining("ENAMETOOLONG");
  }

  @Test
  void removingATreeFollowsNothing() throws Exception {
    Files.writeString(outside.resolve("secret"), "secret");
    dir.mkdir(Names.of("tree"), 0700);
    try (DirFd tree = dir.openDir(Names.of("tree"))) {
      tree.symlink(Names.of(outside.toString()), Names.of("out"));
      tree.createFile(NOT_UTF8, 0).close();
      tree.mkdir(Names.of("closed"), 0);
      byte[] deep = new byte[200];
      java.util.Arrays.fill(deep, (byte) 'd');
      DirFd at = tree;
      for (int i = 0; i < 50; i++) {
        at.mkdir(deep, 0700);
        DirFd next = at.openDir(deep);
        if (at != tree) {
          at.close();
        }
        at = next;
      }
      at.close();
    }

    dir.removeTree(Names.of("tree"));

    assertThat(dir.list()).isEmpty();
    assertThat(outside.resolve("secret")).hasContent("secret");
  }

  @Test
  void aTreeGoesThoughOthersStillWriteThereOrRemoveItToo() throws Exception {
    Path tree = base.resolve("tree");
    try (var pool = Executors.newFixedThreadPool(2)) {
      for (int round = 0; round < 30; round++) {
        Path deep = Files.createDirectories(tree.resolve("a/b/c"));
        for (int i = 0; i < 50; i++) {
          Files.createFile(deep.resolve("file-" + i));
        }
        var writer =
            pool.submit(() -> {
              for (int i = 0; i < 50 && Files.isDirectory(deep); i++) {
                try {
                  Files.createFile(deep.resolve("late-" + i));
                } catch (NoSuchFileException e) {
                  return null; // it is gone
                }
              }
              return null;
            });
        var remover =
            pool.submit(() -> {
              try (DirFd other = DirFd.open(base.toString())) {
                other.removeTree(Names.of("tree"));
              }
              return null;
            });
        dir.removeTree(Names.of("tree"));
        writer.get();
        remover.get();
        assertThat(tree).doesNotExist();
      }
    }
  }

  @Test
  void aNewNameIsNotTakenFromAnother() throws Exception {
    dir.mkdir(Names.of("a"), 0700);
    dir.mkdir(Names.of("b"), 0700);

    assertThatThrownBy(() -> dir.renameNew(Names.of("a"), dir, Names.of("b")))
        .hasMessageContaining("EEXIST");
    dir.renameNew(Names.of("a"), dir, Names.of("c"));

    assertThat(dir.stat(Names.of("c")).isDirectory()).isTrue();
  }

  @Test
  void extendedAttributesAreThoseOfTheNameItself() throws Exception {
    try (FileFd file = dir.createFile(Names.of("f"), 0600)) {
      file.setXattr(Names.of("user.one"), new byte[] {1, 0, 2});
    }
    dir.setXattr(Names.of("f"), Names.of("user.two"), new byte[0]);

    List<String> names = new ArrayList<>();
    for (byte[] name : dir.listXattrs(Names.of("f"))) {
      names.add(Names.printable(name));
    }

    assertThat(names).contains("user.one", "user.two");
    assertThat(dir.getXattr(Names.of("f"), Names.of("user.one"))).containsExactly(1, 0, 2);
    assertThat(dir.getXattr(Names.of("f"), Names.of("user.three"))).isNull();
  }

  @Test
  void aLockIsHeldByOneOpenFile() throws Exception {
    dir.createFile(Names.of("lock"), 0600).close();
    try (FileFd one = dir.open(Names.of("lock"), DirFd.O_RDWR, 0, DirFd.Resolve.NO_SYMLINKS);
        FileFd two = dir.open(Names.of("lock"), DirFd.O_RDWR, 0, DirFd.Resolve.NO_SYMLINKS)) {
      assertThat(one.tryLock(true)).isTrue();
      assertThat(two.tryLock(true)).isFalse();
    }
  }

  private void assertFails(Errno errno, byte[] path, DirFd.Resolve resolve) {
    assertThatThrownBy(() -> dir.open(path, DirFd.O_RDONLY, 0, resolve))
        .isInstanceOfSatisfying(KernelException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  @Test
  void ext4TakesTheAdviceThatSubdirectoriesAreUnrelated() throws Exception {
    boolean isTaken = dir.adviseUnrelated();

    assertThat(dir.adviseUnrelated()).isEqualTo(isTaken);
    if (Files.getFileStore(base).type().equals("ext4")) {
      assertThat(isTaken).isTrue();
    }
  }

  @Test
  void adviceThatAFileSystemDoesNotKnowIsNoError() throws Exception {
    try (DirFd proc = DirFd.open("/proc")) {
      assertThat(proc.adviseUnrelated()).isFalse();
    }
  }
}
