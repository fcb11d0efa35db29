package rkt.cli;

import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * The logger of the libraries inside: they log nothing. rkt reports by itself, to people, and
 * Java's own search for a logger opens every jar of the class path: found in the first one, this
 * ends the search, which is 10 ms of a start.
 */
public final class Silence extends System.LoggerFinder {
  @Override
  public System.Logger getLogger(String name, Module module) {
    return new Mute(name);
  }

  private record Mute(String name) implements System.Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      return false;
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String message,
        @Nullable Throwable thrown) {
      // Nothing is loggable.
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String format,
        @Nullable Object... parameters) {
      // Nothing is loggable.
    }
  }
}
