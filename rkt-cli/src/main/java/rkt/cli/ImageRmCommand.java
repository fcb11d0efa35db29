package rkt.cli;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.stage1.render.TreeCache;

/** {@code rkt image rm}: removes images, and the rendered trees that only they used. */
final class ImageRmCommand implements Command {
  private static final String FORCE = "--force";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addOption(
        OptionSpec.builder(FORCE)
            .type(boolean.class)
            .description("Remove an image even if a pod is prepared to run it.")
            .build());
    ImageArguments.describe(spec, "1..*", "An image in the store, by name or identifier.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    Store store = Store.at(settings.dir());
    Set<ImageId> images = new LinkedHashSet<>();
    for (String text : ImageArguments.of(parsed)) {
      images.add(ImageArguments.stored(store, text));
    }
    try (TreeCache.Pause _ = Trees.of(settings, store).pausePods()) {
      ImageUse use = ImageUse.of(settings, store);
      for (ImageId id : images) {
        use.requireUnused(id, images, parsed.hasMatchedOption(FORCE));
      }
      // Nothing goes unless all may go.
      while (!images.isEmpty()) {
        ImageId id = next(images, use);
        store.remove(id);
        use.removed(id);
        images.remove(id);
        format.print(caller.out(), "id", id.toString());
      }
    }
    Trees.removeUnneeded(settings, store);
    return 0;
  }

  /** One that no other depends on: whenever this is killed, what is left has all that it needs. */
  private static ImageId next(Set<ImageId> images, ImageUse use) {
    for (ImageId id : images) {
      if (!use.isDependedOn(id)) {
        return id;
      }
    }
    return images.iterator().next();
  }
}
