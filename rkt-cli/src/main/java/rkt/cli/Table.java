package rkt.cli;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.Printable;

/**
 * Lines of text in columns that are as wide as they need to be, divided by tabs' worth of space.
 */
final class Table {
  private static final String GAP = "  ";
  private static final String NO_LEGEND = "--no-legend";

  private final List<String[]> rows = new ArrayList<>();

  /** The option of every command that prints one with a heading. */
  static void describe(CommandSpec spec) {
    Words.flag(spec, NO_LEGEND, "Print no heading.");
  }

  /** Adds a first row that says what is in the columns, unless the user wants none. */
  void heading(ParseResult parsed, String... cells) {
    if (hasHeading(parsed)) {
      row(cells);
    }
  }

  /** Whether the user wants one. */
  static boolean hasHeading(ParseResult parsed) {
    return !parsed.hasMatchedOption(NO_LEGEND);
  }

  /** Adds a row; rows may differ in length. Cells may hold what an image says: they are escaped. */
  void row(String... cells) {
    add(printable(cells));
  }

  /** What {@link #add} takes. */
  static String[] printable(String... cells) {
    String[] row = new String[cells.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = Printable.of(cells[i]);
    }
    return row;
  }

  /** Adds a row that {@link #printable} made. */
  void add(String[] row) {
    rows.add(row);
  }

  void print(PrintStream out) {
    byte[] bytes = bytes(out.charset());
    out.write(bytes, 0, bytes.length);
    out.flush();
  }

  /** All of it, as it is printed. */
  byte[] bytes(Charset charset) {
    // All lines at once, and no streams: a listing may have ten thousand of them.
    int[] widths = widths();
    int line = 1;
    for (int width : widths) {
      line += width + GAP.length();
    }
    StringBuilder text = new StringBuilder(rows.size() * line);
    for (String[] row : rows) {
      int filled = row.length;
      while (filled > 0 && row[filled - 1].isBlank()) {
        filled--;
      }
      for (int i = 0; i < filled; i++) {
        String cell = i < filled - 1 ? row[i] : row[i].stripTrailing();
        text.append(cell);
        if (i < filled - 1) {
          text.repeat(' ', widths[i] - cell.length()).append(GAP);
        }
      }
      text.append('\n');
    }
    // As bytes: a stream takes characters in pieces, each encoded by itself.
    return text.toString().getBytes(charset);
  }

  private int[] widths() {
    int columns = 0;
    for (String[] row : rows) {
      columns = Math.max(columns, row.length);
    }
    int[] widths = new int[columns];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    return widths;
  }
}
