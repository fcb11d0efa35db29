package rkt.verify;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.json.JsonWriter;
import rkt.verify.openpgp.Rule;
import rkt.verify.policy.Explanation;
import rkt.verify.policy.Policy;

/**
 * What was found about each signature, and what follows by the policy for the name.
 * schemas/verdict.schema.json
 *
 * @param subject what was judged, for people and for JSON: an image id or a digest
 * @param name the name that it was judged under; empty if none was known
 * @param rule {@link Rule#VALID}, or the rule that refused
 * @param why in words, for an error message; empty if accepted
 * @param findings about detached OpenPGP signatures of the image, and of indexes that list it if
 *     those were looked at
 * @param policy the one that decided; null if none speaks for the name, and the keys did
 * @param explanation what it made of the image, where there is a policy
 */
public record Verdict(
    String subject,
    String name,
    Instant at,
    Rule rule,
    String why,
    List<Finding> findings,
    @Nullable Policy policy,
    @Nullable Explanation explanation) {
  public Verdict {
    findings = List.copyOf(findings);
  }

  /** What follows from the trusted keys. */
  Verdict(String subject, String name, Instant at, Rule rule, String why, List<Finding> findings) {
    this(subject, name, at, rule, why, findings, null, null);
  }

  /** What a policy makes of the same findings. */
  Verdict by(Policy decisive, Explanation explained, Rule rule) {
    boolean isOfKeys = rule == this.rule && rule != Rule.VALID;
    String words =
        rule == Rule.VALID || rule == Rule.ACCEPT_UNSIGNED
            ? ""
            : isOfKeys ? why : "the policy asks for more: " + explained.reason();
    return new Verdict(subject, name, at, rule, words, findings, decisive, explained);
  }

  /** The same findings, which were not enough after all. */
  Verdict refused(Rule refusal, String words) {
    return new Verdict(subject, name, at, refusal, words, findings, policy, explanation);
  }

  /** What follows for bytes whose signature file was refused as a whole. */
  public static Verdict unread(String subject, Instant at, Rule refusal, String words) {
    return new Verdict(subject, "", at, refusal, words, List.of());
  }

  /**
   * What was found about one signature.
   *
   * @param issuer whom it claims to be by
   * @param key the fingerprint of the trusted certificate that it was judged under, or empty
   * @param scope what that certificate is trusted for, or empty
   * @param signingKey the fingerprint of the key or subkey, or empty
   * @param index the digest of the index that was signed; empty if it was the image itself
   */
  public record Finding(
      String issuer,
      Rule rule,
      String why,
      String key,
      String scope,
      String signingKey,
      long created,
      String index) {}

  public boolean accepted() {
    return rule == Rule.VALID || rule == Rule.ACCEPT_UNSIGNED;
  }

  /** One JSON object, without a line end. */
  public byte[] toJson() {
    return toJson("");
  }

  /**
   * The same of an image that is in no store.
   *
   * @param place how it was named; empty for one of a store
   */
  public byte[] toJson(String place) {
    JsonWriter json = new JsonWriter().object();
    json.put("schema", "rkt.verdict/1");
    if (!place.isEmpty()) {
      json.put("place", place);
    }
    json.put("image", subject);
    if (!name.isEmpty()) {
      json.put("name", name);
    }
    json.put("at", at.toString()).put("accepted", accepted()).put("rule", rule.label());
    if (!why.isEmpty()) {
      json.put("why", why);
    }
    if (policy != null) {
      writePolicy(json, policy);
    }
    if (explanation != null) {
      explanation.writeTo(json.object("explanation"));
      json.end();
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
      if (!finding.index().isEmpty()) {
        json.put("index", finding.index());
      }
      json.end();
    }
    return json.end().end().bytes();
  }

  /** Writes the member {@code policy}: which one it is. */
  public static void writePolicy(JsonWriter json, Policy policy) {
    json.object("policy")
        .put("file", policy.file().toString())
        .put("scope", policy.scope().toString())
        .put("layer", policy.layer().label())
        .end();
  }
}
