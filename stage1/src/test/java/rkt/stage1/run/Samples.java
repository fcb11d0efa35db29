package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

  /** An app called web with these isolators of its image, and then those of a user. */
  static AppRequest app(Map<String, String> ofImage, Isolator... ofUser) {
    Image image = image(ofImage);
    List<Isolator> isolators = new ArrayList<>();
    for (Map.Entry<String, String> isolator : ofImage.entrySet()) {
      isolators.add(new Isolator(isolator.getKey(), isolator.getValue(), Isolator.Origin.IMAGE));
    }
    isolators.addAll(List.of(ofUser));
    return new AppRequest(
        "web",
        image,
        Verifier.bypass(image.id(), image.name()),
        List.of(),
        image.app(),
        ProcessRequest.UNCHANGED,
        isolators,
        StorageRequest.PLAIN,
        Metadata.NONE);
  }
}
