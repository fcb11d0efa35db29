package rkt.cli;

import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.store.Store;
import rkt.stage1.main.RunOptions;
import rkt.stage1.main.RunTool;

/**
 * {@code rkt run}: verifies an image and runs it in a pod of its own; this process becomes the pod.
 */
final class RunCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    RunOptions.describe(spec);
    ImageFinder.describe(spec, ImageFinder.PullPolicy.NEW);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    RunOptions.check(parsed);
    Store store = Store.at(settings.dir());
    caller.phases().end("parse");
    Image image =
        new ImageFinder(store, new ImageGate(settings, caller), settings, caller)
            .find(
                RunOptions.image(parsed),
                ImageFinder.PullPolicy.of(parsed, ImageFinder.PullPolicy.NEW),
                parsed);
    caller.phases().end("resolve");
    new RunTool(context(settings, caller)).run(store, image, parsed);
    return 0;
  }

  private static RunTool.Context context(Settings settings, Caller caller) {
    Set<String> insecure = new TreeSet<>();
    for (Settings.Insecure check : settings.insecure()) {
      insecure.add(check.label());
    }
    return new RunTool.Context(
        settings.dir(),
        settings.systemConfig(),
        settings.localConfig(),
        insecure,
        settings.debug(),
        caller.home(),
        caller.environment(),
        caller.clock(),
        caller.phases(),
        caller.compilers(),
        caller.err(),
        () -> {
          caller.out().flush();
          caller.leaving().run();
        });
  }
}
