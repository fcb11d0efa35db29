package rkt.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.FetchOptions;
import rkt.fetch.Fetched;
import rkt.fetch.Fetcher;
import rkt.fetch.ImageRef;
import rkt.spec.ErrorClass;
import rkt.spec.Printable;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.archive.AciContent;
import rkt.spec.archive.AciReader;
import rkt.spec.archive.ArchiveKind;
import rkt.spec.image.AciManifest;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.Layer;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.Store;
import rkt.stage1.render.Aside;
import rkt.stage1.render.BlobSource;
import rkt.stage1.render.LayerCheck;
import rkt.stage1.render.Limits;

/** {@code rkt image validate}: whether a file is an image as its specification and rkt want it. */
final class ImageValidateCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    Words.describe(
        spec,
        "FILE",
        "1..*",
        "An ACI, an OCI archive, a docker archive, or the directory of an OCI layout.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    int invalid = 0;
    List<String> files = ImageArguments.of(parsed);
    caller.compilers().requireFor(Long.MAX_VALUE);
    for (String file : files) {
      try {
        ImageId id = validate(Path.of(file).toAbsolutePath().normalize(), caller);
        print(format, caller, file, id.toString(), "");
      } catch (RktException e) {
        if (e.errorClass() != ErrorClass.INTEGRITY && e.errorClass() != ErrorClass.USAGE) {
          throw e;
        }
        invalid++;
        print(format, caller, file, "", e.getMessage());
      }
    }
    if (invalid > 0) {
      throw SpecException.integrity(invalid + " of " + files.size() + " images are not valid");
    }
    return 0;
  }

  private static ImageId validate(Path file, Caller caller) throws RktException, IOException {
    ArchiveKind kind = ArchiveKind.of(file);
    return kind == ArchiveKind.ACI ? aci(file) : oci(kind.prefix() + file, caller);
  }

  private static ImageId aci(Path file) throws RktException, IOException {
    if (!file.toString().endsWith(".aci")) {
      throw SpecException.usage(file + ": the name of an ACI ends in .aci");
    }
    AciContent content = new AciReader(file.toString()).read(file);
    AciManifest.parse(content.manifest());
    // Named by what it unpacks to: the digest of the file itself is of no interest here.
    Layer layer = new Layer(content.id(), Files.size(file), content.compression(), content.id());
    LayerCheck.check(layer, _ -> Files.newInputStream(file), Limits.DEFAULT, true);
    return new ImageId(ImageId.Kind.ACI, content.id());
  }

  /** In a store of its own, which goes away. */
  private static ImageId oci(String text, Caller caller) throws RktException, IOException {
    Path parent = Path.of(caller.environment().getOrDefault("TMPDIR", "/tmp")).toAbsolutePath();
    try (Aside aside = Aside.in(parent)) {
      Store store = Store.at(aside.path());
      ImageRef reference = ImageRef.parse(text, Path.of("/"));
      FetchOptions options = FetchOptions.of(caller.environment());
      try (Fetched fetched = new Fetcher(store, options, caller.clock()).fetch(reference)) {
        Image image = fetched.image();
        fetched.commit(true, Map.of());
        for (Layer layer : image.layers()) {
          LayerCheck.check(layer, BlobSource.of(store), Limits.DEFAULT, false);
        }
        return image.id();
      }
    }
  }

  private static void print(Format format, Caller caller, String file, String id, String problem) {
    if (format.isJson()) {
      JsonWriter json = format.writer().object().put("version", 1).put("file", file);
      json.put("valid", problem.isEmpty());
      caller
          .out()
          .println((problem.isEmpty() ? json.put("id", id) : json.put("problem", problem)).end());
    } else {
      caller
          .out()
          .println(
              Printable.of(
                  file + (problem.isEmpty() ? ": valid, " + id : ": not valid: " + problem)));
    }
  }
}
