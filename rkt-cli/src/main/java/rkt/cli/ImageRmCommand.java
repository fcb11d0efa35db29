package rkt.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** {@code rkt image rm}: removes images, and the rendered trees that only they used. */
final class ImageRmCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    ImageArguments.describe(spec, "1..*", "An image in the store, by name or identifier.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    Store store = Store.at(settings.dir());
    for (String text : ImageArguments.of(parsed)) {
      ImageId id = ImageArguments.stored(store, text);
      requireUnused(id, settings);
      store.remove(id);
      format.print(caller.out(), "id", id.toString());
    }
    Trees.removeUnneeded(settings, store);
    return 0;
  }

  /** The trees of an image are the roots of its pods: they must not go while one runs. */
  private static void requireUnused(ImageId id, Settings settings) throws RktException {
    for (PodView pod : new Pods(settings.dir()).list()) {
      Optional<PodRecord> record = pod.isRunning() ? pod.readableRecord() : Optional.empty();
      for (PodRecord.App app :
          record.isPresent() ? record.get().apps() : List.<PodRecord.App>of()) {
        if (app.image().equals(id)) {
          throw new UsageException(
              "cannot remove image " + id + ": pod " + pod.id() + " runs it",
              "rkt stop " + pod.id());
        }
      }
    }
  }
}
