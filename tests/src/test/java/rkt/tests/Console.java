package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.HexFormat;

/**
 * A command on a terminal of its own, with somebody before it. Around the command a shell looks
 * whether it finds the terminal as it left it.
 */
final class Console implements AutoCloseable {
  private static final String PERSON =
      """
      import fcntl, os, pty, select, struct, sys, termios
      pid, fd = pty.fork()
      if pid == 0:
          os.execvp(sys.argv[1], sys.argv[1:])
      orders = b''
      while True:
          ready, _, _ = select.select([fd, 0] if fd >= 0 else [0], [], [])
          if fd in ready:
              try:
                  shown = os.read(fd, 65536)
              except OSError:
                  shown = b''
              if not shown:
                  break
              os.write(1, shown)
          if 0 in ready:
              more = os.read(0, 65536)
              if not more:
                  break
              orders += more
              while b'\\n' in orders:
                  line, orders = orders.split(b'\\n', 1)
                  what, value = line[:1], line[1:]
                  if what == b'K':
                      os.write(fd, bytes.fromhex(value.decode()))
                  elif what == b'S':
                      rows, columns = map(int, value.split())
                      fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
                  elif what == b'Q':
                      os.close(fd)
                      fd = -1
      _, status = os.waitpid(pid, 0)
      print('\\nended', os.waitstatus_to_exitcode(status), flush=True)
      """;

  private static final String SHELL =
      "stty rows 30 cols 100; before=$(stty -g); \"$@\"; status=$?;"
          + " [ \"$before\" = \"$(stty -g)\" ] && echo restored; echo status=$status.";

  private final Running running;

  private Console(Running running) {
    this.running = running;
  }

  static Console of(Call call) throws IOException {
    return under(call, SHELL);
  }

  /** The command is {@code "$@"} in the script that bash runs on the terminal. */
  static Console under(Call call, String script) throws IOException {
    return new Console(
        call.env("TERM", "vt100")
            .under("python3", "-c", PERSON, "bash", "-c", script, "sh")
            .openStdin()
            .start());
  }

  /** Waits until the terminal has shown {@code text}. */
  Console await(String text) throws InterruptedException {
    running.awaitOutput(text);
    return this;
  }

  Console type(String keys) throws IOException {
    return order("K" + HexFormat.of().formatHex(keys.getBytes(UTF_8)));
  }

  Console resize(int rows, int columns) throws IOException {
    return order("S" + rows + " " + columns);
  }

  /** The person closes the window. */
  Console hangUp() throws IOException {
    return order("Q");
  }

  private Console order(String line) throws IOException {
    running.stdin().write((line + "\n").getBytes(UTF_8));
    running.stdin().flush();
    return this;
  }

  /** What was shown so far. */
  String shown() {
    return running.out().replace("\r", "");
  }

  /** Waits for the end and gives all that was shown. */
  String ended() throws InterruptedException {
    running.awaitOutput("ended");
    return shown();
  }

  @Override
  public void close() {
    running.close();
  }
}
