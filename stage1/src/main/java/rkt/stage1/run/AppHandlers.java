package rkt.stage1.run;

import java.util.List;
import java.util.Optional;
import rkt.spec.image.App;
import rkt.spec.image.HealthCheck;
import rkt.stage1.StageException;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.launch.Op;

/**
 * What runs beside an app, each in the app's own context: by its steps, with its environment. Only
 * the program differs. spec/pod.md#handlers
 */
final class AppHandlers {
  private AppHandlers() {}

  /**
   * The handlers of an app for the launch plan.
   *
   * @throws StageException if the program of an event handler is not in the image
   */
  static LaunchPlan.Handlers of(String name, App app, AppRoot root, ProcessContext context)
      throws StageException {
    if (app.eventHandlers().isEmpty() && app.healthCheck().isEmpty()) {
      return LaunchPlan.Handlers.NONE;
    }
    return new LaunchPlan.Handlers(
        event(name, app, App.EventHandler.Event.PRE_START, root, context),
        event(name, app, App.EventHandler.Event.POST_STOP, root, context),
        app.healthCheck().isPresent()
            ? Optional.of(health(name, app.healthCheck().get(), context))
            : Optional.empty());
  }

  private static Optional<Op.Exec> event(
      String name, App app, App.EventHandler.Event event, AppRoot root, ProcessContext context)
      throws StageException {
    List<String> words = app.handler(event);
    if (words.isEmpty()) {
      return Optional.empty();
    }
    List<String> candidates =
        Executable.candidates(
            name,
            event.label(),
            root.directory(),
            words.get(0),
            context.workingDirectory(),
            AppEnvironment.path(context.environment()));
    return Optional.of(exec(name, "the " + event.label() + " handler", candidates, words, context));
  }

  /** A check that cannot be run fails, as it does elsewhere: the app may be well without it. */
  private static LaunchPlan.Health health(String name, HealthCheck check, ProcessContext context) {
    List<String> candidates =
        Executable.paths(
            check.command().get(0),
            context.workingDirectory(),
            AppEnvironment.path(context.environment()));
    return new LaunchPlan.Health(
        check.interval(),
        check.timeout(),
        check.startPeriod(),
        check.startInterval(),
        check.retries(),
        exec(name, "the health check", candidates, check.command(), context));
  }

  private static Op.Exec exec(
      String name,
      String what,
      List<String> candidates,
      List<String> words,
      ProcessContext context) {
    return new Op.Exec(
        new Label(
            "execute \"" + words.get(0) + "\", " + what + " of app \"" + name + "\"",
            "use an image that holds it and can run it"),
        candidates,
        words,
        context.environment());
  }
}
