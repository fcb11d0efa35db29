package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import rkt.stage1.StageException;

/** How soon the kernel chooses a process when memory runs out. proc(5), oom_score_adj */
final class OomScore {
  private OomScore() {}

  /** Of this process, which everything that it starts inherits. */
  static int own() throws StageException {
    try {
      return Integer.parseInt(Files.readString(Path.of("/proc/self/oom_score_adj")).strip());
    } catch (IOException e) {
      throw StageException.run("cannot read oom_score_adj of this process", "mount /proc", e);
    }
  }
}
