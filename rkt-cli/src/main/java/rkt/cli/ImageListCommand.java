package rkt.cli;

import java.time.temporal.ChronoUnit;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.SpecException;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.Store;
import rkt.spec.store.StoredImage;

/** {@code rkt image list}: the images in the store. */
final class ImageListCommand implements Command {
  private static final int SHORT = 19;

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addOption(
        OptionSpec.builder("--full")
            .type(boolean.class)
            .description("Print whole identifiers and exact sizes.")
            .build());
    spec.addOption(
        OptionSpec.builder("--no-legend")
            .type(boolean.class)
            .description("Print no heading.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws UsageException, SpecException {
    Format format = Format.of(parsed);
    boolean full = parsed.hasMatchedOption("--full");
    Table table = new Table();
    if (!parsed.hasMatchedOption("--no-legend")) {
      table.row("ID", "NAME", "REFERENCE", "SIZE", "IMPORT TIME");
    }
    for (StoredImage image : Store.at(settings.dir()).list()) {
      if (format.isJson()) {
        caller.out().println(json(format, image));
      } else {
        String id = image.image().id().toString();
        table.row(
            full ? id : id.substring(0, SHORT),
            image.image().name().text(),
            String.join(" ", image.references()),
            full ? Long.toString(image.admission().sizeBytes()) : size(image),
            image.admission().imported().truncatedTo(ChronoUnit.SECONDS).toString());
      }
    }
    if (!format.isJson()) {
      table.print(caller.out());
    }
    return 0;
  }

  private static JsonWriter json(Format format, StoredImage image) {
    JsonWriter json = format.writer().object();
    json.put("version", 1).put("id", image.image().id().toString());
    json.put("name", image.image().name().text());
    json.put("references", image.references());
    json.put("size", image.admission().sizeBytes());
    json.put("import_time", image.admission().imported().getEpochSecond());
    json.put("source", image.admission().source());
    json.put("admitted_unverified", image.admission().insecure());
    return json.end();
  }

  private static String size(StoredImage image) {
    long bytes = image.admission().sizeBytes();
    if (bytes < 1 << 20) {
      return (bytes + 1023) / 1024 + "KiB";
    }
    return (bytes + (1 << 20) - 1) / (1 << 20) + "MiB";
  }
}
