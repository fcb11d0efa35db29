package rkt.spec.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import rkt.spec.SpecException;

/** JSON for people to look at. Loads data binding, so it is not for the run path. */
public final class JsonText {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder(new JsonFactory())
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private JsonText() {}

  /** The document with line breaks and indentation, its members in their order. */
  public static String indent(byte[] document, String what) throws SpecException {
    try (JsonParser parser = StrictJson.open(document, what)) {
      JsonNode tree = MAPPER.readTree(parser);
      return MAPPER.writeValueAsString(tree);
    } catch (IOException e) {
      throw StrictJson.broken(what, e);
    }
  }
}
