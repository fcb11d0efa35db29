package rkt.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.stage1.pack.ImageExport;

/** {@code rkt image export}: writes an image of the store to a file or a layout of its own. */
final class ImageExportCommand implements Command {
  private static final String FORMAT = "--format";
  private static final String NAME = "--image-name";

  @Override
  public void describe(CommandSpec spec) {
    Words.option(
        spec,
        FORMAT,
        "FORMAT",
        "aci, oci, oci-archive or docker-archive. Usually its own: aci, oci.");
    Words.option(spec, NAME, "NAME", "What an OCI image is called as an ACI. Usually as it is.");
    Words.flag(spec, Words.OVERWRITE, "Replace what is there.");
    Words.describe(spec, "IMAGE OUT", "2", "An image in the store, and the file or directory.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    List<String> words = Words.exactly(parsed, 2, "IMAGE and OUT");
    Store store = Store.at(settings.dir());
    ImageId id = ImageArguments.stored(store, words.get(0));
    ImageExport export = new ImageExport(store, Trees.of(settings, store));
    caller.compilers().requireFor(Long.MAX_VALUE);
    try {
      export.write(
          id,
          format(parsed, id),
          name(parsed),
          Path.of(words.get(1)).toAbsolutePath().normalize(),
          parsed.hasMatchedOption(Words.OVERWRITE));
    } catch (RktException e) {
      throw ImageArguments.unlessRemoved(store, id, e);
    }
    for (String note : export.notes()) {
      caller.err().println("note: " + note);
    }
    return 0;
  }

  private static ImageExport.Format format(ParseResult parsed, ImageId id) throws UsageException {
    String wanted = parsed.matchedOptionValue(FORMAT, id.kind().name().toLowerCase(Locale.ROOT));
    for (ImageExport.Format format : ImageExport.Format.values()) {
      if (format.label().equals(wanted)) {
        return format;
      }
    }
    throw new UsageException(
        FORMAT + " does not know \"" + wanted + "\"", "aci, oci, oci-archive or docker-archive");
  }

  private static Optional<ImageName> name(ParseResult parsed) throws UsageException {
    String name = parsed.matchedOptionValue(NAME, "");
    try {
      return name.isEmpty() ? Optional.empty() : Optional.of(new ImageName(name));
    } catch (IllegalArgumentException e) {
      throw new UsageException(NAME + ": " + e.getMessage(), null);
    }
  }
}
