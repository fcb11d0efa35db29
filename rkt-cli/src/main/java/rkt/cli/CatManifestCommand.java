package rkt.cli;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonText;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** {@code rkt cat-manifest}: the manifest of a pod, which can be run again. */
final class CatManifestCommand implements Command {
  private static final String PRETTY = "--pretty-print";

  @Override
  public void describe(CommandSpec spec) {
    PodArguments.describe(spec, "0..1");
    spec.addOption(
        OptionSpec.builder(PRETTY)
            .type(boolean.class)
            .arity("0..1")
            .fallbackValue("true")
            .description("Indent it. Usually true.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    PodView pod = PodArguments.one(parsed, new Pods(settings.dir()));
    byte[] document =
        pod.manifestDocument()
            .orElseThrow(() ->
                SpecException.notFound(
                    "pod " + pod.id() + " has no manifest: it is " + pod.state(),
                    "rkt list shows the pods"));
    if (parsed.matchedOptionValue(PRETTY, true)) {
      caller.out().println(JsonText.indent(document, "the manifest of pod " + pod.id()));
    } else {
      caller.out().write(document);
      caller.out().println();
    }
    return 0;
  }
}
