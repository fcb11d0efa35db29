package rkt.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.error.ErrorReport;
import rkt.spec.store.DataDirectory;

/** The {@code rkt} command: finds the command that the words name, parses for it alone, runs it. */
public final class Main {

  private Main() {}

  public static void main(String[] args) {
    var caller = Caller.ofThisProcess(List.of(args));
    int status = run(List.of(args), caller);
    caller.out().flush();
    if (caller.out().checkError() && status == 0) {
      caller.err().println("system: cannot write the result to standard output");
      status = ErrorClass.RKT_STATUS;
    }
    // Not System.exit: that looks for a logger to report to, which takes longer than the command.
    Runtime.getRuntime().halt(status);
  }

  /** Runs one command line and returns its exit status. Prints to the caller; never throws. */
  static int run(List<String> args, Caller caller) {
    try {
      return dispatch(args, caller);
    } catch (RktException e) {
      return fail(ErrorReport.of(e), e, args, caller.err());
    } catch (IOException e) {
      return fail(ErrorReport.of(ErrorClass.SYSTEM, e.toString(), null), e, args, caller.err());
    } catch (RuntimeException e) {
      return fail(ErrorReport.bug(e), e, args, caller.err());
    }
  }

  private static int dispatch(List<String> args, Caller caller) throws RktException, IOException {
    int at = firstWord(args);
    if (at == args.size()) {
      return withoutCommand(args, caller);
    }
    List<String> typed = words(args, at);
    if (at + typed.size() < args.size()
        && isHelp(args.get(at + typed.size()))
        && HelpCommand.isGroup(typed)) {
      caller.out().print(HelpCommand.overview(typed.get(0)));
      return 0;
    }
    CommandName name = CommandName.find(typed);
    var command = name.create();
    command.prepare(args, caller);
    CommandSpec spec = spec(name, command);

    // Common options may stand before the command's name: for picocli they stand behind it.
    var rest = new ArrayList<String>(args.size());
    rest.addAll(args.subList(0, at));
    rest.addAll(args.subList(at + name.length(), args.size()));

    ParseResult parsed;
    try {
      parsed = command.parse(new CommandLine(spec), rest);
    } catch (ParameterException e) {
      throw new UsageException(lowerCase(e.getMessage()), "see rkt help " + name.words());
    }
    if (parsed.isUsageHelpRequested()) {
      caller.out().print(HelpCommand.usage(name));
      return 0;
    }
    var settings = Settings.of(parsed);
    if (name.usesDataDirectory()) {
      DataDirectory.check(settings.dir());
      settings.requireAccess();
    }
    return command.run(parsed, settings, caller);
  }

  /** What picocli must know of one command. */
  static CommandSpec spec(CommandName name, Command command) {
    CommandSpec spec = CommandSpec.create().name("rkt " + name.words());
    spec.usageMessage().description(name.summary()).sortOptions(false).width(100);
    command.describe(spec);
    Settings.describe(spec);
    spec.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Print this and do nothing else.")
            .build());
    return spec;
  }

  /** The index of the command's name: the first word that is neither an option nor its value. */
  private static int firstWord(List<String> args) throws UsageException {
    int at = 0;
    while (at < args.size() && args.get(at).startsWith("-")) {
      String option = args.get(at);
      int assigned = option.indexOf('=');
      String bare = assigned < 0 ? option : option.substring(0, assigned);
      if (Settings.takesValue(bare)) {
        at += assigned < 0 ? 2 : 1;
      } else if (Settings.isSwitch(option) || isHelp(option) || option.equals("--version")) {
        at++;
      } else {
        throw new UsageException(
            "unknown option before the command: " + option, "put it behind the command's name");
      }
    }
    return Math.min(at, args.size());
  }

  private static int withoutCommand(List<String> args, Caller caller) throws UsageException {
    for (String option : args) {
      if (isHelp(option)) {
        caller.out().print(HelpCommand.overview());
        return 0;
      }
      if (option.equals("--version")) {
        caller.out().print("rkt " + VersionCommand.VERSION + "\n");
        return 0;
      }
    }
    throw new UsageException("no command given", "rkt help lists the commands");
  }

  private static boolean isHelp(String option) {
    return option.equals("-h") || option.equals("--help");
  }

  /** The words from the command's name on, up to the first option. */
  private static List<String> words(List<String> args, int at) {
    int end = at;
    while (end < args.size()
        && end < at + CommandName.MOST_WORDS
        && !args.get(end).startsWith("-")) {
      end++;
    }
    return args.subList(at, end);
  }

  /**
   * Tells the failure in the form that the words ask for: they may be what could not be parsed, so
   * they are looked at as they are.
   */
  private static int fail(ErrorReport report, Exception cause, List<String> args, PrintStream err) {
    List<String> own = ownWords(args);
    report.print(err, Format.wantsJson(own));
    if (own.contains("--debug")) {
      cause.printStackTrace(err);
    }
    return ErrorClass.RKT_STATUS;
  }

  /**
   * The words that are for rkt, and not for an app: behind {@code --}, or of a command to enter.
   */
  private static List<String> ownWords(List<String> args) {
    int end = args.indexOf("--");
    List<String> own = end < 0 ? args : args.subList(0, end);
    for (int i = 0; i < own.size(); i++) {
      String word = own.get(i);
      if (word.equals(CommandName.ENTER.words()) || word.equals(CommandName.EXEC.words())) {
        return own.subList(0, i);
      }
    }
    return own;
  }

  private static String lowerCase(@Nullable String message) {
    if (message == null || message.isEmpty()) {
      return "the command line makes no sense";
    }
    return Character.toLowerCase(message.charAt(0)) + message.substring(1);
  }
}
