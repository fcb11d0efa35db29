package rkt.verify.policy;

import java.nio.file.Path;
import java.util.List;
import rkt.verify.sigstore.Thresholds;

/** What a policy asks for: a tree. spec/policy.md#requirements */
public sealed interface Requirement {

  /** Every one of them. */
  record AllOf(List<Requirement> of) implements Requirement {
    public AllOf {
      of = List.copyOf(of);
    }
  }

  /** One of them. */
  record AnyOf(List<Requirement> of) implements Requirement {
    public AnyOf {
      of = List.copyOf(of);
    }
  }

  /** So many of them. */
  record AtLeast(int count, List<Requirement> of) implements Requirement {
    public AtLeast {
      of = List.copyOf(of);
      if (count < 1 || count > of.size()) {
        throw new IllegalArgumentException(
            "\"count\" is between 1 and the number of requirements, got " + count);
      }
    }
  }

  /**
   * An OpenPGP signature by a certificate that the trust store trusts for the name.
   *
   * @param fingerprints of the certificates that will do; empty if all will
   */
  record OpenPgp(List<String> fingerprints, SignedAs signedAs, Limits limits)
      implements Requirement {
    public OpenPgp {
      fingerprints = List.copyOf(fingerprints);
    }
  }

  /** A cosign signature by one of these keys. */
  record Cosign(List<PolicyKey> keys, SignedAs signedAs, Limits limits) implements Requirement {
    public Cosign {
      keys = List.copyOf(keys);
    }
  }

  /**
   * A cosign signature by somebody whom an identity provider knew.
   *
   * @param trustedRoot the file that says who may vouch for identities
   * @param witnesses how many of them must
   */
  record Keyless(
      Path trustedRoot,
      Thresholds witnesses,
      List<IdentityPattern> identities,
      SignedAs signedAs,
      Limits limits)
      implements Requirement {
    public Keyless {
      identities = List.copyOf(identities);
    }
  }

  /**
   * An in-toto attestation of one type, by one of these signers, whose predicate meets every rule.
   *
   * @param by {@link Cosign} and {@link Keyless} only
   */
  record Attestation(
      String predicateType,
      List<Requirement> by,
      List<FieldRule> rules,
      SignedAs signedAs,
      Limits limits)
      implements Requirement {
    public Attestation {
      by = List.copyOf(by);
      rules = List.copyOf(rules);
    }
  }

  /** What nothing meets. */
  record Reject() implements Requirement {}

  /** What everything meets, signed or not. */
  record AcceptUnsigned() implements Requirement {}

  /** What a policy of other tools asks for. spec/policy.md#containers */
  record Containers(ContainersPolicy policy) implements Requirement {}

  /** Whether an OpenPGP signature plays a part in it. */
  default boolean asksForOpenPgp() {
    return switch (this) {
      case AllOf all -> anyAsks(all.of());
      case AnyOf any -> anyAsks(any.of());
      case AtLeast some -> anyAsks(some.of());
      case OpenPgp _ -> true;
      case Cosign _, Keyless _, Attestation _, Reject _, AcceptUnsigned _, Containers _ -> false;
    };
  }

  private static boolean anyAsks(List<Requirement> of) {
    boolean asks = false;
    for (Requirement one : of) {
      asks |= one.asksForOpenPgp();
    }
    return asks;
  }

  /** The type in JSON. */
  default String label() {
    return switch (this) {
      case AllOf _ -> "all-of";
      case AnyOf _ -> "any-of";
      case AtLeast _ -> "at-least";
      case OpenPgp _ -> "openpgp";
      case Cosign _ -> "cosign";
      case Keyless _ -> "keyless";
      case Attestation _ -> "attestation";
      case Reject _ -> "reject";
      case AcceptUnsigned _ -> "accept-unsigned";
      case Containers _ -> "containers-policy";
    };
  }
}
