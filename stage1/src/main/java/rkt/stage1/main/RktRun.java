package rkt.stage1.main;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.ErrorClass;
import rkt.spec.Phases;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.error.ErrorReport;
import rkt.spec.image.Image;
import rkt.spec.store.DataDirectory;
import rkt.spec.store.Directories;
import rkt.spec.store.Store;
import rkt.stage1.StageException;

/**
 * {@code rkt-run}: verifies images of the store against the trust store of this moment, and runs
 * them in a pod. It fetches nothing: {@code rkt-fetch} does. spec/tools.md#rkt-run
 */
public final class RktRun {
  private static final List<String> INSECURE =
      List.of(
          "image",
          "capabilities",
          "paths",
          "seccomp",
          "userns",
          "no-new-privileges",
          "rlimits",
          "landlock");

  private final PrintStream out;
  private final PrintStream err;
  private final Map<String, String> environment;
  private final Path home;

  RktRun(PrintStream out, PrintStream err, Map<String, String> environment, Path home) {
    this.out = out;
    this.err = err;
    this.environment = environment;
    this.home = home;
  }

  /** Runs the command; this process becomes the pod, or ends. */
  public static void main(String[] arguments) {
    Path home = Path.of(System.getProperty("rkt.home", "/usr/lib/rkt"));
    int status =
        new RktRun(System.out, System.err, System.getenv(), home).run(new Phases(), arguments);
    Runtime.getRuntime().halt(status);
  }

  int run(Phases phases, String... arguments) {
    RunOptions options = new RunOptions(List.of());
    CommandLine command = new CommandLine(spec(options));
    try {
      ParseResult parsed = options.parse(command, List.of(arguments));
      if (parsed.isUsageHelpRequested()) {
        command.usage(out);
        out.flush();
        return 0;
      }
      Path dir = Path.of(parsed.matchedOptionValue("--dir", Directories.data())).toAbsolutePath();
      DataDirectory.check(dir);
      Store store = Store.at(dir);
      phases.end("parse");
      List<Image> images = new ArrayList<>();
      Map<String, Image> found = new HashMap<>();
      for (RunLine.App app : options.line().apps()) {
        Image image = found.get(app.image());
        if (image == null) {
          image = image(store, app.image());
          found.put(app.image(), image);
        }
        images.add(image);
      }
      phases.end("resolve");
      RunTool tool = new RunTool(context(dir, parsed, phases, List.of(arguments)));
      if (RunOptions.printsSandbox(parsed)) {
        out.println(new String(tool.sandbox(store, images, options.line()), UTF_8));
      } else {
        tool.run(store, images, options.line());
      }
      return 0;
    } catch (CommandLine.ParameterException e) {
      return report(StageException.usage(String.valueOf(e.getMessage()), "rkt-run --help"));
    } catch (RktException e) {
      return report(e);
    } catch (IOException e) {
      return report(StageException.system("cannot read", null, e));
    } catch (RuntimeException e) {
      ErrorReport.bug(e).print(err, false);
      return ErrorClass.RKT_STATUS;
    }
  }

  private static Image image(Store store, String text) throws SpecException {
    return store.image(
        store
            .find(text)
            .orElseThrow(() ->
                SpecException.notFound(
                    "no image \"" + text + "\" in the store", "rkt-fetch brings it there")),
        text);
  }

  private RunTool.Context context(
      Path dir, ParseResult parsed, Phases phases, List<String> arguments) throws StageException {
    List<String> insecure = parsed.matchedOptionValue("--insecure-options", List.of());
    for (String word : insecure) {
      if (!INSECURE.contains(word)) {
        throw StageException.usage(
            "rkt-run has no insecure option \"" + word + "\"", String.join(", ", INSECURE));
      }
    }
    return new RunTool.Context(
        dir,
        Path.of(parsed.matchedOptionValue("--system-config", "/usr/lib/rkt")),
        Path.of(parsed.matchedOptionValue("--local-config", Directories.localConfig())),
        Set.copyOf(insecure),
        parsed.hasMatchedOption("--debug"),
        home,
        environment,
        Clock.systemUTC(),
        phases,
        RunOptions.hasReadAPipe(parsed)
            ? BothCompilers.here()
            : BothCompilers.of(home.resolve("bin/rkt-run"), arguments, environment),
        err,
        out::flush);
  }

  private static CommandSpec spec(RunOptions options) {
    CommandSpec spec = CommandSpec.create().name("rkt-run");
    spec.usageMessage()
        .description("Run images of the store in a pod; this process becomes the pod.")
        .footerHeading("%nExamples:%n")
        .footer(
            "  rkt-fetch ./app.aci | rkt-verify | xargs rkt-run --net=none",
            "  rkt-run --memory=512Mi example.com/app -- --verbose");
    directory(spec, "--dir", "The data directory. Usually " + Directories.data() + ".");
    directory(spec, "--system-config", "Configuration of the installation. Usually /usr/lib/rkt.");
    directory(
        spec,
        "--local-config",
        "Configuration of this machine. Usually " + Directories.localConfig() + ".");
    spec.addOption(
        OptionSpec.builder("--insecure-options")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .splitRegex(",")
            .paramLabel("CHECKS")
            .description(String.join(", ", INSECURE) + ": what to do without.")
            .build());
    spec.addOption(
        OptionSpec.builder("--debug")
            .type(boolean.class)
            .description("Show the time of each phase.")
            .build());
    options.describe(spec);
    spec.addOption(
        OptionSpec.builder("-h", "--help").usageHelp(true).description("Show this.").build());
    return spec;
  }

  private static void directory(CommandSpec spec, String name, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel("DIR")
            .description(description)
            .build());
  }

  private int report(RktException e) {
    ErrorReport.of(e).print(err, false);
    err.flush();
    return ErrorClass.RKT_STATUS;
  }
}
