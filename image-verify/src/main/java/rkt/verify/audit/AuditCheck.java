package rkt.verify.audit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * What a look at the whole log found: whether every record is there, as it was written and where it
 * was written. spec/audit.md#check
 *
 * @param records how many there are
 * @param segments how many files they are in
 * @param end where the log ends, as far as it is unbroken
 * @param problems in words, each with the number of the record; empty if nothing was changed
 */
public record AuditCheck(long records, int segments, AuditHead end, List<String> problems) {
  private static final int MOST_PROBLEMS = 100;

  // A class of its own, and no lambda: writers check too, and a first lambda costs them 5 ms.
  private static final AuditRecords.Visitor NOBODY =
      new AuditRecords.Visitor() {
        @Override
        public void visit(JsonObject record, String line) {
          // nobody asked
        }
      };

  public AuditCheck {
    problems = List.copyOf(problems);
  }

  /** Checks the log in {@code dataDir} against the end that its last writer left. */
  public static AuditCheck of(Path dataDir) throws RktException {
    return of(dataDir, NOBODY);
  }

  /**
   * The same, and {@code visitor} is told of every record: what it is told is what was checked,
   * whoever writes to the log meanwhile. A line that is no record is passed over, and a problem.
   */
  public static AuditCheck of(Path dataDir, AuditRecords.Visitor visitor) throws RktException {
    AuditFiles files = new AuditFiles(dataDir);
    try {
      Optional<AuditHead> head = files.head();
      AuditCheck check = of(files, head, visitor);
      // A first writer makes the head before its first record: look again, it may have come since.
      if (head.isEmpty() && check.records > 0 && files.head().isEmpty()) {
        List<String> problems = new ArrayList<>(check.problems);
        problems.add("the head, which says where the log ends, is missing or unreadable");
        return new AuditCheck(check.records, check.segments, check.end, problems);
      }
      return check;
    } catch (IOException e) {
      throw SpecException.system("cannot read the audit log in " + files.directory(), e);
    }
  }

  /**
   * The same, and that the log goes through {@code kept}: an end that somebody noted elsewhere,
   * which nobody who can write to the log could change.
   */
  public static AuditCheck of(Path dataDir, AuditHead kept) throws RktException {
    return of(dataDir, kept, NOBODY);
  }

  /** The same, and {@code visitor} is told of every record. */
  public static AuditCheck of(Path dataDir, AuditHead kept, AuditRecords.Visitor visitor)
      throws RktException {
    AuditFiles files = new AuditFiles(dataDir);
    try {
      AuditCheck check = of(dataDir, visitor);
      AuditCheck against = of(files, Optional.of(kept));
      List<String> problems = new ArrayList<>(check.problems);
      for (String problem : against.problems) {
        if (!problems.contains(problem)) {
          problems.add(problem);
        }
      }
      return new AuditCheck(check.records, check.segments, check.end, problems);
    } catch (IOException e) {
      throw SpecException.system("cannot read the audit log in " + files.directory(), e);
    }
  }

  /** Checks that the chain is unbroken and goes through {@code through}. */
  static AuditCheck of(AuditFiles files, Optional<AuditHead> through)
      throws IOException, RktException {
    return of(files, through, NOBODY);
  }

  private static AuditCheck of(
      AuditFiles files, Optional<AuditHead> through, AuditRecords.Visitor visitor)
      throws IOException, RktException {
    Walk walk = new Walk(through, visitor);
    List<Integer> segments = files.segments();
    int expected = 1;
    for (int number : segments) {
      if (number != expected) {
        walk.problem("segment " + files.segment(expected).getFileName() + " is missing");
      }
      walk.segment(files.segment(number), number == segments.get(segments.size() - 1));
      expected = number + 1;
    }
    return walk.result(segments.size());
  }

  /** One pass over the lines. */
  private static final class Walk {
    private final Optional<AuditHead> through;
    private final AuditRecords.Visitor visitor;
    private final List<String> problems = new ArrayList<>();
    private long sequence;
    private String link = Chain.START;
    private long records;
    private boolean met;

    Walk(Optional<AuditHead> through, AuditRecords.Visitor visitor) {
      this.through = through;
      this.visitor = visitor;
      this.met = through.isEmpty() || through.get().equals(AuditHead.EMPTY);
    }

    void problem(String what) {
      if (problems.size() < MOST_PROBLEMS) {
        problems.add(what);
      }
    }

    void segment(Path file, boolean isLast) throws IOException, RktException {
      try (AuditReader reader = AuditReader.open(file)) {
        long number = 0;
        for (AuditReader.Line line = reader.next(); line != null; line = reader.next()) {
          number++;
          if (!line.whole()) {
            // At the very end it is what a writer that died left: it never was a record.
            if (!isLast || line.bytes().length > AuditLog.LONGEST_LINE) {
              problem("line " + number + " of " + file.getFileName() + " is cut off");
            }
            return;
          }
          line(line.bytes(), file.getFileName() + ", line " + number);
        }
      }
    }

    private void line(byte[] line, String where) throws RktException {
      records++;
      JsonObject record = null;
      try {
        record = JsonObject.parse(line, where);
        follow(record.integer("seq"), record.string("prev"), where);
        sequence = record.integer("seq");
      } catch (SpecException e) {
        problem("record " + (sequence + 1) + " was altered: " + e.getMessage());
        sequence++;
      }
      if (record != null) {
        visitor.visit(record, AuditLog.text(line));
      }
      link = Chain.link(line);
      if (through.isPresent() && sequence == through.get().sequence()) {
        met = true;
        if (!link.equals(through.get().link())) {
          problem("record " + sequence + " was altered: it is not what the log ended with");
        }
      }
    }

    /** How this line goes on from the one before. */
    private void follow(long actual, String previous, String where) {
      if (actual > sequence + 1) {
        problem(
            actual == sequence + 2
                ? "record " + (sequence + 1) + " was removed"
                : "records " + (sequence + 1) + " to " + (actual - 1) + " were removed");
      } else if (actual <= sequence) {
        problem("record " + actual + " is out of order (" + where + ")");
      } else if (!previous.equals(link)) {
        problem(
            sequence == 0
                ? "record 1 was altered"
                : "record " + sequence + " was altered, or record " + actual);
      }
    }

    AuditCheck result(int segments) {
      if (!met && through.isPresent()) {
        long last = through.get().sequence();
        problem(
            sequence + 1 == last
                ? "record " + last + " was cut off"
                : "records " + (sequence + 1) + " to " + last + " were cut off");
      }
      return new AuditCheck(records, segments, new AuditHead(sequence, link), problems);
    }
  }
}
