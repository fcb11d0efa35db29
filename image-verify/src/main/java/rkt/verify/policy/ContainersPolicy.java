package rkt.verify.policy;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.sigstore.CosignTrust;

/**
 * A policy of other tools: {@code /etc/containers/policy.json}. containers-policy.json(5);
 * spec/policy.md#containers
 *
 * @param usual what is asked for where no scope covers an image
 * @param transports by transport and scope what is asked for
 */
public record ContainersPolicy(
    Path file, List<Asked> usual, Map<String, Map<String, List<Asked>>> transports) {
  public ContainersPolicy {
    usual = List.copyOf(usual);
    transports = Collections.unmodifiableMap(new LinkedHashMap<>(transports));
  }

  /** One requirement. All of a scope must be met. */
  sealed interface Asked {
    /** What everything meets. */
    record AcceptAnything() implements Asked {}

    /** What nothing meets. */
    record Reject() implements Asked {}

    /** Simple signing by one of the certificates. */
    record SignedBy(List<KeyFacts> certificates, SignedIdentity identity) implements Asked {
      public SignedBy {
        certificates = List.copyOf(certificates);
      }
    }

    /** A cosign signature by one of the keys. */
    record SigstoreSigned(List<PolicyKey> keys, SignedIdentity identity) implements Asked {
      public SigstoreSigned {
        keys = List.copyOf(keys);
      }
    }

    /** A cosign signature that a log recorded, or that was made with a certificate, or both. */
    record Cosigned(CosignTrust trust, SignedIdentity identity) implements Asked {}

    /** The type in JSON. */
    default String label() {
      return switch (this) {
        case AcceptAnything _ -> "insecureAcceptAnything";
        case Reject _ -> "reject";
        case SignedBy _ -> "signedBy";
        case SigstoreSigned _, Cosigned _ -> "sigstoreSigned";
      };
    }
  }

  /**
   * What applies to an image.
   *
   * @param scope where it was found, for people
   */
  record Applied(String scope, List<Asked> asked) {}

  /** What the most specific scope that covers an image asks for. */
  Applied find(String transport, List<String> scopes) {
    Map<String, List<Asked>> known = transports.get(transport);
    if (known != null && !transport.isEmpty()) {
      for (String scope : scopes) {
        List<Asked> asked = known.get(scope);
        if (asked != null) {
          return new Applied(transport + ": " + scope, asked);
        }
      }
      List<Asked> asked = known.get("");
      if (asked != null) {
        return new Applied("the default of " + transport + ":", asked);
      }
    }
    return new Applied("the default", usual);
  }
}
