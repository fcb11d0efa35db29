package rkt.cli;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.Blob;
import rkt.spec.store.Store;
import rkt.spec.store.StoredImage;
import rkt.stage1.render.TreeCache;

/** {@code rkt image du}: what images take on the disk, and what removing one would free. */
final class ImageDuCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addOption(
        OptionSpec.builder("--full")
            .type(boolean.class)
            .description("Print whole identifiers and exact sizes.")
            .build());
    Table.describe(spec);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    boolean full = parsed.hasMatchedOption("--full");
    Store store = Store.at(settings.dir());
    TreeCache trees = Trees.of(settings, store);
    List<StoredImage> images = store.list();
    Map<Object, Integer> users = users(images);
    Map<String, Long> treeSizes = new HashMap<>();
    Table table = new Table();
    table.heading(parsed, "ID", "NAME", "BLOBS", "TREES", "ALONE");
    for (StoredImage image : images) {
      Usage usage = usage(image, users, trees, treeSizes);
      String id = image.image().id().toString();
      String name = image.image().name().text();
      if (format.isJson()) {
        JsonWriter json = format.writer().object().put("version", 1).put("id", id);
        json.put("name", name).put("blobs", usage.blobs).put("trees", usage.trees);
        caller.out().println(json.put("alone", usage.alone).end());
      } else {
        table.row(
            full ? id : id.substring(0, 19),
            name,
            size(usage.blobs, full),
            size(usage.trees, full),
            size(usage.alone, full));
      }
    }
    long blobs = store.sizeBytes();
    long inTrees = 0;
    for (String name : trees.names()) {
      Long known = treeSizes.get(name);
      inTrees += known == null ? trees.sizeBytes(name) : known;
    }
    if (format.isJson()) {
      JsonWriter json = format.writer().object().put("version", 1).put("total", true);
      caller.out().println(json.put("blobs", blobs).put("trees", inTrees).end());
    } else {
      table.row("total", "", size(blobs, full), size(inTrees, full));
      table.print(caller.out());
    }
    return 0;
  }

  /** How many images have each blob and each tree. */
  private static Map<Object, Integer> users(List<StoredImage> images) {
    Map<Object, Integer> users = new HashMap<>();
    for (StoredImage image : images) {
      for (Digest blob : new HashSet<>(image.admission().digests())) {
        users.merge(blob, 1, Integer::sum);
      }
      for (String tree : new HashSet<>(TreeCache.treeNames(image.image()))) {
        users.merge(tree, 1, Integer::sum);
      }
    }
    return users;
  }

  /** Bytes of the blobs of an image, of its trees, and of both that no other image has. */
  private static final class Usage {
    private long blobs;
    private long trees;
    private long alone;
  }

  private static Usage usage(
      StoredImage image, Map<Object, Integer> users, TreeCache trees, Map<String, Long> treeSizes)
      throws RktException {
    Usage usage = new Usage();
    for (Blob blob : image.admission().sizes()) {
      usage.blobs += blob.sizeBytes();
      usage.alone += users.getOrDefault(blob.digest(), 0) == 1 ? blob.sizeBytes() : 0;
    }
    Set<String> names = new HashSet<>(TreeCache.treeNames(image.image()));
    for (String name : names) {
      Long size = treeSizes.get(name);
      if (size == null) {
        size = trees.sizeBytes(name);
        treeSizes.put(name, size);
      }
      usage.trees += size;
      usage.alone += users.getOrDefault(name, 0) == 1 ? size : 0;
    }
    return usage;
  }

  private static String size(long bytes, boolean full) {
    return full ? Long.toString(bytes) : Sizes.text(bytes);
  }
}
