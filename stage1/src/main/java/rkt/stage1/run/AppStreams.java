package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import rkt.stage1.StageException;

/**
 * What the standard streams of an app are joined to: what its annotations say, which is where flags
 * and pod manifests put it. spec/pod.md#streams
 */
public record AppStreams(StreamMode input, StreamMode output, StreamMode error) {
  /** The annotations begin with this and end in stdin, stdout or stderr. */
  public static final String ANNOTATION = "coreos.com/rkt/stage2/";

  static final String[] NAMES = {"input", "output", "error"};
  static final String[] WORDS = {"stdin", "stdout", "stderr"};

  public AppStreams {
    boolean isShared = false;
    boolean isOwn = false;
    StreamMode[] all = {input, output, error};
    for (StreamMode mode : all) {
      isShared |= mode == StreamMode.INTERACTIVE;
      isOwn |= mode == StreamMode.TTY;
    }
    if (input == StreamMode.LOG || (isShared && isOwn)) {
      throw new IllegalArgumentException(input + ", " + output + ", " + error);
    }
  }

  /**
   * The streams of an app.
   *
   * @param interactive whether the pod is, which holds for what the annotations do not say
   */
  public static AppStreams of(Map<String, String> annotations, boolean interactive)
      throws StageException {
    StreamMode[] modes = new StreamMode[WORDS.length];
    boolean isShared = false;
    boolean isOwn = false;
    for (int i = 0; i < modes.length; i++) {
      StreamMode usual = i == 0 ? StreamMode.NULL : StreamMode.LOG;
      String word = annotations.get(ANNOTATION + WORDS[i]);
      modes[i] =
          word == null ? (interactive ? StreamMode.INTERACTIVE : usual) : StreamMode.parse(word, i);
      isShared |= modes[i] == StreamMode.INTERACTIVE;
      isOwn |= modes[i] == StreamMode.TTY;
    }
    if (isShared && isOwn) {
      throw StageException.usage(
          "an app has one terminal: the caller's (interactive) or one of its own (tty)",
          "choose one of the two for all of --stdin, --stdout and --stderr");
    }
    return new AppStreams(modes[0], modes[1], modes[2]);
  }

  /** The mode of stream 0, 1 or 2. */
  public StreamMode mode(int stream) {
    return stream == 0 ? input : stream == 1 ? output : error;
  }

  /** Whether any of them is the caller's terminal, or what the caller has in its place. */
  public boolean isInteractive() {
    return has(StreamMode.INTERACTIVE);
  }

  boolean has(StreamMode mode) {
    return input == mode || output == mode || error == mode;
  }

  /** What may be attached to, in the words of {@code rkt attach}. */
  List<String> endpoints() {
    List<String> endpoints = new ArrayList<>();
    for (int i = 0; i < WORDS.length; i++) {
      if (mode(i) == StreamMode.STREAM) {
        endpoints.add(WORDS[i]);
      }
    }
    if (has(StreamMode.TTY)) {
      endpoints.add("tty");
    }
    return endpoints;
  }
}
