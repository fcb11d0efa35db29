package rkt.stage1.render;

import java.io.IOException;
import java.util.List;
import rkt.kernel.KernelException;

/** Takes a whole layer from a stream to where it goes: which entry goes where. */
final class LayerReader {
  private final LayerStream in;
  private final LayerSink sink;
  private final boolean aci;
  private final AciPaths aciPaths = new AciPaths();

  /**
   * @param aci whether the layer is an ACI, which has an outer structure and no whiteouts
   */
  LayerReader(LayerStream in, LayerSink sink, boolean aci) {
    this.in = in;
    this.sink = sink;
    this.aci = aci;
  }

  void readAll() throws IOException, LayerFormatException, KernelException {
    TarReader tar = new TarReader(in);
    while (true) {
      TarEntry entry = tar.next();
      if (entry == null) {
        break;
      }
      sink.count(entry);
      EntryXattrs.check(entry);
      List<byte[]> path = EntryPath.components(entry.name);
      if (aci) {
        placeOfAci(entry, path);
      } else {
        placeOfLayer(entry, path);
      }
    }
    if (aci) {
      aciPaths.checkComplete();
    }
  }

  private void placeOfAci(TarEntry entry, List<byte[]> path)
      throws IOException, LayerFormatException, KernelException {
    if (!aciPaths.isPlaced(entry, path)) {
      in.skip(entry.stored);
      return;
    }
    List<byte[]> link = AciPaths.insideRootfs(linkPath(entry));
    sink.place(entry, path.subList(1, path.size()), link, in);
  }

  private void placeOfLayer(TarEntry entry, List<byte[]> path)
      throws IOException, LayerFormatException, KernelException {
    for (int i = 0; i < path.size() - 1; i++) {
      if (EntryPath.isWhiteout(path.get(i))) {
        throw new LayerFormatException(entry.name, "is inside a whiteout");
      }
    }
    if (!path.isEmpty() && EntryPath.isWhiteout(path.getLast())) {
      List<byte[]> parent = path.subList(0, path.size() - 1);
      sink.hide(entry, parent, EntryPath.hiddenBy(entry.name, path.getLast()));
    } else {
      sink.place(entry, path, linkPath(entry), in);
    }
  }

  private static List<byte[]> linkPath(TarEntry entry) throws LayerFormatException {
    return entry.type == TarEntry.HARD_LINK
        ? EntryPath.components(entry.name, entry.link)
        : List.of();
  }
}
