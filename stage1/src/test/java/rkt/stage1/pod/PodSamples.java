package rkt.stage1.pod;

import java.util.List;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.image.ImageId;

/** Small values for the tests of this package. */
final class PodSamples {
  static final String ID = "9c1e8f52-0d7a-4f6e-8b1d-3a5c7e9f1b2d";
  static final ImageId IMAGE =
      new ImageId(ImageId.Kind.OCI, new Digest(Digest.Algorithm.SHA256, "cd".repeat(32)));

  private PodSamples() {}

  static PodRecord record(String id, String... trees) {
    return new PodRecord(
        id,
        "rkt-" + id,
        "none",
        List.of(),
        List.of(
            new PodRecord.App(
                "web",
                IMAGE,
                new ImageName("example.com/web"),
                List.of("0123456789abcdef0123456789abcdef01234567"),
                List.of(trees),
                List.of(new PodRecord.Isolator("resource/memory", "1048576", "enforced")),
                List.of("stdin", "stdout"))),
        List.of("/sys/fs/cgroup/rkt/" + id + "/web"),
        List.of());
  }
}
