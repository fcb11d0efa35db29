package rkt.cli;

import java.io.IOException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;

/**
 * One command of rkt. It exists only when it is the one that the user named: describing all of them
 * to picocli would take longer than most of them run.
 */
interface Command {
  /**
   * Begins what takes its time and harms nobody, before anything else is done.
   *
   * @param words of the command line, not parsed yet
   */
  default void prepare(List<String> words, Caller caller) {}

  /** Adds the command's own options and parameters; the common ones are there already. */
  void describe(CommandSpec spec);

  /**
   * Parses the command's words.
   *
   * @param command made of what {@link #describe} described
   * @throws RktException when they make no sense, in a way that picocli cannot know
   */
  default ParseResult parse(CommandLine command, List<String> words)
      throws RktException, IOException {
    return command.parseArgs(words.toArray(new String[0]));
  }

  /**
   * Does the work.
   *
   * @return the exit status of the process
   * @throws RktException when it cannot be done; told to the user, who gets status 254
   */
  int run(ParseResult parsed, Settings settings, Caller caller) throws RktException, IOException;
}
