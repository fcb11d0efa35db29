package rkt.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;

/** Images as arguments of a command. */
final class ImageArguments {
  private ImageArguments() {}

  static void describe(CommandSpec spec, String arity, String description) {
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity(arity)
            .required(true)
            .paramLabel("IMAGE")
            .description(description)
            .build());
  }

  /** At least one. */
  static List<String> of(ParseResult parsed) throws UsageException {
    List<String> images = parsed.matchedPositionalValue(0, List.of());
    if (images.isEmpty()) {
      throw new UsageException("no image given", "rkt image list shows those in the store");
    }
    return images;
  }

  /** The stored image that {@code text} names. */
  static ImageId stored(Store store, String text) throws SpecException {
    return store
        .find(text)
        .orElseThrow(() ->
            SpecException.notFound(
                "no image \"" + text + "\" in the store",
                "rkt image list shows what is there; rkt fetch brings more"));
  }
}
