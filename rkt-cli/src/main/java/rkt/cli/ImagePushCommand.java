package rkt.cli;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.ImageRef;
import rkt.fetch.Pusher;
import rkt.fetch.display.Display;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.store.Store;

/** {@code rkt image push}: uploads an image of the store, with its signatures, to a registry. */
final class ImagePushCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    Words.describe(spec, "IMAGE TARGET", "2", "An image in the store, and docker://HOST/NAME:TAG.");
    FetchFlags.quiet(spec);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    List<String> words = Words.exactly(parsed, 2, "IMAGE and docker://HOST/NAME:TAG");
    Store store = Store.at(settings.dir());
    Image image = store.image(ImageArguments.stored(store, words.get(0)));
    if (!(ImageRef.parse(words.get(1), Path.of("/")) instanceof ImageRef.Registry target)) {
      throw new UsageException(
          "cannot push to \"" + words.get(1) + "\"", "name a registry: docker://HOST/NAME:TAG");
    }
    caller.compilers().requireFor(Long.MAX_VALUE);
    FetchFlags flags = FetchFlags.of(parsed, FetchFlags.PullPolicy.UPDATE);
    try (Display display = flags.display(caller)) {
      new Pusher(store, flags.options(settings, caller).withProgress(display)).push(image, target);
    } catch (RktException e) {
      throw ImageArguments.unlessRemoved(store, image.id(), e);
    }
    format.print(caller.out(), "id", image.id().toString());
    return 0;
  }
}
