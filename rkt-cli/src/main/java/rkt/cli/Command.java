package rkt.cli;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;

/**
 * One command of rkt. It exists only when it is the one that the user named: describing all of them
 * to picocli would take longer than most of them run.
 */
interface Command {
  /** Adds the command's own options and parameters; the common ones are there already. */
  void describe(CommandSpec spec);

  /**
   * Does the work.
   *
   * @return the exit status of the process
   * @throws RktException when it cannot be done; told to the user, who gets status 254
   */
  int run(ParseResult parsed, Settings settings, Caller caller) throws RktException, IOException;
}
