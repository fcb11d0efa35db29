package rkt.verify.audit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** Reads what was recorded. Whether it can be believed, {@link AuditCheck} says. */
public final class AuditRecords {
  private final AuditFiles files;

  public AuditRecords(Path dataDir) {
    this.files = new AuditFiles(dataDir);
  }

  /** Whoever is told of each record, in order. */
  public interface Visitor {
    /**
     * Told of one record.
     *
     * @param line the record as it stands in the log, without its line end
     */
    void visit(JsonObject record, String line) throws RktException;
  }

  /** Tells {@code visitor} of every record; a line that is none is passed over. */
  public void forEach(Visitor visitor) throws RktException {
    try {
      for (int number : files.segments()) {
        try (AuditReader reader = AuditReader.open(files.segment(number))) {
          for (AuditReader.Line line = reader.next(); line != null; line = reader.next()) {
            if (line.whole()) {
              visit(line.bytes(), visitor);
            }
          }
        }
      }
    } catch (IOException e) {
      throw SpecException.system("cannot read the audit log in " + files.directory(), e);
    }
  }

  private static void visit(byte[] line, Visitor visitor) throws RktException {
    JsonObject record;
    try {
      record = JsonObject.parse(line, "a record of the audit log");
    } catch (SpecException e) {
      return; // the check names it
    }
    visitor.visit(record, AuditLog.text(line));
  }

  /** The files that the log is in, oldest first. */
  public List<Path> segments() throws RktException {
    List<Path> paths = new ArrayList<>();
    try {
      for (int number : files.segments()) {
        paths.add(files.segment(number));
      }
    } catch (IOException e) {
      throw SpecException.system("cannot read the audit log in " + files.directory(), e);
    }
    return paths;
  }
}
