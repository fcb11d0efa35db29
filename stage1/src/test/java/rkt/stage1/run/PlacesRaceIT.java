package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.kernel.Descriptors;
import rkt.kernel.DetachedMount;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.kernel.MountFlag;
import rkt.kernel.Mounts;
import rkt.kernel.Names;
import rkt.kernel.Namespace;
import rkt.kernel.Namespaces;
import rkt.kernel.OpenFlag;
import rkt.kernel.Propagation;
import rkt.kernel.Stat;
import rkt.kernel.Terminal;
import rkt.stage1.StageException;

/**
 * What puts an app's root together, 10,000 times for each kind of place, while another process
 * exchanges a directory on the way for a link that leads out, as fast as it can. CVE-2021-30465,
 * CVE-2024-45310, CVE-2025-31133, CVE-2025-52565
 */
@Tag("privileged")
class PlacesRaceIT {
  private static final int ROUNDS = 10_000;

  /** Rounds in one mount namespace, with which their mounts go. */
  private static final int BATCH = 250;

  private static final byte[] MADE = Names.of("made");

  @TempDir static Path tools;
  @TempDir Path temp;

  private Path top;
  private Path sentinel;
  private Path source;
  private List<String> outside = List.of();

  /** Rounds that went through the directory, through the link (inside), and that were refused. */
  private int direct;

  private int linked;
  private int refused;

  @BeforeAll
  static void compileTheFlipper() throws Exception {
    String program = "../tests/probe/flip.c";
    Process gcc =
        new ProcessBuilder("gcc", "-O1", "-o", tools.resolve("flip").toString(), program)
            .inheritIO()
            .start();
    assertThat(gcc.waitFor()).isZero();
  }

  @BeforeEach
  void makeTheWorld() throws Exception {
    Mounts.mount("tmpfs", temp.toString(), "tmpfs", "size=16m"); // a disk would be the slower part
    top = Files.createDirectory(temp.toRealPath().resolve("root"));
    Files.createDirectory(top.resolve("vol"));
    source = Files.createDirectory(temp.toRealPath().resolve("source"));
    sentinel = Files.createDirectory(temp.toRealPath().resolve("sentinel"));
    Files.writeString(sentinel.resolve("secret"), "secret\n");
    Files.writeString(sentinel.resolve("ptmx"), "not a terminal\n");
    Files.createDirectory(sentinel.resolve("outside"));
    outside = listing(sentinel);
  }

  @AfterEach
  void endTheWorld() throws Exception {
    Mounts.unmount(temp.toString(), Mounts.Unmount.LAZY);
  }

  @Test
  void aVolumeIsMountedInsideWhateverItsTargetBecomes() throws Exception {
    try (Flip flip = flip("vol/d", sentinel.toString())) {
      rounds(flip, root -> mountVolume(root, "/vol/d"));
    }

    assertThat(direct).isPositive();
    assertThat(linked).isPositive();
  }

  @Test
  void aDirectoryThatIsMissingIsMadeInside() throws Exception {
    try (Flip flip = flip("vol/d", sentinel.toString());
        DirFd inside = DirFd.open(inside().toString())) {
      rounds(
          flip,
          root -> {
            root.makeDirectory("/vol/d/made");
            direct += remove(flip.real, DirFd::rmdir);
            linked += remove(inside, DirFd::rmdir);
          });
    }

    assertThat(direct).isPositive();
    assertThat(linked).isPositive();
    assertThat(direct + linked + refused).isEqualTo(ROUNDS);
  }

  @Test
  void aFileThatIsMissingIsMadeInside() throws Exception {
    try (Flip flip = flip("vol/d", sentinel.toString());
        DirFd inside = DirFd.open(inside().toString())) {
      rounds(
          flip,
          root -> {
            try {
              root.place("/vol/d/made", false).close();
            } finally {
              direct += remove(flip.real, DirFd::unlink);
              linked += remove(inside, DirFd::unlink);
            }
          });
    }

    assertThat(direct).isPositive();
    assertThat(linked).isPositive();
  }

  @Test
  void aWorkingDirectoryIsFoundInside() throws Exception {
    try (Flip flip = flip("vol/d", sentinel.toString())) {
      rounds(
          flip,
          root -> {
            root.requireDirectory("/vol/d", "choose another");
            assertThatThrownBy(() -> root.requireDirectory("/vol/d/outside", "choose another"))
                .isInstanceOf(StageException.class);
          });
    }

    assertThat(refused).isZero();
  }

  @Test
  void devNullIsOutOfTheReachOfALinkThatComesAndGoes() throws Exception {
    Files.createSymbolicLink(source.resolve("null"), Path.of("/proc/sys/kernel/core_pattern"));
    try (Flip flip = flip("vol/d", "/dev")) {
      rounds(
          flip,
          PlacesRaceIT::mountDev,
          root -> {
            try {
              mountVolume(root, "/vol/d");
            } finally {
              assertNull();
            }
          });
    }

    assertThat(direct).isPositive();
    assertThat(refused).isPositive();
  }

  @Test
  void devAndItsTerminalsAreOursWhateverTheImagesDevBecomes() throws Exception {
    try (Flip flip = flip("dev", sentinel.toString())) {
      rounds(
          flip,
          root -> {
            mountDev(root);
            try (Terminal.Pair pair = Terminal.open(root.terminals())) {
              Stat console = Descriptors.stat(pair.peer());
              assertThat(console.mode() & Stat.S_IFMT).isEqualTo(Stat.S_IFCHR);
              assertThat(console.rdev() >> 32).isEqualTo(136);
            }
            direct++;
          });
    }

    assertThat(direct).isPositive();
    assertThat(refused).isPositive();
  }

  private static void mountDev(AppRoot root) throws StageException, KernelException {
    try (HostDevices devices = HostDevices.open()) {
      root.mountDev(devices);
    }
  }

  /** A round that fails with a {@link StageException} was refused, which is an answer. */
  private interface Round {
    void run(AppRoot root) throws StageException, KernelException;
  }

  private interface Removal {
    void in(DirFd directory, byte[] name) throws KernelException;
  }

  private void rounds(Flip flip, Round round) throws Exception {
    rounds(flip, root -> {}, round);
  }

  private void rounds(Flip flip, Round once, Round round) throws Exception {
    for (int begin = 0; begin < ROUNDS; begin += BATCH) {
      inNamespace(() -> {
        try (AppRoot first = root()) {
          once.run(first);
        }
        for (int i = 0; i < BATCH; i++) {
          try (AppRoot root = root()) {
            round.run(root);
          } catch (StageException e) {
            refused++;
          }
        }
      });
      assertThat(listing(sentinel)).isEqualTo(outside);
    }
    assertThat(flip.process.isAlive()).as("names were exchanged all the time").isTrue();
  }

  private AppRoot root() throws KernelException {
    return AppRoot.of("app", DirFd.open(top.toString()));
  }

  private void mountVolume(AppRoot root, String target) throws StageException, KernelException {
    try (Fd open = Descriptors.open(source.toString(), OpenFlag.PATH);
        DetachedMount volume = DetachedMount.cloneOfThisOnly(open);
        Place place = root.place(target, true)) {
      root.mount(volume, place, target, AppRoot.Keeper.HOST);
      try (DirFd descriptors = DirFd.open("/proc/self/fd")) {
        byte[] number = Names.of(Integer.toString(volume.fd().number()));
        String at = Names.bytewise(descriptors.readlink(number));
        assertThat(at).startsWith(top + "/");
        direct += at.startsWith(top + "/vol/") ? 1 : 0;
        linked += at.startsWith(inside().toString()) ? 1 : 0;
      }
    }
  }

  private static int remove(DirFd directory, Removal removal) throws KernelException {
    try {
      removal.in(directory, MADE);
      return 1;
    } catch (KernelException e) {
      assertThat(e.errno()).isEqualTo(Errno.ENOENT);
      return 0;
    }
  }

  private void assertNull() throws KernelException {
    try (DirFd dev = DirFd.open(top.resolve("dev").toString())) {
      assertThat(dev.stat(Names.of("null")).rdev()).isEqualTo(1L << 32 | 3);
    }
  }

  /** Where the link leads when it is followed inside the root. */
  private Path inside() {
    return top.resolve(sentinel.toString().substring(1));
  }

  /**
   * A name that is a directory at one moment, and at the next a link.
   *
   * @param real the directory, whatever it is called by now
   */
  private record Flip(Process process, DirFd real) implements AutoCloseable {
    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
      real.close();
    }
  }

  private Flip flip(String name, String target) throws Exception {
    Files.createDirectories(inside());
    Path directory = Files.createDirectory(top.resolve(name));
    DirFd real = DirFd.open(directory.toString());
    Path link = Files.createSymbolicLink(directory.resolveSibling("link"), Path.of(target));
    Process process =
        new ProcessBuilder(tools.resolve("flip").toString(), directory.toString(), link.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(process.inputReader().readLine()).isEqualTo("flipping");
    return new Flip(process, real);
  }

  private interface Work {
    void run() throws Exception;
  }

  /** On a thread with a mount namespace of its own, in which every new mount has to be inside. */
  private void inNamespace(Work work) throws Exception {
    Namespaces.prepare();
    Throwable[] failure = new Throwable[1];
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try {
                Namespaces.unshare(Namespace.MOUNT);
                Mounts.propagate("/", Propagation.PRIVATE);
                List<String> before = mountPoints();
                Mounts.mount(top.toString(), top.toString(), null, null, MountFlag.BIND);
                work.run();
                List<String> made = mountPoints();
                made.removeAll(before);
                assertThat(made).allMatch(point -> (point + "/").startsWith(top + "/"));
              } catch (Throwable e) {
                failure[0] = e;
              }
            });
    thread.join();
    if (failure[0] != null) {
      throw new AssertionError(failure[0].getMessage(), failure[0]);
    }
  }

  private static List<String> mountPoints() throws IOException {
    List<String> points = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("/proc/thread-self/mountinfo"))) {
      points.add(line.split(" ", -1)[4]);
    }
    return points;
  }

  private static List<String> listing(Path directory) throws IOException {
    List<String> entries = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        entries.add(
            path
                + " "
                + Files.readAttributes(
                    path, "unix:mode,uid,gid,size,nlink,ctime", LinkOption.NOFOLLOW_LINKS));
      }
    }
    return entries;
  }
}
