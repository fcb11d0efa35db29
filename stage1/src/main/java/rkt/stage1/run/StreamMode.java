package rkt.stage1.run;

import rkt.stage1.StageException;

/** What one of an app's standard streams is joined to. spec/pod.md#streams */
public enum StreamMode {
  /** The caller's own: its terminal, its pipe, the journal of its unit. */
  LOG("log"),
  /** Nothing: no bytes come in, and what is written is gone. */
  NULL("null"),
  /** A pipe of the supervisor's, to attach to. */
  STREAM("stream"),
  /** A terminal of the supervisor's, to attach to. */
  TTY("tty"),
  /** The caller's terminal, by one of the app's own; or what the caller has in its place. */
  INTERACTIVE("interactive");

  private final String label;

  StreamMode(String label) {
    this.label = label;
  }

  /** The word of flags, annotations and records. */
  public String label() {
    return label;
  }

  /** Whether somebody may attach to it. */
  public boolean isAttachable() {
    return this == STREAM || this == TTY;
  }

  /**
   * The mode that is called {@code label}.
   *
   * @param stream 0, 1 or 2: standard input has no log, the others need no caller
   */
  static StreamMode parse(String label, int stream) throws StageException {
    for (StreamMode mode : values()) {
      boolean isInput = stream == 0;
      if (mode.label.equals(label) && !(isInput && mode == LOG)) {
        return mode;
      }
    }
    throw StageException.usage(
        "\"" + label + "\" is no mode of standard " + AppStreams.NAMES[stream],
        stream == 0 ? "null, stream, tty or interactive" : "log, null, stream, tty or interactive");
  }
}
