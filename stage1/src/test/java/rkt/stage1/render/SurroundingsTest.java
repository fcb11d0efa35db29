package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rendering gives the same tree whatever locale and umask the process has, and every time. */
class SurroundingsTest {
  private static final List<String> LINES =
      List.of(
          "dir . mode=755 mtime=1",
          "file b\\xff\\xfe data=1 mode=666 mtime=2",
          "file x pax.path=caf\\xc3\\xa9 data=2 mode=4755",
          "file open data=3 mode=777",
          "file closed data=4 mode=0",
          "file d\\xfe/e/f data=5",
          "symlink s link=\\xff\\xc3\\xa9",
          "hardlink h link=b\\xff\\xfe",
          "file n pax.mtime=5.123456789 data=6 pax.SCHILY.xattr.user.a=\\xff",
          "fifo p mode=622",
          "dir g mode=2777 mtime=3",
          "file g/in data=7",
          "layer",
          "file .wh.open",
          "file d\\xfe/.wh..wh..opq",
          "dir new mode=1777",
          "file new/umask data=8 mode=660");

  @TempDir Path temp;

  @Test
  void localeAndUmaskChangeNothing() throws Exception {
    List<String> usual = render("C.UTF-8", "022");

    assertThat(usual).hasSizeGreaterThan(18);
    assertThat(render("C", "000")).isEqualTo(usual);
    assertThat(render("C", "077")).isEqualTo(usual);
    if (Vectors.OWN_UID == 0) { // Nobody else can enter what he makes with that.
      assertThat(render("C.UTF-8", "777")).isEqualTo(usual);
    }
  }

  private List<String> render(String locale, String umask) throws Exception {
    Path tar = temp.resolve("tar.txt");
    Files.write(tar, LINES, StandardCharsets.US_ASCII);
    Path data = Files.createDirectory(temp.resolve("data-" + locale + umask));
    List<String> command = new ArrayList<>();
    command.addAll(List.of("sh", "-c", "umask " + umask + "; exec \"$@\"", "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx64m"));
    command.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(TreeListing.class.getName(), tar.toString(), data.toString()));
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put("LC_ALL", locale);
    assertThat(builder.start().waitFor()).isZero();
    return Files.readAllLines(data.resolve("listing"), StandardCharsets.US_ASCII);
  }
}
