package rkt.spec.image;

import java.util.List;
import java.util.Optional;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * How an app is asked whether it is well; times in milliseconds. spec/image.md#handlers
 *
 * @param command the program and its arguments; exit status 0 means healthy
 * @param interval between two checks
 * @param timeout after which a check has failed
 * @param startPeriod in which failures do not count
 * @param startInterval between two checks in that period
 * @param retries how many failures in a row make the app unhealthy
 */
public record HealthCheck(
    List<String> command,
    int interval,
    int timeout,
    int startPeriod,
    int startInterval,
    int retries) {
  private static final long NANOS_A_MILLI = 1_000_000;
  private static final int INTERVAL = 30_000;
  private static final int START_INTERVAL = 5_000;
  private static final int RETRIES = 3;

  public HealthCheck {
    command = List.copyOf(command);
    if (command.isEmpty() || interval < 1 || timeout < 1 || startInterval < 1 || retries < 1) {
      throw new IllegalArgumentException("a health check needs a command, time and tries");
    }
    if (startPeriod < 0) {
      throw new IllegalArgumentException("a start period of " + startPeriod + " ms");
    }
  }

  /** Reads the {@code Healthcheck} of an OCI config; empty if it says that there is none. */
  static Optional<HealthCheck> ofOci(JsonObject json) throws SpecException {
    List<String> test = json.strings("Test");
    String kind = test.isEmpty() ? "NONE" : test.get(0);
    List<String> words = test.isEmpty() ? test : test.subList(1, test.size());
    switch (kind) {
      case "NONE" -> {
        return Optional.empty();
      }
      case "CMD-SHELL" -> words = List.of("/bin/sh", "-c", String.join(" ", words));
      case "CMD" -> {
        // The program and its arguments, as they are.
      }
      default ->
          throw SpecException.integrity(
              json.where() + ": Test begins with \"" + kind + "\", not CMD, CMD-SHELL or NONE");
    }
    if (words.isEmpty()) {
      throw SpecException.integrity(json.where() + ": Test names no program");
    }
    return Optional.of(
        new HealthCheck(
            words,
            millis(json, "Interval", INTERVAL),
            millis(json, "Timeout", INTERVAL),
            millis(json, "StartPeriod", 0),
            millis(json, "StartInterval", START_INTERVAL),
            retries(json)));
  }

  /** A time in nanoseconds; 0 and absence mean the usual one. */
  private static int millis(JsonObject json, String member, int usual) throws SpecException {
    long nanos = json.has(member) ? json.integer(member) : 0;
    if (nanos < 0) {
      throw SpecException.integrity(json.where() + ": " + member + " is negative");
    }
    if (nanos == 0) {
      return usual;
    }
    return Math.clamp(nanos / NANOS_A_MILLI, 1, Integer.MAX_VALUE);
  }

  private static int retries(JsonObject json) throws SpecException {
    long retries = json.has("Retries") ? json.integer("Retries") : 0;
    if (retries < 0) {
      throw SpecException.integrity(json.where() + ": Retries is negative");
    }
    return retries == 0 ? RETRIES : (int) Math.min(retries, Integer.MAX_VALUE);
  }

  /** Writes its members into the object that is open. */
  void write(JsonWriter out) {
    out.put("command", command)
        .put("interval", interval)
        .put("timeout", timeout)
        .put("startPeriod", startPeriod)
        .put("startInterval", startInterval)
        .put("retries", retries);
  }

  /** Reads what {@link #write} wrote. */
  static HealthCheck read(JsonObject json) throws SpecException {
    try {
      return new HealthCheck(
          json.strings("command"),
          Math.toIntExact(json.integer("interval")),
          Math.toIntExact(json.integer("timeout")),
          Math.toIntExact(json.integer("startPeriod")),
          Math.toIntExact(json.integer("startInterval")),
          Math.toIntExact(json.integer("retries")));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw SpecException.integrity(json.where() + ": " + e.getMessage());
    }
  }
}
