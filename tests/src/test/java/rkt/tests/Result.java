package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/**
 * What became of one command.
 *
 * @param stdout every byte of it
 * @param millis from start to end
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Result(List<String> command, int status, byte[] stdout, String err, long millis) {
  /** Standard output as text. */
  public String out() {
    return new String(stdout, UTF_8);
  }

  /** The lines of standard output. */
  public List<String> lines() {
    return out().lines().toList();
  }

  /** Everything one wants to read when a test fails. */
  @Override
  public String toString() {
    return command + "\nstatus " + status + "\nstdout:\n" + out() + "\nstderr:\n" + err;
  }
}
