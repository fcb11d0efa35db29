package rkt.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** What has to hold of a store whatever was done to the commands that wrote to it. */
final class StoreState {
  private StoreState() {}

  /** Every image that is in the store is whole, and the audit log is one chain. */
  static void assertSound(Rkt rkt, String after) throws Exception {
    Result images = rkt.run("image", "verify");
    assertThat(images.status()).as("%s: %s", after, images).isZero();
    Result audit = rkt.run("audit", "verify");
    assertThat(audit.status()).as("%s: %s", after, audit).isZero();
  }

  /** Removes all images: nothing may stay of them, and no half-written file anywhere. */
  static void assertEmptyAfterGc(Rkt rkt, String after) throws Exception {
    rkt.ok("image", "gc", "--grace-period=0");
    for (String directory :
        List.of("store/tmp", "store/blobs/sha256", "store/blobs/sha512", "images", "trees")) {
      Path path = rkt.data().resolve(directory);
      if (Files.isDirectory(path)) {
        try (Stream<Path> left = Files.list(path)) {
          assertThat(left.toList()).as("%s: what is left in %s", after, directory).isEmpty();
        }
      }
    }
    for (Path path :
        List.of(
            rkt.data().resolve("seccomp"),
            rkt.data().resolve("trust-cache"),
            rkt.home().resolve("local/trustedkeys"))) {
      if (Files.isDirectory(path)) {
        try (Stream<Path> left = Files.list(path)) {
          assertThat(left.filter(file -> file.getFileName().toString().startsWith(".")).toList())
              .as("%s: drafts in %s", after, path)
              .isEmpty();
        }
      }
    }
  }
}
