package rkt.spec.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import rkt.spec.SpecException;

/** JSON for people to look at. Token by token: data binding takes longer to load than to work. */
public final class JsonText {
  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonText() {}

  /** The document with line breaks and indentation, its members and its numbers as they are. */
  public static String indent(byte[] document, String what) throws SpecException {
    StringWriter text = new StringWriter();
    try (JsonParser parser = StrictJson.open(document, what);
        JsonGenerator out = FACTORY.createGenerator(text)) {
      out.setPrettyPrinter(new DefaultPrettyPrinter());
      int depth = 0;
      do {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_NUMBER_FLOAT) {
          out.writeNumber(parser.getText());
        } else if (token != null) {
          out.copyCurrentEvent(parser);
          depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        } else {
          depth = 0;
        }
      } while (depth > 0);
      out.flush();
      return text.toString();
    } catch (IOException e) {
      throw StrictJson.broken(what, e);
    }
  }
}
