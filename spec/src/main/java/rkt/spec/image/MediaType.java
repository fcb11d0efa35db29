package rkt.spec.image;

import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * The media types that are known, and the rule that all statements of one agree. spec/image.md#oci
 */
public final class MediaType {
  public static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  public static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  public static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
  public static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
  public static final String OCI_EMPTY = "application/vnd.oci.empty.v1+json";
  public static final String DOCKER_INDEX =
      "application/vnd.docker.distribution.manifest.list.v2+json";
  public static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";
  public static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
  public static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
  public static final String ACI = "application/vnd.appc.image.v1";
  public static final String ACI_MANIFEST = "application/vnd.appc.image.manifest.v1+json";
  public static final String ACI_LAYER = "application/vnd.appc.image.aci.v1.tar";

  /** What keeps the indexes that led to an image. spec/store.md#indexes */
  public static final String IMAGE_INDEXES = "application/vnd.rkt.image.indexes.v1";

  /** A detached OpenPGP signature of such an index. spec/store.md#indexes */
  public static final String INDEX_SIGNATURE = "application/vnd.rkt.image.index.signature.v1";

  public static final String PGP_SIGNATURE = "application/pgp-signature";
  public static final String SIMPLE_SIGNING = "application/vnd.containers.openpgp.simplesigning.v1";
  public static final String COSIGN_PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json";
  public static final String COSIGN_SIGNATURES = "application/vnd.dev.cosign.artifact.sig.v1+json";
  public static final String COSIGN_ATTESTATIONS =
      "application/vnd.dev.cosign.artifact.att.v1+json";
  public static final String DSSE = "application/vnd.dsse.envelope.v1+json";
  public static final String SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";

  private MediaType() {}

  public static boolean isIndex(String type) {
    return type.equals(OCI_INDEX) || type.equals(DOCKER_INDEX);
  }

  public static boolean isManifest(String type) {
    return type.equals(OCI_MANIFEST) || type.equals(DOCKER_MANIFEST);
  }

  /** The compression of a layer of media type {@code type}. */
  static Compression layer(String type, String where) throws SpecException {
    return switch (type) {
      case OCI_LAYER, DOCKER_LAYER -> Compression.NONE;
      case OCI_LAYER + "+gzip", DOCKER_LAYER + ".gzip" -> Compression.GZIP;
      case OCI_LAYER + "+zstd", DOCKER_LAYER + ".zstd" -> Compression.ZSTD;
      default -> throw SpecException.integrity(where + ": a layer of type " + type + why(type));
    };
  }

  /** The media type of an ACI file in the store. */
  public static String aci(Compression compression) {
    return compression == Compression.NONE ? ACI_LAYER : ACI_LAYER + "+" + compression.label();
  }

  private static String why(String type) {
    return type.contains("nondistributable") || type.contains("foreign")
        ? " lies outside its registry and is not fetched"
        : " is not known";
  }

  /**
   * The type of a document, of which the document itself, and what led to it, must say the same.
   *
   * @param stated what the descriptor or the Content-Type said; null if nothing did
   * @param assumed the type if nobody says
   */
  static String agreed(JsonObject document, @Nullable String stated, String assumed)
      throws SpecException {
    String own = document.findString("mediaType").orElse(null);
    if (own != null && stated != null && !own.equals(stated)) {
      throw SpecException.integrity(
          document.where() + " was announced as " + stated + ", but says " + own + " itself");
    }
    return own != null ? own : stated != null ? stated : assumed;
  }

  static void schemaVersion(JsonObject document) throws SpecException {
    long version = document.integer("schemaVersion");
    if (version == 1) {
      throw SpecException.integrity(
          document.where()
              + " is of Docker's schema 1, which cannot be verified; push the image again with a"
              + " current tool");
    }
    if (version != 2) {
      throw SpecException.integrity(document.where() + " is of the unknown schema " + version);
    }
  }
}
