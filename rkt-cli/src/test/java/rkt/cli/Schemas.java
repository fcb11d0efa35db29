package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The schemas of the specification. */
final class Schemas {
  private static final Path DIRECTORY = Path.of("../spec/schemas");

  private Schemas() {}

  /** Checks each line of {@code lines}; there is at least one. */
  static void check(String schema, String lines) throws IOException {
    String text = Files.readString(DIRECTORY.resolve(schema + ".schema.json"));
    assertThat(lines).isNotEmpty().endsWith("\n");
    for (String line : lines.lines().toList()) {
      assertThat(
              JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                  .getSchema(text, InputFormat.JSON)
                  .validate(line, InputFormat.JSON))
          .as(line)
          .isEmpty();
    }
  }
}
