package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is mounted in a directory that goes is not removed with it. spec/pod.md#collection */
@Tag("privileged")
class MountedTreesIT extends PodTests {
  private Path precious;

  @BeforeAll
  void somethingOfTheHost() throws Exception {
    precious = Files.createDirectories(rkt.home().resolve("precious/deep"));
    Files.writeString(precious.resolve("file"), "kept");
  }

  /** With {@code precious} mounted at {@code point}, where the host does not see it. */
  private Call mounted(Path point, Call call) {
    return call.under(
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"",
        "sh",
        precious.getParent().toString(),
        point.toString());
  }

  private void assertKept(Result refused, Path point) {
    assertThat(refused.status()).as("%s", refused).isEqualTo(254);
    Rkt.assertRefusalText("system", refused);
    assertThat(refused.err()).contains(point.toString());
    assertThat(precious.resolve("file")).hasContent("kept");
  }

  @Test
  void gcStopsAtAMountInAPodAndGoesOnWithOtherPods() throws Exception {
    rkt.assertNothingIsLeftAfterGc();
    sh("true");
    sh("true");
    List<String> pods = rkt.uuids();
    rkt.ok("gc", "--mark-only");
    Path garbage = rkt.data().resolve("pods/exited-garbage");
    // The first that is met, so that it is the other that has to go all the same.
    String kept = order(garbage).getFirst();
    Path point = Files.createDirectories(garbage.resolve(kept).resolve("left/mount"));

    Result refused = mounted(point, rkt.call("gc", "--grace-period=0s")).run();

    assertKept(refused, point);
    assertThat(refused.err()).contains("umount");
    pods.remove(kept);
    assertThat(refused.out().lines()).containsExactlyElementsOf(pods);
    assertThat(rkt.uuids()).containsExactly(kept);
    rkt.ok("gc", "--grace-period=0s");
    assertThat(rkt.uuids()).isEmpty();
  }

  private static List<String> order(Path directory) throws Exception {
    try (Stream<Path> names = Files.list(directory)) {
      return names.map(name -> name.getFileName().toString()).toList();
    }
  }

  @Test
  void rmStopsAtAMountInAPod() throws Exception {
    rkt.assertNothingIsLeftAfterGc();
    sh("true");
    String pod = rkt.uuids().getFirst();
    Path point = Files.createDirectories(rkt.data().resolve("pods/run").resolve(pod).resolve("m"));
    Result refused = mounted(point, rkt.call("rm", pod)).run();
    assertThat(refused.status()).as("%s", refused).isEqualTo(254);
    assertThat(precious.resolve("file")).hasContent("kept");
    rkt.ok("gc", "--grace-period=0s");
    assertThat(rkt.uuids()).isEmpty();
  }

  @Test
  void imageGcRemovesNothingThroughAMountInWhatAKilledFetchLeft() throws Exception {
    Path left = rkt.data().resolve("store/tmp/1-1-00000000000000000000000000000000");
    Path point = Files.createDirectories(left.resolve("mount"));
    assertKept(mounted(point, rkt.call("image", "gc")).run(), point);
    rkt.ok("image", "gc");
    assertThat(left).doesNotExist();
  }

  @Test
  void imageGcRemovesNothingThroughAMountInWhatAKilledRenderLeft() throws Exception {
    Path left = rkt.data().resolve("trees/tmp-0123456789abcdef");
    Path point = Files.createDirectories(left.resolve("mount"));
    assertKept(mounted(point, rkt.call("image", "gc")).run(), point);
    rkt.ok("image", "gc");
    assertThat(left).doesNotExist();
  }

  @Test
  void aDirectoryThatIsReplacedIsNotRemovedThroughAMount() throws Exception {
    Path parent = Files.createDirectories(rkt.home().resolve("rendered"));
    Path target = parent.resolve("target");
    Path point = Files.createDirectories(target.resolve("mount"));
    Call render = rkt.call("image", "render", "--overwrite", image, target.toString());
    Result refused = mounted(point, render).run();
    assertThat(refused.status()).as("%s", refused).isEqualTo(254);
    assertThat(precious.resolve("file")).hasContent("kept");
    assertThat(target.resolve("rootfs/bin/busybox")).exists();
    rkt.ok("image", "render", "--overwrite", image, target.toString());
    try (Stream<Path> names = Files.list(parent)) {
      assertThat(names).containsExactly(target);
    }
  }
}
