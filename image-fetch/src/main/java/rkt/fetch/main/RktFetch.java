package rkt.fetch.main;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.FetchOptions;
import rkt.fetch.Fetched;
import rkt.fetch.Fetcher;
import rkt.fetch.ImageRef;
import rkt.fetch.display.Display;
import rkt.fetch.display.Terminal;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Surroundings;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.error.ErrorReport;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.ImageJson;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.DataDirectory;
import rkt.spec.store.Directories;
import rkt.spec.store.Store;

/**
 * {@code rkt-fetch}: downloads images into the store and prints their identifiers. It judges
 * nobody: that is {@code rkt-verify}'s work, which reads what this prints. spec/tools.md#rkt-fetch
 */
public final class RktFetch {
  private static final Set<String> INSECURE = Set.of("http", "tls");
  private static final Set<String> POLICIES = Set.of("never", "new", "update");

  private final PrintStream out;
  private final PrintStream err;
  private final Map<String, String> environment;
  private boolean json;

  RktFetch(PrintStream out, PrintStream err, Map<String, String> environment) {
    this.out = out;
    this.err = err;
    this.environment = environment;
  }

  /** Runs the command and exits. */
  public static void main(String[] arguments) {
    int status = new RktFetch(System.out, System.err, System.getenv()).run(arguments);
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
      json = format(parsed);
      return fetchAll(parsed);
    } catch (CommandLine.ParameterException e) {
      return report(FetchException.usage(String.valueOf(e.getMessage()), "rkt-fetch --help"));
    } catch (RktException e) {
      return report(e);
    } catch (RuntimeException e) {
      ErrorReport.bug(e).print(err, json);
      return ErrorReport.BUG_STATUS;
    } finally {
      out.flush();
    }
  }

  private static CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name("rkt-fetch");
    spec.usageMessage()
        .description("Download images into the store and print their identifiers, one a line.")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(statuses())
        .footerHeading("%nExamples:%n")
        .footer(
            "  rkt-fetch docker://registry.example.com/app:1.4 | rkt-verify",
            "  rkt-fetch --signature=app.asc ./app.aci");
    spec.addOption(
        option("DIR", "--dir", "The data directory.").defaultValue(Directories.data()).build());
    spec.addOption(
        option("FILE", "--signature", "A detached signature, instead of the one beside the image.")
            .build());
    spec.addOption(
        option("NAME", "--image-name", "The name to judge an image of an OCI layout under.")
            .build());
    spec.addOption(
        option("POLICY", "--pull-policy", "Ask the source never, for what is new, or to update.")
            .defaultValue("update")
            .build());
    spec.addOption(
        OptionSpec.builder("--offline")
            .type(boolean.class)
            .description("Use no network: what is neither in the store nor a file is not found.")
            .build());
    spec.addOption(
        option("DURATION", "--seed", "Share an image that came by BitTorrent for so long.")
            .build());
    spec.addOption(option("OS", "--os", "For another system than this one.").build());
    spec.addOption(option("ARCH", "--arch", "For another processor than this one's.").build());
    spec.addOption(option("VARIANT", "--variant", "For this kind of the processor.").build());
    spec.addOption(
        option("LIST", "--insecure-options", "http, tls: what security to do without.")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .splitRegex(",")
            .build());
    spec.addOption(
        option("FORMAT", "--format", "text, or json: one object a line.")
            .defaultValue("text")
            .build());
    spec.addOption(OptionSpec.builder("--quiet").description("No progress.").build());
    spec.addOption(
        OptionSpec.builder("-h", "--help").usageHelp(true).description("Show this.").build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("IMAGE")
            .required(true)
            .arity("1..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "A path, a URL, docker://HOST/NAME:TAG, oci:DIR:TAG, oci-archive:FILE,"
                    + " docker-archive:FILE or dir:DIR.")
            .build());
    return spec;
  }

  private static OptionSpec.Builder option(String label, String name, String description) {
    return OptionSpec.builder(name).paramLabel(label).type(String.class).description(description);
  }

  private static Map<String, String> statuses() {
    Map<String, String> lines = new LinkedHashMap<>();
    lines.put("0", "every image is in the store");
    for (ErrorClass errorClass : ErrorClass.values()) {
      lines.put(Integer.toString(errorClass.status()), errorClass.label());
    }
    return lines;
  }

  private static boolean format(ParseResult parsed) throws FetchException {
    String format = parsed.matchedOptionValue("--format", "text");
    return switch (format) {
      case "text" -> false;
      case "json" -> true;
      default ->
          throw FetchException.usage("no format is called \"" + format + "\"", "text or json");
    };
  }

  /** Fetches each image; goes on after a failure, and gives the status of the first. */
  private int fetchAll(ParseResult parsed) throws RktException {
    Path dir = Path.of(parsed.matchedOptionValue("--dir", Directories.data())).toAbsolutePath();
    DataDirectory.check(dir);
    Store store = Store.at(dir);
    FetchOptions options = options(parsed);
    String policy = parsed.matchedOptionValue("--pull-policy", "update");
    if (!POLICIES.contains(policy)) {
      throw FetchException.usage(
          "--pull-policy does not know \"" + policy + "\"", "name never, new or update");
    }
    boolean offline = parsed.hasMatchedOption("--offline");
    List<String> images = parsed.matchedPositionalValue(0, List.of());
    int status = 0;
    for (String text : images) {
      try (Display display = display(parsed)) {
        Image image = find(store, options.withProgress(display), text, policy, offline);
        out.println(json ? json(image) : image.id().toString());
      } catch (RktException e) {
        int failed = report(e);
        status = status == 0 ? failed : status;
      }
    }
    return status;
  }

  private FetchOptions options(ParseResult parsed) throws FetchException {
    Path libexec = Path.of(System.getProperty("rkt.home", "/usr/lib/rkt"), "libexec");
    List<Path> transports = List.of(Path.of("/etc/rkt/transports"), libexec);
    FetchOptions options =
        FetchOptions.of(environment)
            .withSurroundings(
                new Surroundings(
                    environment,
                    Path.of("/etc"),
                    List.of(Path.of("/usr/lib/rkt"), Path.of("/etc/rkt")),
                    transports));
    List<String> insecure = parsed.matchedOptionValue("--insecure-options", List.of());
    for (String choice : insecure) {
      if (!INSECURE.contains(choice)) {
        throw FetchException.usage(
            "rkt-fetch has no insecure option \"" + choice + "\"", "http or tls");
      }
    }
    options = options.withInsecure(insecure.contains("http"), insecure.contains("tls"));
    options =
        options.withPlatform(
            parsed.matchedOptionValue("--os", ""),
            parsed.matchedOptionValue("--arch", ""),
            parsed.matchedOptionValue("--variant", ""));
    String signature = parsed.matchedOptionValue("--signature", "");
    if (!signature.isEmpty()) {
      options = options.withSignature(Path.of(signature).toAbsolutePath());
    }
    String seed = parsed.matchedOptionValue("--seed", "");
    if (!seed.isEmpty()) {
      options = options.withSeed(seed(seed));
    }
    String name = parsed.matchedOptionValue("--image-name", "");
    if (!name.isEmpty()) {
      try {
        options = options.withImageName(new ImageName(name));
      } catch (IllegalArgumentException e) {
        throw FetchException.usage(String.valueOf(e.getMessage()), null);
      }
    }
    return options;
  }

  /** As users write it: {@code 30m}, {@code 24h}, {@code 1m30s}, {@code 0}. */
  private static Duration seed(String text) throws FetchException {
    try {
      Duration time =
          text.equals("0") ? Duration.ZERO : Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
      if (!time.isNegative()) {
        return time;
      }
    } catch (DateTimeParseException e) {
      // The same as for a time that is negative.
    }
    throw FetchException.usage(
        "--seed does not understand \"" + text + "\"", "write it as 30m, 24h, 90s or 0");
  }

  private static Image find(
      Store store, FetchOptions options, String text, String policy, boolean offline)
      throws RktException {
    Fetcher fetcher = new Fetcher(store, options);
    boolean update = policy.equals("update");
    if (!update) {
      Optional<ImageId> found = store.find(text);
      if (found.isPresent()) {
        return store.image(found.get());
      }
    }
    ImageRef reference = fetcher.expand(ImageRef.parse(text, Path.of("").toAbsolutePath()));
    boolean away = policy.equals("never") || (offline && reference.isRemote());
    if (!update || away) {
      Optional<ImageId> found =
          reference.lookup().isEmpty() ? Optional.empty() : store.find(reference.lookup());
      if (found.isPresent()) {
        return store.image(found.get());
      }
    }
    if (away) {
      throw FetchException.notFound(
          "no image \"" + text + "\" in the store",
          offline ? "fetch it without --offline" : "fetch it without --pull-policy=never");
    }
    Optional<ImageId> current = update ? fetcher.current(reference) : Optional.empty();
    if (current.isPresent()) {
      return store.image(current.get());
    }
    try (Fetched fetched = fetcher.fetch(reference)) {
      Image image = fetched.image();
      fetched.commit(false, Map.of());
      fetched.share(options.seed());
      return image;
    }
  }

  private Display display(ParseResult parsed) {
    boolean quiet = parsed.hasMatchedOption("--quiet");
    Display.Form form = quiet ? Display.Form.QUIET : json ? Display.Form.JSON : Display.Form.TEXT;
    return Display.of(form, err, Terminal.is(2), environment);
  }

  private static String json(Image image) {
    JsonWriter writer = new JsonWriter().object();
    ImageJson.members(image, writer);
    return writer.end().toString();
  }

  private int report(RktException e) {
    ErrorReport.of(e).print(err, json);
    return e.errorClass().status();
  }
}
