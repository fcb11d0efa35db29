package rkt.verify.policy;

import java.util.ArrayList;
import java.util.List;
import rkt.spec.json.JsonWriter;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;

/**
 * What became of one requirement, and of those that it is made of. spec/policy.md#explanation
 *
 * @param requirement the type, as the policy spells it
 * @param words what was asked for, for people
 * @param met whether it was found
 * @param why in words: what was found, or what is missing
 * @param claims what met it; empty for one that is made of others
 * @param parts those that were looked at: the first that decide are enough for a start
 */
public record Explanation(
    String requirement,
    String words,
    boolean met,
    String why,
    List<Claim> claims,
    List<Explanation> parts) {
  public Explanation {
    claims = List.copyOf(claims);
    parts = List.copyOf(parts);
  }

  /** The claims that were needed, in the order of the policy. */
  public List<Claim> decisive() {
    List<Claim> result = new ArrayList<>();
    collect(result);
    return result;
  }

  private void collect(List<Claim> result) {
    if (met) {
      result.addAll(claims);
      for (Explanation part : parts) {
        part.collect(result);
      }
    }
  }

  /** Why it is not met, in one line: of the first part that is not, and so on down. */
  public String reason() {
    for (Explanation part : parts) {
      if (!part.met) {
        String deeper = part.reason();
        return parts.size() == 1 || requirement.equals("all-of") ? deeper : why + ": " + deeper;
      }
    }
    return requirement + ": " + why;
  }

  /** Writes the members into an object that is open. */
  public void writeTo(JsonWriter json) {
    json.put("requirement", requirement).put("asks", words).put("met", met);
    if (!why.isEmpty()) {
      json.put("why", why);
    }
    if (!claims.isEmpty()) {
      json.array("signers");
      for (Claim claim : claims) {
        writeTo(json.object(), claim.signer());
        json.put("digest", claim.subject().toString());
        if (claim.signedAt() != null) {
          json.put("signedAt", claim.signedAt().toString());
        }
        json.end();
      }
      json.end();
    }
    if (!parts.isEmpty()) {
      json.array("of");
      for (Explanation part : parts) {
        part.writeTo(json.object());
        json.end();
      }
      json.end();
    }
  }

  private static void writeTo(JsonWriter json, Signer signer) {
    switch (signer) {
      case Signer.OpenPgp pgp -> json.put("key", pgp.certificate()).put("signingKey", pgp.key());
      case Signer.Key key -> json.put("key", key.fingerprint());
      case Signer.Identity identity ->
          json.put("issuer", identity.issuer()).put("subject", identity.subject());
    }
  }

  /** Writes what is asked for, without what was found, into an object that is open. */
  public void writeAsked(JsonWriter json) {
    json.put("requirement", requirement).put("asks", words);
    if (!parts.isEmpty()) {
      json.array("of");
      for (Explanation part : parts) {
        part.writeAsked(json.object());
        json.end();
      }
      json.end();
    }
  }

  /** What is asked for in lines for people, each indented by its depth. */
  public List<String> asks() {
    List<String> lines = new ArrayList<>();
    asks(0, lines);
    return lines;
  }

  private void asks(int depth, List<String> lines) {
    lines.add("  ".repeat(depth) + requirement + (words.isEmpty() ? "" : ": " + words));
    for (Explanation part : parts) {
      part.asks(depth + 1, lines);
    }
  }

  /** The tree in lines for people, each with a mark and indented by its depth. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines(0, lines);
    return lines;
  }

  private void lines(int depth, List<String> lines) {
    lines.add(
        "  ".repeat(depth)
            + (met ? "yes  " : "no   ")
            + requirement
            + (words.isEmpty() ? "" : ": " + words)
            + (why.isEmpty() ? "" : " - " + why));
    for (Explanation part : parts) {
      part.lines(depth + 1, lines);
    }
  }
}
