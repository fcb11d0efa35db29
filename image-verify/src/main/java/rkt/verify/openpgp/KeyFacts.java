package rkt.verify.openpgp;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * One certificate in its parsed form: only what its owner's own signatures say, each of them
 * checked. Times are seconds since 1970. spec/trust.md#keys
 *
 * @param source the digest of the key file that this was read from
 * @param components the primary key, then its subkeys
 */
public record KeyFacts(Digest source, List<UserId> userIds, List<Component> components) {
  /** The version of the JSON form, and of what reading a certificate means. */
  private static final String SCHEMA = "rkt.key-facts/1";

  /** A name that the certificate's owner claims; nothing here says that it is true. */
  public record UserId(String text, List<Statement> statements, List<Revocation> revocations) {
    public UserId {
      statements = List.copyOf(statements);
      revocations = List.copyOf(revocations);
    }
  }

  /**
   * A primary key or a subkey.
   *
   * @param version 4 or 6
   * @param fingerprint 40 (v4) or 64 (v6) lowercase hex digits
   * @param keyId 16 lowercase hex digits
   * @param statements direct-key signatures of a primary key, binding signatures of a subkey
   */
  public record Component(
      int version,
      String fingerprint,
      String keyId,
      PublicKey key,
      long created,
      List<Statement> statements,
      List<Revocation> revocations) {
    public Component {
      statements = List.copyOf(statements);
      revocations = List.copyOf(revocations);
    }
  }

  /**
   * What a self-signature says about a key.
   *
   * @param expires when the self-signature ends; 0 for never
   * @param keyExpires when the key ends; 0 for never
   * @param flags what the key may do; -1 if the self-signature does not say
   * @param confirmed whether the subkey has signed that it belongs here
   */
  public record Statement(
      long created, long expires, long keyExpires, int flags, boolean confirmed) {
    /** The flag of a key that may sign data. */
    static final int MAY_SIGN = 2;
  }

  /**
   * The end of a key or of a user id.
   *
   * @param hard whether signatures from before it fall, too
   */
  public record Revocation(long created, boolean hard) {}

  public KeyFacts {
    userIds = List.copyOf(userIds);
    components = List.copyOf(components);
    if (components.isEmpty()) {
      throw new IllegalArgumentException("a certificate has a primary key");
    }
  }

  public Component primary() {
    return components.get(0);
  }

  /** The fingerprint of the primary key, which names the certificate. */
  public String fingerprint() {
    return primary().fingerprint();
  }

  /**
   * Reads a key file: one certificate, armored or binary.
   *
   * @param what names the file in errors
   */
  public static KeyFacts parse(byte[] file, String what) throws TrustException {
    return CertificateReader.read(file, what).facts();
  }

  /** What {@link #source()} is for a key file: its SHA-256. */
  public static Digest source(byte[] file) {
    return new Digest(Digest.Algorithm.SHA256, SelfChecked.sha256(file));
  }

  /** {@code file} without what others signed, armored: what a trust store keeps. */
  public static byte[] minimal(byte[] file, String what) throws TrustException {
    try {
      return CertificateReader.read(file, what).armored();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
  }

  /** The JSON form, for a cache. schemas/key-facts is private to one version of the program. */
  public byte[] toJson() {
    JsonWriter json = new JsonWriter().object();
    json.put("schema", SCHEMA).put("source", source.toString());
    json.array("userIds");
    for (UserId id : userIds) {
      json.object().put("text", id.text());
      write(json, id.statements(), id.revocations());
      json.end();
    }
    json.end().array("components");
    for (Component c : components) {
      json.object()
          .put("version", c.version())
          .put("fingerprint", c.fingerprint())
          .put("keyId", c.keyId())
          .put("algorithm", c.key().algorithm())
          .put("curve", c.key().curve())
          .put("values", c.key().values())
          .put("created", c.created());
      write(json, c.statements(), c.revocations());
      json.end();
    }
    return SelfChecked.seal(json.end());
  }

  /** Reads the JSON form; empty if it is damaged, or of another version. */
  public static Optional<KeyFacts> fromJson(byte[] bytes) {
    try {
      JsonObject json = JsonObject.parse(bytes, "cached key facts");
      if (!json.string("schema").equals(SCHEMA)) {
        return Optional.empty();
      }
      List<UserId> userIds = new ArrayList<>();
      for (JsonObject id : json.objects("userIds")) {
        userIds.add(new UserId(id.string("text"), statements(id), revocations(id)));
      }
      List<Component> components = new ArrayList<>();
      for (JsonObject c : json.objects("components")) {
        components.add(
            new Component(
                (int) c.integer("version"),
                c.string("fingerprint"),
                c.string("keyId"),
                new PublicKey((int) c.integer("algorithm"), c.string("curve"), c.strings("values")),
                c.integer("created"),
                statements(c),
                revocations(c)));
      }
      KeyFacts facts = new KeyFacts(Digest.parse(json.string("source")), userIds, components);
      return SelfChecked.same(bytes, facts.toJson()) ? Optional.of(facts) : Optional.empty();
    } catch (SpecException | IllegalArgumentException e) {
      return Optional.empty(); // A cache: the caller reads the certificate again.
    }
  }

  private static void write(
      JsonWriter json, List<Statement> statements, List<Revocation> revocations) {
    json.array("statements");
    for (Statement s : statements) {
      json.object()
          .put("created", s.created())
          .put("expires", s.expires())
          .put("keyExpires", s.keyExpires())
          .put("flags", s.flags())
          .put("confirmed", s.confirmed())
          .end();
    }
    json.end().array("revocations");
    for (Revocation r : revocations) {
      json.object().put("created", r.created()).put("hard", r.hard()).end();
    }
    json.end();
  }

  private static List<Statement> statements(JsonObject json) throws SpecException {
    List<Statement> result = new ArrayList<>();
    for (JsonObject s : json.objects("statements")) {
      result.add(
          new Statement(
              s.integer("created"),
              s.integer("expires"),
              s.integer("keyExpires"),
              (int) s.integer("flags"),
              s.findBoolean("confirmed").orElse(false)));
    }
    return result;
  }

  private static List<Revocation> revocations(JsonObject json) throws SpecException {
    List<Revocation> result = new ArrayList<>();
    for (JsonObject r : json.objects("revocations")) {
      // A missing word is read as the stricter one; the seal refuses the document anyway.
      result.add(new Revocation(r.integer("created"), r.findBoolean("hard").orElse(true)));
    }
    return result;
  }
}
