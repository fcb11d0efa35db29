package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import rkt.stage1.StageException;

/** How soon the kernel chooses a process when memory runs out. proc(5), oom_score_adj */
final class OomScore {
  private static final Path OWN = Path.of("/proc/self/oom_score_adj");

  private OomScore() {}

  /** Of this process, which everything that it starts inherits. */
  static int own() throws StageException {
    try {
      return read(OWN);
    } catch (IOException e) {
      throw StageException.run("cannot read oom_score_adj of this process", "mount /proc", e);
    }
  }

  /** Changes it for this process and what it starts. */
  static void set(int value) throws StageException {
    try {
      write(value);
    } catch (IOException e) {
      throw StageException.run(
          "cannot set oom_score_adj to " + value,
          "one that is lower than the caller's takes CAP_SYS_RESOURCE on the host",
          e);
    }
  }

  /** Takes over that of another process, unless it is lower and this one has not the right. */
  static void takeOver(int pid) throws IOException {
    int wanted = read(Path.of("/proc/" + pid + "/oom_score_adj"));
    int own = read(OWN);
    try {
      if (wanted != own) {
        write(wanted);
      }
    } catch (IOException e) {
      if (wanted > own) {
        throw e;
      } // else it is chosen sooner than the other, which grants it nothing
    }
  }

  private static int read(Path file) throws IOException {
    return Integer.parseInt(Files.readString(file, US_ASCII).strip());
  }

  private static void write(int value) throws IOException {
    Files.write(OWN, Integer.toString(value).getBytes(US_ASCII));
  }
}
