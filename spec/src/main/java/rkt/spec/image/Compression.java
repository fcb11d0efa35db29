package rkt.spec.image;

/** What the tar of a layer or an ACI is compressed with. spec/image.md#compression */
public enum Compression {
  NONE("none"),
  GZIP("gzip"),
  ZSTD("zstd"),
  XZ("xz"),
  BZIP2("bzip2");

  private final String label;

  Compression(String label) {
    this.label = label;
  }

  /** The name in documents. */
  public String label() {
    return label;
  }

  /**
   * The compression called {@code label}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Compression parse(String label) {
    for (Compression compression : values()) {
      if (compression.label.equals(label)) {
        return compression;
      }
    }
    throw new IllegalArgumentException("no compression is called \"" + label + "\"");
  }
}
