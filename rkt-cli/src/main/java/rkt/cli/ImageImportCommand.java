package rkt.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.archive.ArchiveKind;
import rkt.spec.image.Image;
import rkt.spec.image.ImageJson;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.Store;

/**
 * {@code rkt image import}: brings images from files, of whatever kind they are, into the store,
 * through the same gate as a fetch.
 */
final class ImageImportCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    ImageFinder.describe(spec, FetchFlags.PullPolicy.UPDATE);
    Words.describe(
        spec,
        "FILE",
        "1..*",
        "An ACI, an OCI archive, a docker archive, or the directory of an OCI layout.");
    FetchFlags.quiet(spec);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    FetchFlags flags = FetchFlags.of(parsed, FetchFlags.PullPolicy.UPDATE);
    Store store = Store.at(settings.dir());
    ImageFinder.Expected expected = ImageFinder.Expected.of(parsed);
    List<String> words = ImageArguments.of(parsed);
    expected.requireOne(words.size());
    boolean isAlone = words.size() == 1;
    ImageFinder finder =
        new ImageFinder(store, new ImageGate(settings, caller), settings, caller, isAlone);
    for (String word : words) {
      Path file = Path.of(word).toAbsolutePath().normalize();
      Image image = finder.find(ArchiveKind.of(file).prefix() + file, flags, expected);
      if (format.isJson()) {
        JsonWriter json = format.writer().object();
        ImageJson.members(image, json);
        caller.out().println(json.end());
      } else {
        caller.out().println(image.id());
      }
    }
    return 0;
  }
}
