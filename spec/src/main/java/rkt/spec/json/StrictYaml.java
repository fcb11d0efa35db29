package rkt.spec.json;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;

/** YAML as far as it says what JSON could: configuration that other tools have in it. */
final class StrictYaml {
  private StrictYaml() {}

  /** A parser over {@code document}, before its first token. */
  static JsonParser open(byte[] document) throws IOException {
    YAMLParser yaml =
        YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                StreamReadConstraints.builder().maxNestingDepth(StrictJson.MAX_DEPTH).build())
            .build()
            .createParser(document);
    return new JsonParserDelegate(yaml) {
      @Override
      public JsonToken nextToken() throws IOException {
        JsonToken token = yaml.nextToken();
        if (yaml.isCurrentAlias()) { // which would read as a string, the name of the alias
          throw new JsonParseException(yaml, "it has an alias");
        }
        return token;
      }
    };
  }
}
