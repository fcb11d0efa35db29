package rkt.verify.audit;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import rkt.spec.RktException;

/** A process that adds records to a log, and prints the number of each that it was promised. */
final class AuditWriter {
  private AuditWriter() {}

  /**
   * Adds {@code COUNT} records of {@code NAME} to the log in {@code DIR}, with segments of {@code
   * SIZE} bytes.
   */
  public static void main(String[] args) {
    AuditLog log = new AuditLog(Path.of(args[0]), InstantSource.system(), Long.parseLong(args[3]));
    for (int i = 1; i <= Integer.parseInt(args[2]); i++) {
      try {
        log.append(
            List.of(
                AuditEvent.of(AuditEvent.Kind.RUN).with("name", args[1]).with("status", (long) i)));
      } catch (RktException e) {
        System.out.println("refused " + e.errorClass() + " " + e.getMessage());
        Runtime.getRuntime().halt(1);
      }
      System.out.println(i);
    }
  }
}
