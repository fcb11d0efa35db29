package rkt.stage1.main;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.kernel.DirFd;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.error.ErrorReport;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.DataDirectory;
import rkt.spec.store.Directories;
import rkt.spec.store.Store;
import rkt.stage1.render.BlobSource;
import rkt.stage1.render.FlatRender;
import rkt.stage1.render.Limits;
import rkt.stage1.render.TreeCache;

/**
 * {@code rkt-render}: unpacks images of the store, into the trees that pods use or into one plain
 * directory. It judges nobody: that is {@code rkt-verify}'s work. spec/rendering.md#rkt-render
 */
public final class RktRender {
  private static final int MAX_GIBIBYTES = 1 << 20;

  private final PrintStream out;
  private final PrintStream err;
  private boolean json;

  RktRender(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Runs the command and exits. */
  public static void main(String[] arguments) {
    int status = new RktRender(System.out, System.err).run(arguments);
    System.out.flush();
    // Not System.exit: that looks for a logger to report to, in every jar.
    Runtime.getRuntime().halt(status);
  }

  /** Runs the command; gives its exit status. */
  int run(String... arguments) {
    CommandLine command = new CommandLine(spec());
    try {
      ParseResult parsed = command.parseArgs(arguments);
      if (parsed.isUsageHelpRequested()) {
        command.usage(out);
        return 0;
      }
      int status = render(parsed);
      out.flush();
      return status;
    } catch (CommandLine.ParameterException e) {
      return report(ErrorClass.USAGE, String.valueOf(e.getMessage()), "rkt-render --help");
    } catch (RktException e) {
      return report(e.errorClass(), e.getMessage(), e.fix());
    } catch (RuntimeException e) {
      ErrorReport.bug(e).print(err, json);
      return ErrorReport.BUG_STATUS;
    }
  }

  /** Gives the status of the first image that could not be unpacked. */
  private int render(ParseResult parsed) throws RktException {
    String format = parsed.matchedOptionValue("--format", "text");
    if (!format.equals("text") && !format.equals("json")) {
      throw SpecException.usage("no format is called \"" + format + "\"; use text or json");
    }
    json = format.equals("json");
    Path dir = Path.of(parsed.matchedOptionValue("--dir", Directories.data())).toAbsolutePath();
    DataDirectory.check(dir);
    Store store = Store.at(dir);
    BlobSource blobs = BlobSource.of(store);
    Limits limits = limits(parsed);
    List<String> words = parsed.matchedPositionalValue(0, List.of());
    if (words.size() == 2 && isDirectoryName(words.get(1))) {
      Image image = find(store, words.get(0));
      Path target = Path.of(words.get(1)).toAbsolutePath().normalize();
      new FlatRender(blobs, limits).write(image, target);
      out.println(json ? json(image, "directory", target) : image.id() + " " + target);
      return 0;
    }
    TreeCache cache = new TreeCache(store.root(), blobs, limits);
    int status = 0;
    for (String word : words) {
      try {
        Image image = find(store, word);
        List<Path> lowers;
        try (DirFd _ = cache.keepAll()) {
          lowers = cache.render(image).reversed();
        }
        out.println(json ? json(image, lowers) : image.id() + " " + joined(lowers));
      } catch (RktException e) {
        int failed = report(e.errorClass(), e.getMessage(), e.fix());
        status = status == 0 ? failed : status;
      }
    }
    return status;
  }

  /** No image reference begins with a dot or a slash. */
  private static boolean isDirectoryName(String word) {
    return word.startsWith("/") || word.startsWith(".");
  }

  private static Image find(Store store, String text) throws SpecException {
    Optional<ImageId> id = store.find(text);
    if (id.isEmpty()) {
      throw SpecException.notFound("no image in the store is called " + text, "rkt-fetch " + text);
    }
    return store.image(id.get());
  }

  private static Limits limits(ParseResult parsed) throws SpecException {
    int gibibytes = parsed.matchedOptionValue("--max-size", 0);
    if (gibibytes < 0 || gibibytes > MAX_GIBIBYTES) {
      throw SpecException.usage("--max-size is a number of GiB, not " + gibibytes);
    }
    return gibibytes == 0 ? Limits.DEFAULT : Limits.DEFAULT.withExpandedGibibytes(gibibytes);
  }

  /** As the mount option {@code lowerdir} wants them. */
  private static String joined(List<Path> lowers) {
    StringBuilder text = new StringBuilder();
    for (Path lower : lowers) {
      text.append(text.isEmpty() ? "" : ":").append(lower);
    }
    return text.toString();
  }

  private static String json(Image image, List<Path> lowers) {
    JsonWriter writer = new JsonWriter().object().put("image", image.id().toString());
    writer.array("lowerDirectories");
    for (Path lower : lowers) {
      writer.add(lower.toString());
    }
    return writer.end().end().toString();
  }

  private static String json(Image image, String key, Path directory) {
    JsonWriter writer = new JsonWriter().object().put("image", image.id().toString());
    return writer.put(key, directory.toString()).end().toString();
  }

  private static CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name("rkt-render");
    spec.usageMessage()
        .customSynopsis("rkt-render [OPTIONS] IMAGE...", "rkt-render [OPTIONS] IMAGE DIR")
        .description(
            "Unpack images of the store and print their overlay lower directories, uppermost first.",
            "With DIR, which begins with \"/\" or \".\": unpack one into a plain directory.")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(statuses())
        .footerHeading("%nExamples:%n")
        .footer("  rkt-render example.com/app", "  rkt-render sha512-0123abcd ./rootfs");
    spec.addOption(
        OptionSpec.builder("--dir")
            .paramLabel("DIR")
            .type(String.class)
            .description("The data directory.")
            .build());
    spec.addOption(
        OptionSpec.builder("--max-size")
            .paramLabel("GIB")
            .type(Integer.class)
            .description("Let a layer expand to so much, whatever its compressed size.")
            .build());
    spec.addOption(
        OptionSpec.builder("--format")
            .paramLabel("FORMAT")
            .type(String.class)
            .description("text, or json: one object a line.")
            .build());
    spec.addOption(
        OptionSpec.builder("-h", "--help").usageHelp(true).description("Show this.").build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("IMAGE")
            .arity("1..*")
            .required(true)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description("An identifier, the beginning of one, or a name.")
            .build());
    return spec;
  }

  private static Map<String, String> statuses() {
    Map<String, String> lines = new LinkedHashMap<>();
    lines.put("0", "every image is unpacked");
    for (ErrorClass errorClass : ErrorClass.values()) {
      lines.put(Integer.toString(errorClass.status()), errorClass.label());
    }
    return lines;
  }

  private int report(ErrorClass errorClass, String message, @Nullable String fix) {
    ErrorReport.of(errorClass, message, fix).print(err, json);
    return errorClass.status();
  }
}
