package rkt.verify.sigstore;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whose cosign signatures count, as {@code sigstoreSigned} of containers-policy.json(5) says it.
 * spec/policy.md#certificates
 */
public sealed interface CosignTrust {
  /** In words, for people. */
  String words();

  /**
   * Those by one of {@code keys} that one of {@code logs} recorded.
   *
   * @param logs the keys of logs
   */
  record Recorded(List<PublicKey> keys, List<PublicKey> logs) implements CosignTrust {
    public Recorded {
      keys = List.copyOf(keys);
      logs = List.copyOf(logs);
      requireSome(keys);
      requireSome(logs);
    }

    @Override
    public String words() {
      return "a cosign signature by one of "
          + keys.size()
          + " keys, recorded by one of "
          + logs.size()
          + " logs";
    }
  }

  /**
   * Those by somebody whom an identity provider knew, that one of {@code logs} recorded while the
   * certificate was valid.
   *
   * @param roots the authorities that are believed
   * @param issuer the URL of the identity provider
   * @param email the address of the signer
   */
  record Fulcio(List<X509Certificate> roots, String issuer, String email, List<PublicKey> logs)
      implements CosignTrust {
    public Fulcio {
      roots = List.copyOf(roots);
      logs = List.copyOf(logs);
      requireSome(roots);
      requireSome(logs);
      if (issuer.isEmpty() || email.isEmpty()) {
        throw new IllegalArgumentException("an identity has an issuer and an address");
      }
    }

    @Override
    public String words() {
      return "a cosign signature by "
          + issuer
          + " "
          + email
          + ", recorded by one of "
          + logs.size()
          + " logs";
    }
  }

  /**
   * Those by the key of a certificate that is valid now.
   *
   * @param roots the authorities that are believed
   * @param intermediates those that they may have certified; others may come with a signature
   * @param email an address that the certificate must name; null for any
   * @param host a host that the certificate must name; null for any
   */
  record Pki(
      List<X509Certificate> roots,
      List<X509Certificate> intermediates,
      @Nullable String email,
      @Nullable String host)
      implements CosignTrust {
    public Pki {
      roots = List.copyOf(roots);
      intermediates = List.copyOf(intermediates);
      requireSome(roots);
      if ((email == null || email.isEmpty()) && (host == null || host.isEmpty())) {
        throw new IllegalArgumentException("a certificate must name an address or a host");
      }
    }

    /** Whom the certificate must name. */
    String subject() {
      if (email == null) {
        return String.valueOf(host);
      }
      return host == null ? email : email + " " + host;
    }

    @Override
    public String words() {
      return "a cosign signature with a certificate for " + subject();
    }
  }

  private static void requireSome(List<?> what) {
    if (what.isEmpty()) {
      throw new IllegalArgumentException("whoever is trusted is somebody");
    }
  }
}
