package rkt.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.Printable;

/**
 * Lines of text in columns that are as wide as they need to be, divided by tabs' worth of space.
 */
final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  /** Adds a row; rows may differ in length. Cells may hold what an image says: they are escaped. */
  void row(String... cells) {
    List<String> row = new ArrayList<>();
    for (String cell : cells) {
      row.add(Printable.of(cell));
    }
    rows.add(row);
  }

  void print(PrintStream out) {
    int[] widths = widths();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        line.append(row.get(i));
        if (i < row.size() - 1) {
          line.append(" ".repeat(widths[i] - row.get(i).length())).append(GAP);
        }
      }
      out.println(line.toString().stripTrailing());
    }
  }

  private int[] widths() {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return widths;
  }
}
