package rkt.verify.openpgp;

import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.verify.claim.Claim;
import rkt.verify.claim.ImagePayload;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Signer.Strength;
import rkt.verify.claim.Statement;

/**
 * Judges "simple signing": an OpenPGP message that holds the JSON which it signs, by the {@link
 * Rules} of every other signature. Not a byte of the JSON is looked at before the signature holds.
 * spec/trust.md#simple-signing
 */
public final class SimpleSigning {
  private static final String TYPE = "atomic container signature";

  private SimpleSigning() {}

  /**
   * What came of one message.
   *
   * @param claim present if the signature holds and says what an image's signature must say
   * @param rule {@link Rule#VALID}, or the rule that refuses
   * @param why in words; empty if valid
   */
  public record Checked(Optional<Claim> claim, Rule rule, String why) {
    private static Checked refused(Rule rule, String why) {
      return new Checked(Optional.empty(), rule, why);
    }
  }

  /**
   * What {@code statement} proves.
   *
   * @param statement of the kind {@link Statement.Kind#OPENPGP_MESSAGE}
   * @param certificates those that may have signed
   * @param now the moment of judgement
   */
  public static Checked check(Statement statement, List<KeyFacts> certificates, Instant now) {
    if (statement.kind() != Statement.Kind.OPENPGP_MESSAGE) {
      throw new IllegalArgumentException("not an OpenPGP message but " + statement.kind());
    }
    try {
      SignedMessage message = SignedMessage.read(statement.body());
      DetachedSignatures.Finding finding =
          DetachedSignatures.of(SignatureReader.facts(message.signature()))
              .judge(new ByteArrayInputStream(message.data()), certificates, now)
              .getFirst();
      return finding.isValid()
          ? claim(message.data(), finding, certificates)
          : Checked.refused(
              finding.rule(),
              "the signature by " + finding.issuer() + " is refused: " + finding.why());
    } catch (TrustException e) {
      return Checked.refused(e.rule(), String.valueOf(e.getMessage()));
    } catch (RktException e) {
      return Checked.refused(Rule.MALFORMED, String.valueOf(e.getMessage()));
    }
  }

  private static Checked claim(
      byte[] data, DetachedSignatures.Finding finding, List<KeyFacts> certificates) {
    try {
      ImagePayload payload = ImagePayload.parse(data, TYPE);
      Signer signer =
          new Signer.OpenPgp(
              finding.certificate(), finding.signingKey(), strength(finding, certificates));
      return new Checked(
          Optional.of(
              new Claim(
                  signer, payload.digest(), payload.reference(), finding.made(), false, null)),
          Rule.VALID,
          "");
    } catch (SpecException e) {
      return Checked.refused(
          Rule.MALFORMED,
          "what "
              + finding.certificate()
              + " signed is not the signature of an image: "
              + e.getMessage());
    }
  }

  private static Strength strength(
      DetachedSignatures.Finding finding, List<KeyFacts> certificates) {
    for (KeyFacts certificate : certificates) {
      for (KeyFacts.Component component : certificate.components()) {
        if (component.fingerprint().equals(finding.signingKey())) {
          return component.key().strength();
        }
      }
    }
    throw new IllegalStateException("no certificate has the key " + finding.signingKey());
  }
}
