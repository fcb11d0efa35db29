package rkt.verify.sigstore;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the witnesses of a trusted root say about a signature. Those whom the root does not name are
 * not heard; what one says whom it names must hold. spec/sigstore.md#proof
 *
 * @param logs the identifiers of the logs that recorded it
 * @param times when it existed
 * @param witnesses how many distinct ones vouch for the times
 */
record Proof(Set<String> logs, List<Instant> times, int witnesses) {
  static final Proof NONE = new Proof(Set.of(), List.of(), 0);

  Proof {
    logs = Set.copyOf(logs);
    times = List.copyOf(times);
  }

  /**
   * Hears all of {@code material}.
   *
   * @param body what an entry of a log must hold
   * @param stamped what a timestamp must be about
   * @param latest the latest moment that is not the future
   */
  static Proof of(Material material, LogBody body, byte[] stamped, TrustedRoot root, Instant latest)
      throws SigstoreException {
    Set<String> logs = new HashSet<>();
    Set<String> witnesses = new HashSet<>();
    List<Instant> times = new ArrayList<>();
    List<TrustedLog> heard = new ArrayList<>();
    for (LogEntry entry : material.entries()) {
      TrustedLog log = find(root, entry);
      if (log != null) {
        Instant time = entry.check(log);
        body.check(entry);
        logs.add(log.id());
        heard.add(log);
        if (time != null) {
          times.add(time);
          witnesses.add("log " + log.id());
        }
      }
    }
    for (byte[] timestamp : material.timestamps()) {
      TimestampToken.Stamp stamp = TimestampToken.parse(timestamp).verify(stamped, root);
      if (stamp != null) {
        times.add(stamp.time());
        witnesses.add("authority " + stamp.authority());
      }
    }
    check(times, heard, latest);
    return new Proof(logs, times, witnesses.size());
  }

  private static @Nullable TrustedLog find(TrustedRoot root, LogEntry entry) {
    for (TrustedLog log : root.logs()) {
      if (log.id().equals(entry.logId())) {
        return log;
      }
    }
    return null;
  }

  private static void check(List<Instant> times, List<TrustedLog> logs, Instant latest)
      throws SigstoreException {
    for (Instant time : times) {
      if (time.isAfter(latest)) {
        throw new SigstoreException(Refusal.TIME, "signed in the future, at " + time);
      }
      for (TrustedLog log : logs) {
        if (!log.validity().covers(time)) {
          throw new SigstoreException(
              Refusal.TIME, "the log " + log.name() + " is not to be believed at " + time);
        }
      }
    }
  }
}
