package rkt.stage1.render;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import rkt.kernel.DirFd;
import rkt.kernel.Names;
import rkt.kernel.Stat;
import rkt.spec.image.Image;

/** Everything that can be seen of a tree, a line a file; also a program that renders and prints. */
final class TreeListing {
  private TreeListing() {}

  /** Renders the vector {@code arguments[0]} in the data directory {@code arguments[1]}. */
  public static void main(String[] arguments) throws Exception {
    Vectors vectors = new Vectors();
    TarText text = TarText.read(Path.of(arguments[0]), "/nowhere");
    Image image = vectors.image(text.aci, text.layers);
    Path data = Path.of(arguments[1]);
    TreeCache cache = new TreeCache(data, vectors.source(), Vectors.LIMITS);
    List<String> lines = new ArrayList<>();
    for (Path lower : cache.render(image)) {
      lines.addAll(of(lower));
    }
    Files.write(data.resolve("listing"), lines, StandardCharsets.US_ASCII);
  }

  static List<String> of(Path root) throws Exception {
    List<String> lines = new ArrayList<>();
    try (DirFd dir = DirFd.open(root.toString())) {
      lines.add(line(".", dir.self().stat()));
      list(dir, "", lines);
    }
    return lines;
  }

  private static void list(DirFd dir, String path, List<String> lines) throws Exception {
    List<DirFd.Entry> entries = dir.list();
    entries.sort(Comparator.comparing(entry -> Names.printable(entry.name())));
    for (DirFd.Entry entry : entries) {
      String name = path + "/" + Names.printable(entry.name());
      Stat stat = dir.stat(entry.name());
      String link = stat.isSymlink() ? Names.printable(dir.readlink(entry.name())) : "";
      lines.add(line(name, stat) + " " + link);
      for (byte[] attribute : stat.isSymlink() ? List.<byte[]>of() : dir.listXattrs(entry.name())) {
        byte[] value = dir.getXattr(entry.name(), attribute);
        String shown = Names.printable(value == null ? new byte[0] : value);
        lines.add(name + " " + Names.printable(attribute) + "=" + shown);
      }
      if (stat.isDirectory()) {
        try (DirFd child = dir.openDir(entry.name())) {
          list(child, name, lines);
        }
      }
    }
  }

  private static String line(String name, Stat stat) {
    String size = stat.isDirectory() ? "-" : stat.size() + " " + stat.links();
    return name
        + (" " + Integer.toOctalString(stat.mode()) + " " + stat.uid() + ":" + stat.gid())
        + (" " + size + " " + stat.mtimeSeconds() + "." + stat.mtimeNanos() + " " + stat.rdev());
  }
}
