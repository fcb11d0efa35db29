package rkt.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.ErrorClass;
import rkt.spec.Printable;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.BlobReport;
import rkt.spec.store.ImageReport;
import rkt.spec.store.Store;
import rkt.stage1.render.TreeCache;
import rkt.stage1.render.TreeReport;

/** {@code rkt image verify}: whether the store and the trees still are what was admitted. */
final class ImageVerifyCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    ImageArguments.describeOptional(
        spec, "An image in the store, by name or identifier. Usually all.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    Store store = Store.at(settings.dir());
    List<ImageId> ids = ImageArguments.namedOrAll(parsed, store);
    int damaged = 0;
    caller.compilers().requireFor(Long.MAX_VALUE);
    boolean named = parsed.hasMatchedPositional(0);
    for (ImageId id : ids) {
      ImageReport report;
      List<TreeReport> trees;
      try {
        report = store.check(id);
        trees = trees(report, settings, store);
      } catch (RktException e) {
        if (!named && !store.isHere(id)) {
          continue; // Somebody has removed it since the list was made.
        }
        throw ImageArguments.unlessRemoved(store, id, e);
      }
      boolean intact = report.isIntact() && trees.stream().allMatch(ImageVerifyCommand::isFine);
      damaged += intact ? 0 : 1;
      if (format.isJson()) {
        caller.out().println(json(format, report, trees, intact));
      } else {
        print(report, trees, intact, caller);
      }
    }
    if (damaged > 0) {
      throw SpecException.integrity(
          damaged + " of " + ids.size() + " images are damaged",
          "nothing was repaired: rkt image rm them, find out who wrote there, and fetch them again");
    }
    return 0;
  }

  /** The trees of an image whose layers are right can be compared with them. */
  private static List<TreeReport> trees(ImageReport report, Settings settings, Store store)
      throws RktException {
    Image image;
    try {
      image = store.image(report.id());
    } catch (SpecException e) {
      if (e.errorClass() == ErrorClass.INTEGRITY || e.errorClass() == ErrorClass.NOT_FOUND) {
        return List.of(); // reported already
      }
      throw e;
    }
    return report.isIntact() ? Trees.of(settings, store).check(image) : TreeCache.unchecked(image);
  }

  private static boolean isFine(TreeReport tree) {
    return tree.state() == TreeReport.State.INTACT || tree.state() == TreeReport.State.ABSENT;
  }

  private static void print(
      ImageReport report, List<TreeReport> trees, boolean intact, Caller caller) {
    caller.out().println(report.id() + (intact ? " intact" : " damaged"));
    if (!report.record().isEmpty()) {
      caller.out().println("  " + Printable.of(report.record()));
    }
    for (BlobReport blob : report.blobs()) {
      if (blob.state() != BlobReport.State.INTACT) {
        caller.out().println("  blob " + blob.digest() + " is " + blob.state().label());
      }
    }
    for (TreeReport tree : trees) {
      for (TreeReport.Finding finding : tree.findings()) {
        caller
            .out()
            .println("  tree " + tree.name() + ": " + finding.path() + " " + finding.what());
      }
    }
  }

  private static JsonWriter json(
      Format format, ImageReport report, List<TreeReport> trees, boolean intact) {
    JsonWriter json = format.writer().object();
    json.put("version", 1).put("id", report.id().toString()).put("intact", intact);
    if (!report.record().isEmpty()) {
      json.put("record", report.record());
    }
    json.array("blobs");
    for (BlobReport blob : report.blobs()) {
      json.object().put("digest", blob.digest().toString()).put("state", blob.state().label());
      json.end();
    }
    json.end().array("trees");
    for (TreeReport tree : trees) {
      json.object().put("name", tree.name()).put("state", tree.state().label()).array("findings");
      for (TreeReport.Finding finding : tree.findings()) {
        json.object().put("path", finding.path()).put("what", finding.what()).end();
      }
      json.end().end();
    }
    return json.end().end();
  }
}
