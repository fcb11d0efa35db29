package rkt.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import rkt.spec.Phases;
import rkt.stage1.main.BothCompilers;

/**
 * What a command is given by whoever calls it. Commands take these from here and never from {@link
 * System}, so that a test runs them in its own process.
 *
 * @param in data that {@code -} names
 * @param out the result alone, ready for the next command
 * @param err progress, warnings and errors
 * @param environment of the process; copied
 * @param home where rkt is installed
 * @param phases how long what took
 * @param compilers Java's, of this process
 * @param leaving called right before this process is replaced by another program
 */
record Caller(
    InputStream in,
    PrintStream out,
    PrintStream err,
    Map<String, String> environment,
    Clock clock,
    Path home,
    Phases phases,
    BothCompilers compilers,
    Runnable leaving) {
  /** The same, in a process that must not start over. */
  Caller staying() {
    return new Caller(
        in, out, err, environment, clock, home, phases, BothCompilers.here(), leaving);
  }

  static Caller ofThisProcess(List<String> arguments) {
    Path home = Path.of(System.getProperty("rkt.home", "/usr/lib/rkt"));
    return new Caller(
        System.in,
        System.out,
        System.err,
        System.getenv(),
        Clock.systemUTC(),
        home,
        new Phases(),
        BothCompilers.of(home.resolve("bin/rkt"), arguments, System.getenv()),
        () -> {});
  }
}
