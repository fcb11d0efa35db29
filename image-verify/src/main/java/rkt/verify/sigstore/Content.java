package rkt.verify.sigstore;

import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.Digest;
import org.jspecify.annotations.Nullable;

/**
 * What a signature is over: a message, or no more of it than its digest. An envelope's message is
 * what its signatures are over, and the envelope itself is kept beside it.
 */
final class Content {
  private final byte @Nullable [] message;
  private final String algorithm;
  private final byte[] digest;
  private final @Nullable Envelope envelope;
  private final byte @Nullable [] document;

  private Content(
      byte @Nullable [] message,
      String algorithm,
      byte[] digest,
      @Nullable Envelope envelope,
      byte @Nullable [] document) {
    this.message = message;
    this.algorithm = algorithm;
    this.digest = digest;
    this.envelope = envelope;
    this.document = document;
  }

  static Content message(byte[] message) {
    return new Content(message, "sha256", Hashes.sha256(message), null, null);
  }

  /** An envelope in a bundle. */
  static Content envelope(Envelope envelope) {
    byte[] message = envelope.signedBytes();
    return new Content(message, "sha256", Hashes.sha256(message), envelope, null);
  }

  /** An envelope that is a document by itself: a timestamp is about all of it. */
  static Content envelopeIn(Envelope envelope, byte[] document) {
    byte[] message = envelope.signedBytes();
    return new Content(message, "sha256", Hashes.sha256(message), envelope, document);
  }

  /**
   * A message that is not at hand.
   *
   * @param algorithm the name of the hash
   */
  static Content digest(String algorithm, byte[] digest) throws SigstoreException {
    Digest hash = Hashes.named(algorithm);
    if (hash == null || hash.getDigestSize() != digest.length) {
      throw SigstoreException.malformed("a digest of " + algorithm + " is not understood");
    }
    return new Content(null, algorithm, digest, null, null);
  }

  @Nullable Envelope envelope() {
    return envelope;
  }

  /** The digest of a message that is not at hand, by which a manifest may be called. */
  rkt.spec.Digest subject() throws SigstoreException {
    String hex = HexFormat.of().formatHex(digest);
    return switch (digest.length) {
      case 32 -> new rkt.spec.Digest(rkt.spec.Digest.Algorithm.SHA256, hex);
      case 64 -> new rkt.spec.Digest(rkt.spec.Digest.Algorithm.SHA512, hex);
      default ->
          throw SigstoreException.malformed("no image is called by a digest of " + algorithm);
    };
  }

  /** What a timestamp for {@code signature} must be about. */
  byte[] stamped(byte[] signature) {
    return document != null ? document : signature;
  }

  boolean signedBy(VerifyingKey key, byte[] signature) {
    return message != null ? key.signed(message, signature) : key.signedDigest(digest, signature);
  }

  /** Whether its hash by the algorithm of that name is {@code hash}. */
  boolean hashesTo(String name, byte[] hash) {
    Digest wanted = Hashes.named(name);
    Digest known = Hashes.named(algorithm);
    if (wanted == null || known == null) {
      return false;
    }
    if (wanted.getDigestSize() == known.getDigestSize()) {
      return Arrays.equals(digest, hash);
    }
    return message != null && Arrays.equals(Hashes.hash(wanted, message), hash);
  }
}
