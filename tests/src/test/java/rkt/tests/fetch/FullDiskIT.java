package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** A data directory on a disk that is too small, in a mount namespace of its own. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class FullDiskIT {
  private Rkt rkt;
  private Path aci;
  private Path layout;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    Images.trust(rkt);
    byte[] noise = new byte[2 << 20];
    new Random(1).nextBytes(noise);
    aci = Images.busybox().file("noise", 0644, noise).exec("/bin/sh").make();
    layout = rkt.home().resolve("layout");
    OciImage.of(new OciImage.Tar().program("noise", noise)).write(layout, "1");
  }

  @AfterAll
  void close() throws Exception {
    rkt.close();
  }

  /** 5 MiB hold the image, and not what is unpacked of it. */
  @ParameterizedTest
  @ValueSource(
      strings = {"size=16k", "size=200k", "size=2m", "size=5m", "nr_inodes=8", "nr_inodes=20"})
  void aFullDiskIsNamedLeavesNothingAndCanBeTriedAgain(String limit) throws Exception {
    assertFullThenFine(limit, "run", "--net=none", aci.toString(), "--", "-c", "exit 0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"size=16k", "size=1m", "nr_inodes=8", "nr_inodes=13"})
  void soForAnImageOfALayout(String limit) throws Exception {
    assertFullThenFine(
        limit,
        "--insecure-options=image",
        "fetch",
        "--image-name=example.com/it/x",
        "oci:" + layout + ":1");
  }

  private void assertFullThenFine(String limit, String... words) throws Exception {
    Path data = Files.createTempDirectory(rkt.home(), "data-");
    String script =
        """
        dir=$1; shift
        mount -t tmpfs -o mode=700,%s tmpfs "$dir" || exit 99
        "$@"; echo "status $?" >&2
        (cd "$dir" && find store/tmp store/blobs images trees pods -mindepth 1 2>/dev/null |
          grep -Ev '^(store/blobs/sha(256|512)|pods/[a-z-]*|trees/[.a-z]*)$') >&2
        mount -o remount,size=128m,nr_inodes=5000 "$dir"
        "$@"; echo "again $?" >&2
        """
            .formatted(limit);
    Result result =
        rkt.withData(data)
            .call(words)
            .under("unshare", "-m", "sh", "-c", script, "sh", data.toString())
            .run();
    List<String> lines = new ArrayList<>(result.err().lines().toList());
    lines.removeIf(line -> line.endsWith(" bytes") || line.startsWith("warning: "));
    assertThat(lines).as("%s", result).hasSizeGreaterThanOrEqualTo(3);
    assertThat(lines.get(0)).as("%s", result).matches("system: .*(No space|ENOSPC).*");
    lines.removeIf(line -> line.startsWith("  fix: "));
    assertThat(lines.get(1)).as("%s", result).isEqualTo("status 254");
    // What was fetched and verified before may stay; what was not finished may not.
    assertThat(lines.subList(2, lines.size() - 1))
        .as("%s", result)
        .allMatch(line -> line.startsWith("images/") || line.startsWith("store/blobs/"));
    assertThat(lines.getLast()).as("%s", result).isEqualTo("again 0");
  }
}
