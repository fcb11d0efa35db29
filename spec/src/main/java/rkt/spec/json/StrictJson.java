package rkt.spec.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import rkt.spec.SpecException;

/**
 * Opens a JSON document under the rules of the specification: at most 4 MiB, at most 64 levels
 * deep, plain UTF-8, no duplicate member names, nothing after the document. spec/json.md
 *
 * <p>Streaming only: the run path must not pay for data binding. {@link JsonObject} reads a
 * document into a tree, and refuses a member whose name is right but for case.
 */
public final class StrictJson {
  /** The largest document that is read, in bytes. */
  public static final int MAX_BYTES = 4 << 20;

  /** The deepest nesting that is read. */
  public static final int MAX_DEPTH = 64;

  /** The most names and values, starts and ends of objects and arrays in a document. */
  public static final long MAX_TOKENS = 500_000;

  /** The largest document of our own, as the index of a store with many images is. */
  public static final int MAX_OWN_BYTES = 64 << 20;

  private static final JsonFactory FACTORY = factory(MAX_BYTES, MAX_TOKENS);

  /** Made only where it is needed. */
  private static final class Large {
    private static final JsonFactory FACTORY = factory(MAX_OWN_BYTES, -1);
  }

  private static JsonFactory factory(int longest, long mostTokens) {
    return JsonFactory.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
        .disable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(MAX_DEPTH)
                .maxDocumentLength(longest)
                .maxTokenCount(mostTokens)
                .maxStringLength(MAX_BYTES)
                .maxNumberLength(64)
                .build())
        .build();
  }

  private StrictJson() {}

  /**
   * A parser over {@code document}, before its first token.
   *
   * @param what names the document in errors: {@code "the manifest of sha256:…"}
   */
  public static JsonParser open(byte[] document, String what) throws SpecException {
    return open(document, MAX_BYTES, what);
  }

  /** The same for a document that rkt itself wrote, which may be longer. */
  public static JsonParser openOwn(byte[] document, String what) throws SpecException {
    return open(document, MAX_OWN_BYTES, what);
  }

  private static JsonParser open(byte[] document, int most, String what) throws SpecException {
    if (document.length > most) {
      throw SpecException.integrity(
          what + " is " + document.length + " bytes long; a JSON document has at most " + most);
    }
    if (!isUtf8(document)) {
      throw SpecException.integrity(what + " is not strict JSON: it is not plain UTF-8");
    }
    try {
      JsonFactory factory = document.length > MAX_BYTES ? Large.FACTORY : FACTORY;
      return factory.createParser(document);
    } catch (IOException e) {
      throw broken(what, e);
    }
  }

  /** Jackson would guess UTF-16 and UTF-32 from a mark or from zeros, and drop a mark of UTF-8. */
  private static boolean isUtf8(byte[] document) {
    for (int i = 0; i < Math.min(4, document.length); i++) {
      if (document[i] == 0) {
        return false;
      }
    }
    int first = document.length == 0 ? 0 : document[0] & 0xff;
    return first != 0xef && first != 0xfe && first != 0xff;
  }

  /** What Jackson found, as a failure of class {@code integrity} that names the document. */
  public static SpecException broken(String what, IOException e) {
    String why =
        e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
    return SpecException.integrity(what + " is not strict JSON: " + why);
  }
}
