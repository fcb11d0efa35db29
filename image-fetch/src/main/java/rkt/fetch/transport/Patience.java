package rkt.fetch.transport;

import java.time.Duration;

/**
 * How long a server is waited for, and how often it is asked again. docs/fetching.md#patience
 *
 * @param connect for a connection to be made
 * @param header for the whole header of an answer
 * @param idle between two pieces of a body
 * @param floorBytesPerSecond the slowest body that is put up with, over each {@code floorWindow}
 * @param tries how often a request is made in all, if it fails in a way that may pass
 * @param backoff before the second try; each further wait is twice as long, up to 8 seconds
 */
public record Patience(
    Duration connect,
    Duration header,
    Duration idle,
    long floorBytesPerSecond,
    Duration floorWindow,
    int tries,
    Duration backoff) {

  public static final Patience DEFAULT =
      new Patience(
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          1024,
          Duration.ofSeconds(60),
          5,
          Duration.ofMillis(500));
}
