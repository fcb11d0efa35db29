package rkt.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** That what a command says is in the store would be there after the power was cut. */
@Tag("crash")
class DurabilityCrashIT {
  private static final String BYPASS = "--insecure-options=image";

  /** With {@code -y} strace writes the path of a descriptor behind its number. */
  private static final Pattern SYNC = Pattern.compile("f(?:data)?sync\\(\\d+<([^>]+)>\\) += 0.*");

  private static final Pattern RENAME =
      Pattern.compile("rename\\(\"([^\"]+)\", \"([^\"]+)\"\\) += 0.*");

  @Test
  void everyFileIsSyncedBeforeItsNameAndEveryNameBeforeTheEnd() throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      byte[] noise = new byte[1 << 20];
      new Random(1).nextBytes(noise);
      Path aci = new BuiltImage(rkt, "durable").file("noise", noise).build("durable", "");
      Path trace = rkt.home().resolve("trace");
      Result result =
          rkt.call(BYPASS, "image", "import", aci.toString())
              .under(
                  "strace",
                  "-f",
                  "-y",
                  "-qq",
                  "-s",
                  "4096",
                  "-o",
                  trace.toString(),
                  "-e",
                  "trace=fsync,fdatasync,rename")
              .run();
      assertThat(result.status()).as("%s", result).isZero();
      Set<String> synced = new HashSet<>();
      Set<String> unsyncedNames = new HashSet<>();
      List<String> published = new ArrayList<>();
      String tmp = rkt.data().resolve("store/tmp").toString();
      for (String line : complete(Files.readAllLines(trace))) {
        Matcher sync = SYNC.matcher(line);
        Matcher rename = RENAME.matcher(line);
        if (sync.matches()) {
          synced.add(sync.group(1));
          unsyncedNames.removeIf(name -> sync.group(1).equals(directory(name)));
        } else if (rename.matches()) {
          String from = rename.group(1);
          String to = rename.group(2);
          boolean ofStore =
              to.startsWith(rkt.data().resolve("store").toString())
                  || to.startsWith(rkt.data().resolve("images") + "/");
          if (!ofStore) {
            continue; // what can be made again, and what others answer for
          }
          assertThat(synced).as("synced before %s", line).contains(from);
          synced.add(to);
          if (!to.startsWith(tmp)) {
            unsyncedNames.add(to);
            published.add(to);
          }
        }
      }
      assertThat(unsyncedNames).as("names that a power cut could take").isEmpty();
      assertThat(published).anyMatch(name -> name.endsWith("/index.json"));
      assertThat(published.stream().filter(name -> name.contains("/blobs/")).count())
          .isGreaterThanOrEqualTo(3);
    }
  }

  private static String directory(String path) {
    return path.substring(0, path.lastIndexOf('/'));
  }

  /** Lines without the process, calls that strace had to cut in two put together. */
  private static List<String> complete(List<String> lines) {
    List<String> whole = new ArrayList<>();
    Map<String, String> begun = new HashMap<>();
    for (String line : lines) {
      int space = line.indexOf(' ');
      String process = line.substring(0, space);
      String call = line.substring(space).strip();
      int unfinished = call.indexOf(" <unfinished ...>");
      if (unfinished >= 0) {
        begun.put(process, call.substring(0, unfinished));
      } else if (call.startsWith("<... ")) {
        whole.add(begun.getOrDefault(process, "") + call.substring(call.indexOf("resumed>") + 8));
      } else {
        whole.add(call);
      }
    }
    return whole;
  }
}
