package rkt.verify;

import java.time.Instant;
import java.util.List;
import rkt.spec.json.JsonWriter;
import rkt.verify.openpgp.Rule;

/**
 * What was found about each signature, and what follows. schemas/verdict.schema.json
 *
 * @param subject what was judged, for people and for JSON: an image id or a digest
 * @param name the name that it was judged under; empty if none was known
 * @param rule {@link Rule#VALID}, or the rule that refused
 * @param why in words, for an error message; empty if accepted
 */
public record Verdict(
    String subject, String name, Instant at, Rule rule, String why, List<Finding> findings) {
  public Verdict {
    findings = List.copyOf(findings);
  }

  /**
   * What was found about one signature.
   *
   * @param issuer whom it claims to be by
   * @param key the fingerprint of the trusted certificate that it was judged under, or empty
   * @param scope what that certificate is trusted for, or empty
   * @param signingKey the fingerprint of the key or subkey, or empty
   */
  public record Finding(
      String issuer,
      Rule rule,
      String why,
      String key,
      String scope,
      String signingKey,
      long created) {}

  public boolean accepted() {
    return rule == Rule.VALID;
  }

  /** One JSON object, without a line end. */
  public byte[] toJson() {
    JsonWriter json = new JsonWriter().object();
    json.put("schema", "rkt.verdict/1").put("image", subject);
    if (!name.isEmpty()) {
      json.put("name", name);
    }
    json.put("at", at.toString()).put("accepted", accepted()).put("rule", rule.label());
    if (!why.isEmpty()) {
      json.put("why", why);
    }
    json.array("signatures");
    for (Finding finding : findings) {
      json.object().put("issuer", finding.issuer()).put("rule", finding.rule().label());
      if (!finding.why().isEmpty()) {
        json.put("why", finding.why());
      }
      if (!finding.key().isEmpty()) {
        json.put("key", finding.key())
            .put("signingKey", finding.signingKey())
            .put("scope", finding.scope());
      }
      if (finding.created() > 0) {
        json.put("created", Instant.ofEpochSecond(finding.created()).toString());
      }
      json.end();
    }
    return json.end().end().bytes();
  }
}
