package rkt.cli.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import rkt.spec.Printable;

/**
 * Each text of a report once. They come from images and attackers: they are made printable here.
 */
final class Texts {
  private static final int LONGEST = 2000;

  private final Map<String, Integer> indexes = new HashMap<>();
  private final List<String> all = new ArrayList<>();

  /** The index of a text; of an empty one {@link ReportTable#NONE}. */
  long of(String text) {
    if (text.isEmpty()) {
      return ReportTable.NONE;
    }
    String cut = text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
    Integer known = indexes.putIfAbsent(cut, all.size());
    if (known != null) {
      return known;
    }
    all.add(Printable.of(cut));
    return all.size() - 1L;
  }

  /** The text with this index; of {@link ReportTable#NONE} an empty one. */
  String at(long index) {
    return index == ReportTable.NONE ? "" : all.get((int) index);
  }

  List<String> all() {
    return all;
  }
}
