package rkt.fetch.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import rkt.fetch.transport.Meter;
import rkt.spec.RktException;

/**
 * A body that goes on at the byte after a break, in the eyes of its reader without one. What was
 * received is asked for again only from a server that cannot do otherwise.
 * docs/fetching.md#resuming
 *
 * <p>Belongs to one thread.
 */
public final class Resumable extends InputStream {
  /** So much is worth all the tries again; less could keep us for ever. */
  private static final long PROGRESS = 1 << 20;

  private final Opener opener;
  private final Retry retry;
  private final boolean pinned;
  private Meter meter = Meter.NONE;
  private final String mark;
  private final long total;
  private Answer answer;
  private long position;
  private long counted;
  private long resumedAt;
  private int failures;

  /** Sends the request again, with more headers; gives an answer of status 200 or 206. */
  public interface Opener {
    Answer open(Map<String, String> headers) throws IOException, RktException;
  }

  /**
   * Opens the body. What goes wrong here may be tried again by the caller.
   *
   * @param pinned whether the bytes have a known digest, so that those of two answers can be joined
   *     without asking whether they belong together
   */
  public Resumable(Opener opener, Retry retry, boolean pinned) throws IOException, RktException {
    this.opener = opener;
    this.retry = retry;
    this.pinned = pinned;
    this.answer = opener.open(Map.of());
    String etag = answer.header("ETag").orElse("");
    this.mark = etag.startsWith("\"") ? etag : ""; // a weak one does not promise the same bytes
    this.total = answer.length();
  }

  /** The answer that is read now: before the first byte, the first one. */
  public Answer answer() {
    return answer;
  }

  /** Has {@code meter} told of each byte once. */
  public void tell(Meter meter) {
    this.meter = meter;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    while (true) {
      try {
        int read = answer.body().read(buffer, offset, length);
        if (read < 0 && total >= 0 && position < total) {
          throw new BodyStream.CutException(
              "the answer ended after " + position + " of " + total + " bytes");
        }
        if (read > 0) {
          advance(read);
        }
        return read;
      } catch (IOException e) {
        resume(e);
      }
    }
  }

  private void advance(int read) {
    position += read;
    if (position > counted) {
      meter.advanced(position - counted);
      counted = position;
    }
    if (position - resumedAt >= PROGRESS) {
      failures = 0;
    }
  }

  /** Opens the rest, or throws: {@code broken}, or something that says that it is the end. */
  private void resume(IOException broken) throws IOException {
    if (!Retry.mayPass(broken) || (!pinned && mark.isEmpty())) {
      throw broken;
    }
    answer.close();
    IOException cause = broken;
    while (true) {
      if (++failures >= retry.tries()) {
        throw new Retry.GivenUp(String.valueOf(cause.getMessage()), failures);
      }
      try {
        retry.pause(cause, failures);
        reopen();
        resumedAt = position;
        return;
      } catch (RktException e) {
        throw new Retry.Failed(e);
      } catch (IOException e) {
        if (!Retry.mayPass(e) || e instanceof Changed) {
          throw e;
        }
        cause = e;
      }
    }
  }

  private void reopen() throws IOException, RktException {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Range", "bytes=" + position + "-");
    if (!mark.isEmpty()) {
      headers.put("If-Range", mark);
    }
    Answer next = opener.open(headers);
    boolean done = false;
    try {
      if (next.status() == 206) {
        requireRest(next);
      } else {
        requireSame(next);
        skip(next.body());
      }
      answer = next;
      done = true;
    } finally {
      if (!done) {
        next.close();
      }
    }
  }

  /** An answer of 206 goes on where we stopped, in a resource of the same length. */
  private void requireRest(Answer next) throws IOException {
    String range = next.header("Content-Range").orElse("");
    boolean starts = range.startsWith("bytes " + position + "-");
    boolean same = total < 0 || range.endsWith("/" + total) || range.endsWith("/*");
    boolean marked = mark.isEmpty() || mark.equals(next.header("ETag").orElse(mark));
    if (!starts || !same || !marked) {
      throw new Changed("it sent another part than the one that was asked for");
    }
  }

  /** An answer of 200 is the whole resource, from a server that resumes nothing. */
  private void requireSame(Answer next) throws IOException {
    boolean same = pinned || mark.equals(next.header("ETag").orElse(""));
    if (!same || (total >= 0 && next.length() >= 0 && next.length() != total)) {
      throw new Changed("it changed while it was downloaded");
    }
  }

  private void skip(InputStream body) throws IOException {
    byte[] buffer = new byte[64 << 10];
    for (long left = position; left > 0; ) {
      int read = body.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (read < 0) {
        throw new BodyStream.CutException("the answer ended early");
      }
      left -= read;
    }
  }

  @Override
  public void close() {
    answer.close();
  }

  /** What was received belongs to nothing any more: all of it has to be fetched again. */
  private static final class Changed extends Retry.TryAgain {
    Changed(String message) {
      super(message);
    }
  }
}
