package rkt.cli;

import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.SpecException;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.ListedImage;
import rkt.spec.store.ListingText;
import rkt.spec.store.Store;

/** {@code rkt image list}: the images in the store. */
final class ImageListCommand implements Command {
  private static final int SHORT = 19;
  private static final String FIELDS = "--fields";
  private static final String SORT = "--sort";
  private static final String ORDER = "--order";

  /** With what is kept of a listing: another number whenever it is printed in another way. */
  private static final String FORM = "1 ";

  private static final String USUAL_FIELDS = "id,name,reference,size,importtime,lastused";

  /** A column. */
  private enum Field {
    ID("id", "ID"),
    NAME("name", "NAME"),
    REFERENCE("reference", "REFERENCE"),
    SIZE("size", "SIZE"),
    IMPORT_TIME("importtime", "IMPORT TIME"),
    LAST_USED("lastused", "LAST USED"),
    SOURCE("source", "SOURCE");

    private final String label;
    private final String heading;

    Field(String label, String heading) {
      this.label = label;
      this.heading = heading;
    }

    static Field of(String word) throws UsageException {
      for (Field field : values()) {
        if (field.label.equals(word)) {
          return field;
        }
      }
      throw new UsageException(
          FIELDS + " does not know \"" + word + "\"", "name some of " + USUAL_FIELDS + ",source");
    }
  }

  /** What is printed of an image. */
  private static final class Row {
    private final ListedImage image;

    /** The cells of the table, or one object of JSON. */
    private final String[] cells;

    Row(ListedImage image, String[] cells) {
      this.image = image;
      this.cells = cells;
    }
  }

  /** How a row is made, by several threads at once. */
  private record Maker(Format format, List<Field> fields, boolean full, Times times) {

    Row row(ListedImage image) {
      if (format.isJson()) {
        return new Row(image, new String[] {json(format, image).toString()});
      }
      String[] cells = new String[fields.size()];
      for (int i = 0; i < cells.length; i++) {
        cells[i] = cell(fields.get(i), image);
      }
      return new Row(image, Table.printable(cells));
    }

    private String cell(Field field, ListedImage image) {
      return switch (field) {
        case ID -> full ? image.id() : image.id().substring(0, SHORT);
        case NAME -> image.name();
        case REFERENCE ->
            image.references().size() == 1
                ? image.references().get(0)
                : String.join(" ", image.references());
        case SIZE -> full ? Long.toString(image.sizeBytes()) : Sizes.text(image.sizeBytes());
        case IMPORT_TIME -> times.text(image.importedSeconds());
        case LAST_USED -> times.text(image.usedSeconds());
        case SOURCE -> image.source();
      };
    }
  }

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    word(spec, FIELDS, "FIELDS", "The columns of the text, of " + USUAL_FIELDS + ",source.");
    word(spec, SORT, "FIELD", "By name, importtime, lastused or size. Usually importtime.");
    word(spec, ORDER, "ORDER", "asc or desc. Usually asc.");
    spec.addOption(
        OptionSpec.builder("--full")
            .type(boolean.class)
            .description("Print whole identifiers and exact sizes.")
            .build());
    Table.describe(spec);
  }

  private static void word(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel(label)
            .description(description)
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws UsageException, SpecException {
    Format format = Format.of(parsed);
    List<Field> fields = new ArrayList<>();
    for (String word : parsed.matchedOptionValue(FIELDS, USUAL_FIELDS).split(",", -1)) {
      fields.add(Field.of(word));
    }
    Comparator<Row> order = order(parsed);
    Store store = Store.at(settings.dir());
    Optional<ListingText> kept = store.listingText(form(parsed, caller.out().charset()));
    if (kept.isPresent() && store.write(kept.get(), caller.out())) {
      caller.out().flush();
      return 0;
    }
    boolean full = parsed.hasMatchedOption("--full");
    Maker maker = new Maker(format, fields, full, new Times());
    List<Row> rows = new ArrayList<>(store.listing(maker::row));
    rows.sort(order);
    boolean hasLegend = Table.hasHeading(parsed);
    byte[] text = text(format, fields, hasLegend, rows, caller.out().charset());
    caller.out().write(text, 0, text.length);
    caller.out().flush();
    if (kept.isPresent()) {
      store.keep(kept.get(), text);
    }
    return 0;
  }

  /** Everything that, besides the store, decides what is printed. */
  private static String form(ParseResult parsed, Charset charset) {
    return FORM
        + charset
        + " "
        + parsed.matchedOptionValue("--format", "text")
        + " "
        + parsed.matchedOptionValue(FIELDS, USUAL_FIELDS)
        + " "
        + parsed.matchedOptionValue(SORT, "importtime")
        + " "
        + parsed.matchedOptionValue(ORDER, "asc")
        + (parsed.hasMatchedOption("--full") ? " full" : "")
        + (Table.hasHeading(parsed) ? "" : " bare");
  }

  private static byte[] text(
      Format format, List<Field> fields, boolean hasLegend, List<Row> rows, Charset charset) {
    if (format.isJson()) {
      StringBuilder text = new StringBuilder();
      for (Row row : rows) {
        text.append(row.cells[0]).append('\n');
      }
      return text.toString().getBytes(charset);
    }
    Table table = new Table();
    if (hasLegend) {
      String[] heading = new String[fields.size()];
      for (int i = 0; i < heading.length; i++) {
        heading[i] = fields.get(i).heading;
      }
      table.row(heading);
    }
    for (Row row : rows) {
      table.add(row.cells);
    }
    return table.bytes(charset);
  }

  private static Comparator<Row> order(ParseResult parsed) throws UsageException {
    String sort = parsed.matchedOptionValue(SORT, "importtime");
    Comparator<Row> order =
        switch (sort) {
          case "name" -> (a, b) -> a.image.name().compareTo(b.image.name());
          case "importtime" ->
              (a, b) -> Long.compare(a.image.importedSeconds(), b.image.importedSeconds());
          case "lastused" -> (a, b) -> Long.compare(a.image.usedSeconds(), b.image.usedSeconds());
          case "size" -> (a, b) -> Long.compare(a.image.sizeBytes(), b.image.sizeBytes());
          default ->
              throw new UsageException(
                  SORT + " does not know \"" + sort + "\"", "name, importtime, lastused or size");
        };
    String direction = parsed.matchedOptionValue(ORDER, "asc");
    return switch (direction) {
      case "asc" -> order;
      case "desc" -> order.reversed();
      default ->
          throw new UsageException(ORDER + " does not know \"" + direction + "\"", "asc or desc");
    };
  }

  private static JsonWriter json(Format format, ListedImage image) {
    JsonWriter json = format.writer().object();
    json.put("version", 1).put("id", image.id());
    json.put("name", image.name());
    json.put("references", image.references());
    json.put("size", image.sizeBytes());
    json.put("import_time", image.importedSeconds());
    json.put("last_used_time", image.usedSeconds());
    json.put("source", image.source());
    json.put("admitted_unverified", image.insecure());
    return json.end();
  }
}
