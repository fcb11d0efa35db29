package rkt.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A table of the page. A cell is a number whose column says what it stands for, so that a hundred
 * thousand rows fit: a text is its index in {@link Texts}.
 */
final class ReportTable {
  /** Of a cell that has nothing to tell. */
  static final long NONE = -1;

  /** What the numbers of a column are. */
  enum Kind {
    /** Milliseconds since the epoch. */
    TIME,
    /** The index of a text. */
    TEXT,
    /** The index of a text that is a digest, a fingerprint or a UUID: long, and for machines. */
    HASH,
    /** The code of an {@link Outcome}. */
    OUTCOME,
    /** Itself. */
    COUNT;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  record Column(String label, Kind kind) {}

  private final String id;
  private final String title;
  private final String note;
  private final List<Column> columns = new ArrayList<>();
  private final List<long[]> rows = new ArrayList<>();

  /**
   * @param id names it in the address of the page
   * @param note what is in it, in a sentence
   */
  ReportTable(String id, String title, String note) {
    this.id = id;
    this.title = title;
    this.note = note;
  }

  ReportTable column(String label, Kind kind) {
    columns.add(new Column(label, kind));
    return this;
  }

  /** Adds a row of as many cells as there are columns; it may be changed until it is written. */
  long[] add(long... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(cells.length + " cells for " + columns.size());
    }
    rows.add(cells);
    return cells;
  }

  String id() {
    return id;
  }

  String title() {
    return title;
  }

  String note() {
    return note;
  }

  List<Column> columns() {
    return columns;
  }

  List<long[]> rows() {
    return rows;
  }
}
