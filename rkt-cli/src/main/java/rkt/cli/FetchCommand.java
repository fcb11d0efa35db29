package rkt.cli;

import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.http.Preparation;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageJson;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.Store;

/** {@code rkt fetch}: brings images into the store, if a trusted key vouches for them. */
final class FetchCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    ImageFinder.describe(spec, FetchFlags.PullPolicy.UPDATE);
    spec.addOption(
        OptionSpec.builder("--full")
            .type(boolean.class)
            .description("Accepted for the sake of old scripts: identifiers are always whole.")
            .build());
    FetchFlags.quiet(spec);
    FetchFlags.text(
        spec,
        FetchFlags.SEED,
        "DURATION",
        "Share an image that came by BitTorrent with others for so long, once it is in the store.");
    ImageArguments.describe(
        spec,
        "1..*",
        "A path, NAME:VERSION, https://HOST/FILE.aci, docker://HOST/NAME:TAG, oci:DIR:TAG,"
            + " oci-archive:FILE, docker-archive:FILE, dir:DIR, https://HOST/FILE.torrent or a"
            + " magnet link.");
  }

  /**
   * Who will ask a server has Java prepare for that while words are parsed and the store is read.
   */
  @Override
  public void prepare(List<String> words, Caller caller) {
    if (words.contains(FetchFlags.OFFLINE)) {
      return;
    }
    for (String word : words) {
      if (isElsewhere(word)) {
        Preparation.begin(caller.environment());
        return;
      }
    }
  }

  /** Whether the word is a URL, or a name with a host, as far as can be told by its look. */
  static boolean isElsewhere(String word) {
    if (word.contains("://")) {
      return !word.startsWith("-") && !word.startsWith("file:");
    }
    int slash = word.indexOf('/');
    return slash > 0 && word.lastIndexOf(':', slash) < 0 && "-.".indexOf(word.charAt(0)) < 0;
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    FetchFlags flags = FetchFlags.of(parsed, FetchFlags.PullPolicy.UPDATE);
    Store store = Store.at(settings.dir());
    ImageGate gate = new ImageGate(settings, caller);
    ImageFinder.Expected expected = ImageFinder.Expected.of(parsed);
    List<String> words = ImageArguments.of(parsed);
    expected.requireOne(words.size());
    boolean isAlone = words.size() == 1;
    ImageFinder finder = new ImageFinder(store, gate, settings, caller, isAlone);
    if (!isAlone) {
      // Before the first: what was printed cannot be taken back when this process starts over.
      caller.compilers().requireFor(Long.MAX_VALUE);
    }
    for (String text : words) {
      Image image = finder.find(text, flags, expected);
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
