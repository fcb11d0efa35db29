package rkt.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;

/** Images as arguments of a command. */
final class ImageArguments {
  private ImageArguments() {}

  static void describe(CommandSpec spec, String arity, String description) {
    describe(spec, arity, true, description);
  }

  /** For a command that takes all images where none is named. */
  static void describeOptional(CommandSpec spec, String description) {
    describe(spec, "0..*", false, description);
  }

  private static void describe(
      CommandSpec spec, String arity, boolean required, String description) {
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity(arity)
            .required(required)
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

  /** Those named, or all in the store. */
  static List<ImageId> namedOrAll(ParseResult parsed, Store store) throws SpecException {
    List<String> words = parsed.matchedPositionalValue(0, List.of());
    List<ImageId> ids = new ArrayList<>();
    if (words.isEmpty()) {
      ids.addAll(store.ids());
    }
    for (String word : words) {
      ids.add(stored(store, word));
    }
    return ids;
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

  /** Why something failed about an image: {@code e}, or that somebody has removed it meanwhile. */
  static RktException unlessRemoved(Store store, ImageId id, RktException e) throws SpecException {
    if (store.isHere(id)) {
      return e;
    }
    SpecException removed =
        SpecException.notFound(
            "the image " + id + " was removed from the store meanwhile", "fetch it again");
    removed.addSuppressed(e);
    return removed;
  }
}
