package rkt.verify.openpgp;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.verify.openpgp.KeyFacts.Component;
import rkt.verify.openpgp.KeyFacts.Revocation;
import rkt.verify.openpgp.KeyFacts.Statement;

/**
 * The one place that says which signatures count. Facts and a moment in, a judgement out: no clock,
 * no file, no state. spec/trust.md#rules lists the same rules in the same order.
 */
public final class Rules {
  /** How far the clock of a signer may be ahead of ours, in seconds. */
  static final long SKEW = 300;

  private final SignatureFacts signature;
  private final KeyFacts certificate;
  private final Component key;
  private final long now;

  private Rules(SignatureFacts signature, KeyFacts certificate, Component key, Instant now) {
    this.signature = signature;
    this.certificate = certificate;
    this.key = key;
    this.now = now.getEpochSecond();
  }

  /**
   * What one signature is worth under one key.
   *
   * @param rule {@link Rule#VALID}, or the rule that refuses
   * @param why in words, for an error message; empty if valid
   */
  public record Judgement(Rule rule, String why) {
    static final Judgement VALID = new Judgement(Rule.VALID, "");

    public boolean isValid() {
      return rule == Rule.VALID;
    }
  }

  /**
   * Judges {@code signature} as one by {@code key}, a component of {@code certificate}, at the
   * moment {@code now}. Whether the certificate is trusted is not asked here.
   */
  public static Judgement judge(
      SignatureFacts signature, KeyFacts certificate, Component key, Instant now) {
    return new Rules(signature, certificate, key, now).judge();
  }

  /** What is to say of {@code signature} when no trusted key is the one that it claims. */
  public static Judgement unknown(SignatureFacts signature) {
    Judgement form = form(signature);
    return form != null ? form : no(Rule.UNKNOWN_KEY, "no trusted key has that fingerprint");
  }

  /** Whether a signature made by {@code certificate} right now could be valid, and if not, why. */
  public static Judgement state(KeyFacts certificate, Instant now) {
    Judgement best = null;
    for (Component key : certificate.components()) {
      Judgement found = state(certificate, key, now);
      if (found.isValid()) {
        return found;
      }
      if (best == null || best.rule() == Rule.KEY_USAGE || best.rule() == Rule.ALGORITHM) {
        best = found;
      }
    }
    return best == null ? no(Rule.KEY_UNBOUND, "it has no key") : best;
  }

  /** The same of one component of it. */
  static Judgement state(KeyFacts certificate, Component key, Instant now) {
    SignatureFacts fresh = SignatureFacts.by(key, now.getEpochSecond());
    Rules rules = new Rules(fresh, certificate, key, now);
    Judgement found = rules.keyFits();
    return found == null ? rules.entitled() : found;
  }

  /** When {@code certificate} ends, in seconds since 1970; 0 for never. */
  public static long expires(KeyFacts certificate, Instant now) {
    Component primary = certificate.primary();
    SignatureFacts fresh = SignatureFacts.by(primary, now.getEpochSecond());
    Rules rules = new Rules(fresh, certificate, primary, now);
    Statement onKey = rules.governing(primary.statements(), rules.now);
    Statement onUserId = rules.governing(rules.validUserIds(rules.now), rules.now);
    long first = onKey == null ? 0 : onKey.keyExpires();
    long second = onUserId == null || primary.version() != 4 ? 0 : onUserId.keyExpires();
    return first == 0 || second == 0 ? Math.max(first, second) : Math.min(first, second);
  }

  /** What forbids {@code signature} whoever made it, or null: rules 1 to 4 and 6. */
  static @Nullable Judgement form(SignatureFacts signature) {
    if (!signature.defects().isEmpty() && signature.version() == 0) {
      SignatureFacts.Defect defect = signature.defects().get(0);
      return no(defect.rule(), defect.words());
    }
    if (signature.version() != 4 && signature.version() != 6) {
      return no(Rule.VERSION, "it is of version " + signature.version() + "; 4 and 6 are accepted");
    }
    if (signature.type() != 0) {
      return no(
          Rule.TYPE,
          "it is "
              + typeName(signature.type())
              + ", not a signature over a binary file; gpg --detach-sign makes one");
    }
    if (HashAlgorithm.find(signature.hashAlgorithm()) == null) {
      return no(
          Rule.HASH,
          "it uses "
              + hashName(signature.hashAlgorithm())
              + "; SHA-256, SHA-384 and SHA-512 are accepted");
    }
    for (SignatureFacts.Defect defect : signature.defects()) {
      return no(defect.rule(), "it has " + defect.words());
    }
    return null;
  }

  private Judgement judge() {
    Judgement form = form(signature);
    if (form != null) {
      return form;
    }
    Judgement fits = keyFits();
    if (fits != null) {
      return fits;
    }
    if (!SignatureMath.verify(signature, key.key())) {
      return no(
          Rule.BAD_SIGNATURE, "it does not match: other bytes were signed, or it was altered");
    }
    Judgement times = times();
    return times != null ? times : entitled();
  }

  /** Whether the key may make the signature: rules 9 to 12. */
  private Judgement entitled() {
    Judgement revoked = revoked(certificate.primary(), "the key");
    if (revoked == null && !isPrimary()) {
      revoked = revoked(key, "the signing subkey");
    }
    if (revoked != null) {
      return revoked;
    }
    Judgement then = usable(signature.created(), "when it was made");
    if (then != null) {
      return then;
    }
    Judgement today = usable(now, "now");
    return today != null ? today : Judgement.VALID;
  }

  private @Nullable Judgement keyFits() {
    if (signature.version() != key.version()) {
      return no(
          Rule.VERSION,
          "it is of version " + signature.version() + ", its key of version " + key.version());
    }
    if (!signature.issuerKeyId().isEmpty() && !signature.issuerKeyId().equals(key.keyId())) {
      return no(Rule.MALFORMED, "it names two different issuers");
    }
    int made = signature.keyAlgorithm();
    boolean rsa = made == PublicKey.RSA || made == PublicKey.RSA_SIGN;
    int has = key.key().algorithm();
    boolean hasRsa = has == PublicKey.RSA || has == PublicKey.RSA_SIGN;
    if (!key.key().isStrong()) {
      return no(
          Rule.ALGORITHM,
          "its key is "
              + key.key().label()
              + "; accepted are RSA of 2048 to 8192 bits, ECDSA P-256, P-384, P-521, Ed25519, Ed448");
    }
    if (made != has && !(rsa && hasRsa)) {
      return no(Rule.ALGORITHM, "its algorithm, " + made + ", is not that of its key, " + has);
    }
    return null;
  }

  private @Nullable Judgement times() {
    long created = signature.created();
    if (created == 0) {
      return no(Rule.TIME, "it does not say when it was made");
    }
    if (created > now + SKEW) {
      return no(
          Rule.TIME,
          "it was made in the future, at " + time(created) + "; check this host's clock");
    }
    if (created < key.created() || created < certificate.primary().created()) {
      return no(Rule.TIME, "it was made at " + time(created) + ", before its key");
    }
    if (signature.expires() != 0 && now >= signature.expires()) {
      return no(Rule.SIGNATURE_EXPIRED, "it expired at " + time(signature.expires()));
    }
    return null;
  }

  private @Nullable Judgement revoked(Component component, String name) {
    for (Revocation revocation : component.revocations()) {
      if (revocation.hard()) {
        return no(Rule.KEY_REVOKED, name + " was revoked");
      }
      if (revocation.created() <= signature.created()) {
        return no(
            Rule.KEY_REVOKED,
            name + " was retired at " + time(revocation.created()) + ", before it was made");
      }
    }
    return null;
  }

  /** Whether the key, and its primary key, were alive and allowed to sign at {@code moment}. */
  private @Nullable Judgement usable(long moment, String when) {
    Component primary = certificate.primary();
    Statement onKey = governing(primary.statements(), moment);
    Statement onUserId = primary.version() == 4 ? governing(validUserIds(moment), moment) : null;
    if (onKey == null && onUserId == null) {
      return no(
          Rule.KEY_UNBOUND,
          "no valid self-signature with an accepted hash vouched for the key " + when);
    }
    Judgement expired = alive(onKey, moment, "the key");
    if (expired == null) {
      expired = alive(onUserId, moment, "the key");
    }
    if (expired != null) {
      return expired;
    }
    if (isPrimary()) {
      int flags = onUserId != null && onUserId.flags() >= 0 ? onUserId.flags() : flags(onKey);
      return maySign(flags) ? null : no(Rule.KEY_USAGE, "its key is not marked for signing");
    }
    Statement binding = governing(key.statements(), moment);
    if (binding == null) {
      return no(
          Rule.KEY_UNBOUND,
          "no valid binding with an accepted hash vouched for the signing subkey " + when);
    }
    expired = alive(binding, moment, "the signing subkey");
    if (expired != null) {
      return expired;
    }
    if (!maySign(binding.flags())) {
      return no(Rule.KEY_USAGE, "its subkey is not marked for signing");
    }
    return binding.confirmed()
        ? null
        : no(Rule.KEY_USAGE, "its subkey has not signed that it belongs to the key");
  }

  /** The self-signatures on user ids that were not revoked at {@code moment}. */
  private List<Statement> validUserIds(long moment) {
    List<Statement> result = new ArrayList<>();
    for (KeyFacts.UserId id : certificate.userIds()) {
      for (Statement statement : id.statements()) {
        if (!isWithdrawn(statement, id.revocations(), moment)) {
          result.add(statement);
        }
      }
    }
    return result;
  }

  private static boolean isWithdrawn(
      Statement statement, List<Revocation> revocations, long moment) {
    for (Revocation revocation : revocations) {
      boolean known = revocation.created() <= moment && statement.created() <= revocation.created();
      if (revocation.hard() || known) {
        return true;
      }
    }
    return false;
  }

  /**
   * The newest of {@code statements} that was made by {@code moment} and had not ended. If all are
   * younger, the oldest: gpg replaces a self-signature when it extends a key, so the one that held
   * when an older signature was made is often gone. Never one from our own future.
   */
  private @Nullable Statement governing(List<Statement> statements, long moment) {
    Statement newest = null;
    Statement oldest = null;
    for (Statement statement : statements) {
      if (statement.created() > now + SKEW
          || (statement.expires() != 0 && moment >= statement.expires())) {
        continue;
      }
      if (statement.created() <= moment + SKEW
          && (newest == null || statement.created() >= newest.created())) {
        newest = statement;
      }
      if (oldest == null || statement.created() < oldest.created()) {
        oldest = statement;
      }
    }
    return newest != null ? newest : oldest;
  }

  private static @Nullable Judgement alive(@Nullable Statement says, long moment, String name) {
    if (says == null || says.keyExpires() == 0 || moment < says.keyExpires()) {
      return null;
    }
    return no(Rule.KEY_EXPIRED, name + " expired at " + time(says.keyExpires()));
  }

  private static int flags(@Nullable Statement statement) {
    return statement == null ? -1 : statement.flags();
  }

  private static boolean maySign(int flags) {
    return flags >= 0 && (flags & Statement.MAY_SIGN) != 0;
  }

  private static Judgement no(Rule rule, String why) {
    return new Judgement(rule, why);
  }

  private static String time(long seconds) {
    return Instant.ofEpochSecond(seconds).toString();
  }

  private static String typeName(int type) {
    return switch (type) {
      case 0x01 -> "a text-mode signature";
      case 0x10, 0x11, 0x12, 0x13 -> "a certification of a key";
      case 0x40 -> "a timestamp";
      default -> "of type 0x" + Integer.toHexString(type);
    };
  }

  private static String hashName(int number) {
    return switch (number) {
      case 1 -> "MD5";
      case 2 -> "SHA-1";
      case 3 -> "RIPEMD-160";
      default -> "hash " + number;
    };
  }

  /** By fingerprint: the equals that the compiler writes for a record costs 20 ms of a start. */
  private boolean isPrimary() {
    return key.fingerprint().equals(certificate.fingerprint());
  }
}
