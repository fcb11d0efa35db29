package rkt.fetch.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Patience;
import rkt.spec.RktException;

/**
 * Asks again where that may help: after an answer of 429 or 5xx, a reset, or a body cut short. Not
 * after a timeout, which was the patience we have, nor after any other answer.
 * docs/fetching.md#patience
 */
public final class Retry {
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(8);
  private static final Duration LONGEST_WISH = Duration.ofSeconds(60);

  private final Patience patience;
  private final String server;
  private final String doing;

  /**
   * @param server names the other side in errors
   */
  public Retry(Patience patience, String server) {
    this(patience, server, "fetch from");
  }

  /**
   * The same for something else than a fetch.
   *
   * @param doing what is done there, for errors: {@code push to}
   */
  public Retry(Patience patience, String server, String doing) {
    this.patience = patience;
    this.server = server;
    this.doing = doing;
  }

  /** Something that is tried. */
  public interface Attempt<T> {
    T run() throws IOException, RktException;
  }

  /** An answer that another try may turn into a better one. */
  public static class TryAgain extends IOException {
    private final Duration wish;

    public TryAgain(String message) {
      this(message, Duration.ZERO);
    }

    private TryAgain(String message, Duration wish) {
      super(message);
      this.wish = wish;
    }
  }

  /** Something that had all its tries already. */
  static final class GivenUp extends IOException {
    private final int tries;

    GivenUp(String message, int tries) {
      super(message);
      this.tries = tries;
    }
  }

  /** A failure for good, on its way through code that knows only {@link IOException}. */
  static final class Failed extends IOException {
    private final RktException failure;

    Failed(RktException failure) {
      super(failure);
      this.failure = failure;
    }
  }

  int tries() {
    return patience.tries();
  }

  /** Throws {@link TryAgain} if the status of {@code answer} invites another try. */
  public static void inspect(Answer answer) throws TryAgain {
    int status = answer.status();
    if (status == 429 || (status >= 500 && status != 501 && status != 505)) {
      throw new TryAgain("it answered " + status, seconds(answer.header("Retry-After").orElse("")));
    }
  }

  /** Runs {@code attempt} until it succeeds, fails for good, or has had all its tries. */
  public <T> T run(Attempt<T> attempt) throws RktException {
    for (int tries = 1; ; tries++) {
      try {
        return attempt.run();
      } catch (IOException e) {
        if (e instanceof Failed failed) {
          throw failed.failure;
        }
        if (!mayPass(e) || tries >= patience.tries()) {
          throw failure(e, e instanceof GivenUp givenUp ? givenUp.tries : tries);
        }
        pause(e, tries);
      }
    }
  }

  private FetchException failure(IOException e, int tries) {
    String after = tries > 1 ? " (tried " + tries + " times)" : "";
    if (e instanceof Answer.OversizeException) {
      return FetchException.integrity(String.valueOf(e.getMessage()), e);
    }
    return FetchException.network(
        "cannot " + doing + " " + server + ": " + why(e) + after, fix(e), e);
  }

  private static String why(IOException e) {
    return switch (e) {
      case UnknownHostException _ -> "no such host";
      case SocketTimeoutException _ -> "it did not answer in time";
      case SSLException s when isCertificate(s) ->
          "its certificate is not believed: " + innermost(s).getMessage();
      default -> String.valueOf(e.getMessage());
    };
  }

  private static @Nullable String fix(IOException e) {
    if (!(e instanceof SSLException tls)) {
      return null;
    }
    return isCertificate(tls)
        ? "SSL_CERT_FILE=FILE, the certificate of the authority that issued it"
        : "if it speaks plain http on purpose: --insecure-options=http";
  }

  private static boolean isCertificate(SSLException e) {
    return e.getCause() instanceof CertificateException;
  }

  private static Throwable innermost(Throwable e) {
    Throwable found = e;
    for (Throwable next = e; next != null; next = next.getCause()) {
      found = next;
    }
    return found;
  }

  static boolean mayPass(IOException e) {
    return switch (e) {
      case TryAgain _, BodyStream.CutException _ -> true;
      // A name server that is away for a moment, in the words of the C library.
      case UnknownHostException _ -> String.valueOf(e.getMessage()).contains("Temporary failure");
      case GivenUp _, Failed _ -> false;
      case SSLException _, ConnectException _, SocketTimeoutException _ -> false;
      case SocketException _ -> true;
      // The JDK's words for a connection that was closed before the request was written, before an
      // answer, or within a chunk.
      default -> {
        String message = String.valueOf(e.getMessage());
        yield message.contains("Error writing to server")
            || message.contains("Premature EOF")
            || message.contains("end of file from server");
      }
    };
  }

  void pause(IOException e, int tries) throws FetchException {
    Duration backoff = patience.backoff().multipliedBy(1L << (tries - 1));
    if (backoff.compareTo(LONGEST_BACKOFF) > 0) {
      backoff = LONGEST_BACKOFF;
    }
    long millis = backoff.toMillis();
    millis += ThreadLocalRandom.current().nextLong(millis / 4 + 1);
    if (e instanceof TryAgain wished) {
      millis = Math.max(millis, wished.wish.toMillis());
    }
    try {
      Thread.sleep(millis);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw FetchException.network("interrupted while waiting for " + server, interrupted);
    }
  }

  /** The seconds of a Retry-After; its other form, a date, counts as none. */
  private static Duration seconds(String retryAfter) {
    try {
      Duration wish = Duration.ofSeconds(Math.max(0, Long.parseLong(retryAfter.trim())));
      return wish.compareTo(LONGEST_WISH) > 0 ? LONGEST_WISH : wish;
    } catch (NumberFormatException | ArithmeticException e) {
      return Duration.ZERO;
    }
  }
}
