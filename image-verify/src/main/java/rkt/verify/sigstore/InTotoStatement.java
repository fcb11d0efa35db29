package rkt.verify.sigstore;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.verify.claim.Claim.Attestation;

/**
 * An in-toto statement: what is said about which digests. spec/sigstore.md#attestations
 *
 * @param subjects at least one
 */
record InTotoStatement(List<Subject> subjects, Attestation attestation) {
  private static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";
  private static final int MAX_SUBJECTS = 1024;

  /**
   * What a statement is about.
   *
   * @param name as the signer calls it, in no agreed form; empty if it does not say
   */
  record Subject(String name, Digest digest) {}

  InTotoStatement {
    subjects = List.copyOf(subjects);
  }

  /** Reads an envelope of which a signature holds. */
  static InTotoStatement parse(Envelope envelope) throws SigstoreException {
    if (!envelope.payloadType().equals(PAYLOAD_TYPE)) {
      throw refused("its type is \"" + envelope.payloadType() + "\", not \"" + PAYLOAD_TYPE + "\"");
    }
    try {
      JsonObject statement = JsonObject.parse(envelope.payload(), "the statement");
      String type = statement.string("_type");
      if (!type.equals("https://in-toto.io/Statement/v1")
          && !type.equals("https://in-toto.io/Statement/v0.1")) {
        throw refused("its _type is \"" + type + "\"");
      }
      String predicateType = statement.string("predicateType");
      if (predicateType.isEmpty()) {
        throw refused("its predicateType is empty");
      }
      return new InTotoStatement(
          subjects(statement), new Attestation(predicateType, statement.json("predicate")));
    } catch (SpecException | IllegalArgumentException e) {
      throw refused(e.getMessage());
    }
  }

  private static List<Subject> subjects(JsonObject statement)
      throws SpecException, SigstoreException {
    List<JsonObject> found = statement.objects("subject");
    if (found.size() > MAX_SUBJECTS) {
      throw new SigstoreException(
          Refusal.LIMIT, "the attestation has " + found.size() + " subjects; 1024 are read");
    }
    List<Subject> subjects = new ArrayList<>();
    for (JsonObject subject : found) {
      JsonObject digest = subject.object("digest");
      String name = subject.findString("name").orElse("");
      for (Digest.Algorithm algorithm : Digest.Algorithm.values()) {
        String hex = digest.findString(algorithm.label()).orElse(null);
        if (hex != null) {
          subjects.add(new Subject(name, new Digest(algorithm, hex)));
        }
      }
    }
    if (subjects.isEmpty()) {
      throw refused("it names no subject by SHA-256 or SHA-512");
    }
    return subjects;
  }

  private static SigstoreException refused(@Nullable String why) {
    return new SigstoreException(
        Refusal.PAYLOAD, "the envelope does not hold an in-toto statement: " + why);
  }
}
