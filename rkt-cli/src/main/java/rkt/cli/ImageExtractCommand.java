package rkt.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.store.Store;
import rkt.stage1.pack.OutputDirectory;
import rkt.stage1.render.BlobSource;
import rkt.stage1.render.FlatRender;
import rkt.stage1.render.Limits;

/**
 * {@code rkt image extract} and {@code rkt image render}: an image as a directory; the first
 * without, the second with what it depends on.
 */
final class ImageExtractCommand implements Command {
  private static final String ROOTFS_ONLY = "--rootfs-only";

  private final boolean withDependencies;

  ImageExtractCommand(boolean withDependencies) {
    this.withDependencies = withDependencies;
  }

  @Override
  public void describe(CommandSpec spec) {
    Words.flag(spec, ROOTFS_ONLY, "Write the root file system itself, without the manifest.");
    Words.flag(spec, Words.OVERWRITE, "Replace what is there.");
    Words.describe(spec, "IMAGE DIR", "2", "An image in the store, and a directory to be made.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    List<String> words = Words.exactly(parsed, 2, "IMAGE and DIR");
    Store store = Store.at(settings.dir());
    Image image = store.image(ImageArguments.stored(store, words.get(0)));
    Image written = withDependencies ? image : image.alone();
    boolean rootfsOnly = parsed.hasMatchedOption(ROOTFS_ONLY);
    try {
      byte[] manifest = ImageCatManifestCommand.document(store, image);
      caller.compilers().requireFor(Long.MAX_VALUE);
      FlatRender render = new FlatRender(BlobSource.of(store), Limits.DEFAULT);
      OutputDirectory.write(
          Path.of(words.get(1)).toAbsolutePath().normalize(),
          parsed.hasMatchedOption(Words.OVERWRITE),
          directory -> {
            render.write(written, directory.resolve("rootfs"));
            Files.write(directory.resolve("manifest"), manifest);
            return rootfsOnly ? directory.resolve("rootfs") : directory;
          });
    } catch (RktException e) {
      throw ImageArguments.unlessRemoved(store, image.id(), e);
    }
    return 0;
  }
}
