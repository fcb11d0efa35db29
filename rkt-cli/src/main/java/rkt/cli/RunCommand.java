package rkt.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.store.Store;
import rkt.stage1.main.RunLine;
import rkt.stage1.main.RunOptions;
import rkt.stage1.main.RunTool;

/**
 * {@code rkt run}: verifies images and runs them in a pod of their own; this process becomes the
 * pod.
 */
final class RunCommand implements Command {
  private final RunOptions options = new RunOptions(ImageFinder.OF_ONE_IMAGE);

  @Override
  public void prepare(List<String> words, Caller caller) {
    options.expect(words);
  }

  @Override
  public void describe(CommandSpec spec) {
    options.describe(spec);
    ImageFinder.describe(spec, FetchFlags.PullPolicy.NEW);
  }

  @Override
  public ParseResult parse(CommandLine command, List<String> words)
      throws RktException, IOException {
    CommandLine all = command;
    if (options.isSurprised(command.getCommandSpec())) {
      all = new CommandLine(Main.spec(CommandName.find(List.of("run")), this));
    }
    return options.parse(all, words);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller process)
      throws RktException, IOException {
    Caller caller = RunOptions.hasReadAPipe(parsed) ? process.staying() : process;
    Store store = Store.at(settings.dir());
    caller.phases().end("parse");
    boolean isAlone = options.line().apps().size() == 1;
    ImageFinder finder =
        new ImageFinder(store, new ImageGate(settings, caller), settings, caller, isAlone);
    FetchFlags flags = FetchFlags.of(parsed, FetchFlags.PullPolicy.NEW);
    List<Image> images = new ArrayList<>();
    Map<String, Image> found = new HashMap<>();
    for (RunLine.App app : options.line().apps()) {
      // The same image of many apps is looked for once.
      String wanted = app.image() + '\0' + app.own();
      Image image = found.get(wanted);
      if (image == null) {
        image = finder.find(app.image(), flags, ImageFinder.Expected.of(app.own()));
        found.put(wanted, image);
      }
      images.add(image);
    }
    caller.phases().end("resolve");
    RunTool tool = new RunTool(context(settings, caller));
    if (RunOptions.printsSandbox(parsed)) {
      caller.out().println(new String(tool.sandbox(store, images, options.line()), UTF_8));
    } else {
      tool.run(store, images, options.line());
    }
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
