package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.store.Store;

/** A store on a disk that is too small, in a mount namespace of its own. */
@Tag("privileged")
final class DiskFullIT {
  @TempDir Path directory;

  @Test
  void aFullDiskIsNamedLeavesNothingBehindAndCanBeTriedAgain() throws Exception {
    byte[] layer = new byte[4 << 20];
    new Random(1).nextBytes(layer);
    try (FakeRegistry registry = new FakeRegistry(layer)) {
      for (String need : List.of("size=64k", "size=1m", "size=4m", "nr_inodes=12")) {
        Path data = Files.createDirectory(directory.resolve(need.replace('=', '-')));
        String script =
            """
            mount -t tmpfs -o %s,mode=0700 tmpfs "$0" || exit 99
            "$@"; echo "status $?"
            (cd "$0" && find store/tmp store/blobs/sha256 images -mindepth 1)
            mount -o remount,size=64m,nr_inodes=1000 "$0"
            "$@"; echo "again $?"
            """
                .formatted(need);
        List<String> command =
            new ArrayList<>(List.of("unshare", "-m", "sh", "-c", script, data.toString()));
        command.addAll(Tool.rktFetch(data, registry.reference()));
        Tool.Result result = Tool.run(command);
        assertThat(result.output().lines().toList())
            .as(need + ": " + result.output())
            .satisfiesExactly(
                line -> assertThat(line).startsWith("system: ").contains("No space left"),
                line -> assertThat(line).isEqualTo("status 15"),
                line -> assertThat(line).startsWith("sha256:"),
                line -> assertThat(line).isEqualTo("again 0"));
      }
    }
    try (Stream<Path> left = Files.walk(directory)) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
    assertThat(Store.at(directory).list()).isEmpty();
  }
}
