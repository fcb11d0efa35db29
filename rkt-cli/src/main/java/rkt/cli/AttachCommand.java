package rkt.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.Pods;
import rkt.stage1.run.PodAttach;

/** {@code rkt attach}: joins the caller to the streams or the terminal of an app. */
final class AttachCommand implements Command {
  private static final long VERSION = 1;

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addOption(
        OptionSpec.builder("--app")
            .type(String.class)
            .paramLabel("NAME")
            .description("Which app, if the pod has several.")
            .build());
    spec.addOption(
        OptionSpec.builder("--mode")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .splitRegex(",")
            .arity("1")
            .paramLabel("MODE")
            .description(
                "auto, list, tty, tty-in, tty-out, or some of stdin,stdout,stderr. Usually auto:"
                    + " all that the app has. Ctrl-P Ctrl-Q leaves a terminal.")
            .build());
    PodArguments.describe(spec, "0..1");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    PodAttach attach =
        new PodAttach(
            PodArguments.one(parsed, new Pods(settings.dir())),
            caller.home().resolve("libexec/pod-init"));
    Optional<String> app = Optional.ofNullable(parsed.matchedOptionValue("--app", null));
    List<String> modes = parsed.matchedOptionValue("--mode", List.of("auto"));
    if (modes.equals(List.of("list"))) {
      list(attach, app, Format.of(parsed), caller);
      return 0;
    }
    attach.attach(app, List.copyOf(modes));
    return 0;
  }

  private static void list(PodAttach attach, Optional<String> app, Format format, Caller caller) {
    JsonWriter json = format.writer();
    json.object();
    json.put("version", VERSION);
    json.array("apps");
    for (PodRecord.App one : attach.apps()) {
      if (app.isPresent() && !app.get().equals(one.name())) {
        continue;
      }
      json.object();
      json.put("name", one.name());
      json.put("endpoints", one.endpoints());
      json.end();
      for (String endpoint : one.endpoints()) {
        if (!format.isJson()) {
          caller.out().println(one.name() + " " + endpoint);
        }
      }
    }
    json.end();
    json.end();
    if (format.isJson()) {
      caller.out().println(json);
    }
  }
}
