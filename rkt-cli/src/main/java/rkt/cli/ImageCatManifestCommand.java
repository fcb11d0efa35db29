package rkt.cli;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.OciManifest;
import rkt.spec.json.JsonText;
import rkt.spec.store.Store;

/** {@code rkt image cat-manifest}: the manifest of an image, as its author wrote it. */
final class ImageCatManifestCommand implements Command {
  private static final String PRETTY = "--pretty-print";

  @Override
  public void describe(CommandSpec spec) {
    ImageArguments.describe(spec, "1", "An image in the store, by name or identifier.");
    spec.addOption(
        OptionSpec.builder(PRETTY)
            .type(boolean.class)
            .arity("0..1")
            .fallbackValue("true")
            .description("Indent it. Usually true; false prints its exact bytes.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Store store = Store.at(settings.dir());
    Image image = store.image(ImageArguments.stored(store, ImageArguments.of(parsed).get(0)));
    byte[] document = document(store, image);
    if (parsed.matchedOptionValue(PRETTY, true)) {
      caller.out().println(JsonText.indent(document, "the manifest of " + image.id()));
    } else {
      caller.out().write(document);
    }
    return 0;
  }

  /** The manifest as its author wrote it: that under which we keep an ACI is ours. */
  static byte[] document(Store store, Image image) throws SpecException {
    byte[] document = store.read(image.manifest());
    return image.id().kind() == ImageId.Kind.ACI
        ? store.read(
            OciManifest.parse(document, null, "the manifest of " + image.id()).config().digest())
        : document;
  }
}
