package rkt.stage1.run;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.image.App;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.verify.Verifier;

/** Small values for the tests of this package. */
final class Samples {
  static final ImageId ID =
      new ImageId(ImageId.Kind.ACI, new Digest(Digest.Algorithm.SHA512, "ab".repeat(64)));

  private Samples() {}

  static Image image(Map<String, String> isolators) {
    App app =
        new App(
            List.of("/bin/web"),
            List.of(),
            "0",
            "0",
            List.of(),
            "/",
            Map.of(),
            List.of(),
            isolators,
            15);
    return new Image(
        ID, new ImageName("example.com/web"), ID.digest(), ID.digest(), List.of(), app, Map.of());
  }

  /** An app called web with these isolators, and limits from the command line. */
  static AppRequest app(
      Map<String, String> isolators, OptionalLong memoryBytes, OptionalLong cpuMillis) {
    Image image = image(isolators);
    return new AppRequest(
        "web",
        image,
        Verifier.bypass(image.id(), image.name()),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        List.of(),
        false,
        memoryBytes,
        cpuMillis,
        List.of());
  }
}
