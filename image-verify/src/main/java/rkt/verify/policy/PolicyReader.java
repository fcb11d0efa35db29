package rkt.verify.policy;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonPointer;
import rkt.verify.openpgp.TrustException;
import rkt.verify.sigstore.Thresholds;
import rkt.verify.trust.GuardedFiles;

/**
 * Reads a policy file, strictly: what it does not know it refuses, and so does every image that the
 * file is about. spec/policy.md#file
 */
final class PolicyReader {
  private static final int MOST_WITNESSES = 8;
  private static final int DEEPEST = 16;
  private static final String KIND = "policy";
  private static final String VERSION = "v1";

  private final GuardedFiles files;
  private final Path base;
  private int requirements;

  /**
   * A reader.
   *
   * @param base what relative names of files are relative to
   */
  PolicyReader(GuardedFiles files, Path base) {
    this.files = files;
    this.base = base;
  }

  /**
   * What the policy asks for.
   *
   * @param file names the document in errors
   */
  Requirement read(byte[] document, Path file) throws RktException {
    try {
      JsonObject json = JsonObject.parse(document, file.toString());
      Members.only(json, "rktKind", "rktVersion", "require");
      if (!json.string("rktKind").equals(KIND) || !json.string("rktVersion").equals(VERSION)) {
        throw new IllegalArgumentException(
            "\"rktKind\" is \"" + KIND + "\" and \"rktVersion\" is \"" + VERSION + "\"");
      }
      return requirement(json.object("require"), 1);
    } catch (TrustException e) {
      throw e;
    } catch (SpecException e) {
      throw files.refuse("the policy cannot be used: " + e.getMessage(), fix(file));
    } catch (IllegalArgumentException e) {
      throw files.refuse("the policy " + file + " cannot be used: " + e.getMessage(), fix(file));
    }
  }

  private static String fix(Path file) {
    return "correct " + file + "; spec/policy.md says what it may hold";
  }

  private Requirement requirement(JsonObject json, int depth) throws RktException {
    if (depth > DEEPEST || ++requirements > Members.MOST) {
      throw Members.wrong(
          json,
          "a policy has at most " + Members.MOST + " requirements, at most " + DEEPEST + " deep");
    }
    String type = json.string("type");
    return switch (type) {
      case "all-of" -> {
        Members.only(json, "type", "of");
        yield new Requirement.AllOf(several(json, "of", depth));
      }
      case "any-of" -> {
        Members.only(json, "type", "of");
        yield new Requirement.AnyOf(several(json, "of", depth));
      }
      case "at-least" -> {
        Members.only(json, "type", "of", "count");
        int count = (int) Math.min(Integer.MAX_VALUE, json.integer("count"));
        yield new Requirement.AtLeast(count, several(json, "of", depth));
      }
      case "openpgp" -> {
        Members.only(json, "type", "fingerprints", "signedAs", "maxAge", "minimumStrength");
        yield new Requirement.OpenPgp(
            fingerprints(json), signedAs(json, new SignedAs.SameName(false)), limits(json, true));
      }
      case "cosign" -> {
        Members.only(json, "type", "keys", "signedAs", "maxAge", "minimumStrength");
        yield new Requirement.Cosign(
            keys(json), signedAs(json, new SignedAs.SameName(false)), limits(json, true));
      }
      case "keyless" -> {
        Members.only(json, "type", "trustedRoot", "witnesses", "identities", "signedAs", "maxAge");
        yield new Requirement.Keyless(
            path(json, "trustedRoot"),
            witnesses(json),
            identities(json),
            signedAs(json, new SignedAs.SameName(false)),
            limits(json, false));
      }
      case "attestation" -> attestation(json, depth);
      case "containers-policy" -> {
        Members.only(json, "type", "file");
        yield new Requirement.Containers(new ContainersReader(files).read(path(json, "file")));
      }
      case "reject" -> {
        Members.only(json, "type");
        yield new Requirement.Reject();
      }
      case "accept-unsigned" -> {
        Members.only(json, "type");
        yield new Requirement.AcceptUnsigned();
      }
      default -> throw Members.wrong(json, "no requirement is called \"" + type + "\"");
    };
  }

  private List<Requirement> several(JsonObject json, String member, int depth) throws RktException {
    List<Requirement> of = new ArrayList<>();
    for (JsonObject one : Members.some(json, member)) {
      of.add(requirement(one, depth + 1));
    }
    return of;
  }

  private Requirement attestation(JsonObject json, int depth) throws RktException {
    Members.only(
        json, "type", "predicateType", "by", "rules", "signedAs", "maxAge", "minimumStrength");
    List<Requirement> by = new ArrayList<>();
    for (JsonObject one : Members.some(json, "by")) {
      if (one.has("signedAs") || one.has("maxAge") || one.has("minimumStrength")) {
        throw Members.wrong(
            one, "limits and names of an attestation stand beside \"by\", not in it");
      }
      Requirement signer = requirement(one, depth + 1);
      if (!(signer instanceof Requirement.Cosign) && !(signer instanceof Requirement.Keyless)) {
        throw Members.wrong(one, "attestations are made by \"cosign\" or \"keyless\" signers");
      }
      by.add(signer);
    }
    List<FieldRule> rules = new ArrayList<>();
    if (Members.isThere(json, "rules")) {
      for (JsonObject rule : Members.some(json, "rules")) {
        rules.add(rule(rule));
      }
    }
    return new Requirement.Attestation(
        text(json, "predicateType"),
        by,
        rules,
        signedAs(json, new SignedAs.SameName(true)),
        limits(json, true));
  }

  private static FieldRule rule(JsonObject json) throws SpecException {
    FieldRule.Test test = null;
    for (FieldRule.Test one : FieldRule.Test.values()) {
      if (Members.isThere(json, one.label())) {
        if (test != null) {
          throw Members.wrong(json, "a rule makes one comparison");
        }
        test = one;
      }
    }
    if (test == null) {
      throw Members.wrong(
          json, "a rule compares a field: equals, not, in, at-least, at-most or matches");
    }
    Members.only(json, "field", test.label());
    JsonPointer field = JsonPointer.parse(json.string("field"));
    JsonPointer value = JsonPointer.parse("/" + test.label());
    List<String> values = new ArrayList<>();
    switch (test) {
      case EQUALS, NOT -> values.add(scalar(json, value));
      case IN -> {
        for (int i = 0; JsonPointer.parse(value + "/" + i).find(json).isPresent(); i++) {
          values.add(scalar(json, JsonPointer.parse(value + "/" + i)));
        }
        if (values.isEmpty()) {
          throw Members.wrong(json, "\"in\" is an array of at least one value");
        }
      }
      case AT_LEAST, AT_MOST -> {
        if (value.find(json).orElseThrow().kind() != JsonPointer.Kind.NUMBER) {
          throw Members.wrong(json, "\"" + test.label() + "\" is a number");
        }
        values.add(json.json(test.label()));
      }
      case MATCHES -> values.add(Glob.pattern(json.string(test.label())).text());
    }
    return new FieldRule(field, test, values);
  }

  private static String scalar(JsonObject json, JsonPointer at) throws SpecException {
    JsonPointer.Value value = at.find(json).orElseThrow();
    if (value.kind() == JsonPointer.Kind.OTHER) {
      throw Members.wrong(
          json, at + " is compared with, and must be a string, a number, true or false");
    }
    return value.json();
  }

  private List<PolicyKey> keys(JsonObject json) throws RktException {
    List<PolicyKey> keys = new ArrayList<>();
    for (JsonObject one : Members.some(json, "keys")) {
      byte[] pem;
      if (Members.isThere(one, "pem")) {
        Members.only(one, "pem");
        pem = one.string("pem").getBytes(StandardCharsets.UTF_8);
      } else {
        Members.only(one, "file");
        pem = files.readNamed(path(one, "file"));
      }
      keys.add(PolicyKey.parse(pem, one.where()));
    }
    return keys;
  }

  private static List<IdentityPattern> identities(JsonObject json) throws SpecException {
    List<IdentityPattern> identities = new ArrayList<>();
    for (JsonObject one : Members.some(json, "identities")) {
      Members.only(one, "issuer", "issuerPattern", "subject", "subjectPattern");
      identities.add(
          new IdentityPattern(
              glob(one, "issuer", "issuerPattern"), glob(one, "subject", "subjectPattern")));
    }
    return identities;
  }

  private static Glob glob(JsonObject json, String exact, String pattern) throws SpecException {
    if (Members.isThere(json, exact) == Members.isThere(json, pattern)) {
      throw Members.wrong(json, "one of \"" + exact + "\" and \"" + pattern + "\" is given");
    }
    return Members.isThere(json, exact)
        ? Glob.exact(json.string(exact))
        : Glob.pattern(json.string(pattern));
  }

  private static List<String> fingerprints(JsonObject json) throws SpecException {
    if (!Members.isThere(json, "fingerprints")) {
      return List.of();
    }
    List<String> fingerprints = json.strings("fingerprints");
    for (String fingerprint : fingerprints) {
      if (!GuardedFiles.isFingerprint(fingerprint)) {
        throw Members.wrong(
            json, "a fingerprint is 40 or 64 lowercase hex digits, got \"" + fingerprint + "\"");
      }
    }
    if (fingerprints.isEmpty()) {
      throw Members.wrong(json, "\"fingerprints\" is empty: nobody could sign");
    }
    return fingerprints;
  }

  private static SignedAs signedAs(JsonObject json, SignedAs usual) throws SpecException {
    if (!Members.isThere(json, "signedAs")) {
      return usual;
    }
    if (json.json("signedAs").startsWith("{")) {
      JsonObject names = json.object("signedAs");
      if (Members.isThere(names, "name")) {
        Members.only(names, "name");
        return new SignedAs.OtherName(new ImageName(names.string("name")));
      }
      Members.only(names, "prefix", "signedPrefix");
      return new SignedAs.Renamed(
          new ImageName(names.string("prefix")), new ImageName(names.string("signedPrefix")));
    }
    return switch (json.string("signedAs")) {
      case "same" -> new SignedAs.SameName(false);
      case "same-or-unnamed" -> new SignedAs.SameName(true);
      default ->
          throw Members.wrong(
              json, "\"signedAs\" is \"same\", \"same-or-unnamed\", or an object of names");
    };
  }

  /** How many of each kind must vouch for an identity; one, where nothing is said. */
  private static Thresholds witnesses(JsonObject json) throws SpecException {
    if (!Members.isThere(json, "witnesses")) {
      return Thresholds.DEFAULT;
    }
    JsonObject counts = json.object("witnesses");
    Members.only(counts, "logs", "certificateLogs", "times");
    return new Thresholds(
        count(counts, "logs"), count(counts, "certificateLogs"), count(counts, "times"));
  }

  private static int count(JsonObject json, String member) throws SpecException {
    long count = json.findInteger(member).orElse(1L);
    if (count < 1 || count > MOST_WITNESSES) {
      throw Members.wrong(json, "\"" + member + "\" is 1 to " + MOST_WITNESSES + ", got " + count);
    }
    return Math.toIntExact(count);
  }

  private static Limits limits(JsonObject json, boolean hasStrength) throws SpecException {
    Optional<Duration> maxAge = Optional.empty();
    if (Members.isThere(json, "maxAge")) {
      maxAge = Optional.of(duration(json, json.string("maxAge")));
    }
    Map<String, Integer> bits = new HashMap<>();
    if (hasStrength && Members.isThere(json, "minimumStrength")) {
      JsonObject strength = json.object("minimumStrength");
      Members.only(strength, "rsa", "ecdsa", "ed25519", "ed448");
      for (String algorithm : strength.names()) {
        bits.put(algorithm, (int) Math.min(Integer.MAX_VALUE, strength.integer(algorithm)));
      }
      if (bits.isEmpty()) {
        throw Members.wrong(json, "\"minimumStrength\" names no algorithm: nobody could sign");
      }
    }
    return new Limits(maxAge, bits);
  }

  private static Duration duration(JsonObject json, String text) throws SpecException {
    int digits = text.length() - 1;
    long number = digits < 1 || digits > 9 ? 0 : 1;
    long value = 0;
    for (int i = 0; i < digits && number > 0; i++) {
      int digit = text.charAt(i) - '0';
      number = digit < 0 || digit > 9 ? 0 : 1;
      value = 10 * value + digit;
    }
    if (number == 0 || value == 0) {
      throw Members.wrong(json, "\"maxAge\" is a number and s, m, h or d, as in 90d");
    }
    return switch (text.charAt(digits)) {
      case 's' -> Duration.ofSeconds(value);
      case 'm' -> Duration.ofMinutes(value);
      case 'h' -> Duration.ofHours(value);
      case 'd' -> Duration.ofDays(value);
      default -> throw Members.wrong(json, "\"maxAge\" is a number and s, m, h or d, as in 90d");
    };
  }

  private Path path(JsonObject json, String member) throws SpecException {
    try {
      return base.resolve(text(json, member)).normalize();
    } catch (InvalidPathException e) {
      throw Members.wrong(json, "\"" + member + "\" is not a path");
    }
  }

  private static String text(JsonObject json, String member) throws SpecException {
    String text = json.string(member);
    if (text.isEmpty()) {
      throw Members.wrong(json, "\"" + member + "\" is empty");
    }
    return text;
  }
}
