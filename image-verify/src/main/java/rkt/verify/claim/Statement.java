package rkt.verify.claim;

import java.util.Map;
import rkt.spec.image.MediaType;

/**
 * Something that somebody signed about an image, as it was found beside the image: bytes that
 * nobody has verified. spec/trust.md#statements
 */
public final class Statement {
  /** The most bytes that a body may have. */
  public static final int LARGEST = 4 << 20;

  /** The forms in which registries and mirrors keep statements. */
  public enum Kind {
    /** "Simple signing": an OpenPGP message that holds the JSON which it signs. */
    OPENPGP_MESSAGE(MediaType.SIMPLE_SIGNING),
    /** A cosign payload whose signature is in its annotations. */
    COSIGN(MediaType.COSIGN_PAYLOAD),
    /** An in-toto attestation in a DSSE envelope; a certificate may be in the annotations. */
    DSSE(MediaType.DSSE),
    /** A sigstore bundle: a signature or an attestation, and all that proves it. */
    BUNDLE(MediaType.SIGSTORE_BUNDLE);

    private final String mediaType;

    Kind(String mediaType) {
      this.mediaType = mediaType;
    }

    /** The media type of the layer that holds the body. */
    public String mediaType() {
      return mediaType;
    }
  }

  private final Kind kind;
  private final byte[] body;
  private final Map<String, String> annotations;

  /**
   * @param kind how {@code body} and {@code annotations} are to be read
   * @param body at most 4 MiB
   * @param annotations those of the layer that the body was; empty for kinds without any
   */
  public Statement(Kind kind, byte[] body, Map<String, String> annotations) {
    if (body.length > LARGEST) {
      throw new IllegalArgumentException("a statement of " + body.length + " bytes");
    }
    this.kind = kind;
    this.body = body.clone();
    this.annotations = Map.copyOf(annotations);
  }

  public Kind kind() {
    return kind;
  }

  /** A copy of the bytes. */
  public byte[] body() {
    return body.clone();
  }

  public Map<String, String> annotations() {
    return annotations;
  }
}
