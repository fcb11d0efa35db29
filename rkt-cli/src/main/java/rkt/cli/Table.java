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
    // All lines at once, and no streams: a listing may have ten thousand of them.
    int[] widths = widths();
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      int filled = row.size();
      while (filled > 0 && row.get(filled - 1).isBlank()) {
        filled--;
      }
      for (int i = 0; i < filled; i++) {
        String cell = i < filled - 1 ? row.get(i) : row.get(i).stripTrailing();
        text.append(cell);
        if (i < filled - 1) {
          text.repeat(' ', widths[i] - cell.length()).append(GAP);
        }
      }
      text.append('\n');
    }
    out.print(text);
    out.flush();
  }

  private int[] widths() {
    int columns = 0;
    for (List<String> row : rows) {
      columns = Math.max(columns, row.size());
    }
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return widths;
  }
}
