package rkt.stage1.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class LaunchPlanVectorsTest {
  private static final Path VECTORS =
      Path.of(System.getProperty("vectors", "../spec/vectors")).resolve("launch-plan");

  /** The program that the build made of src/main/c. */
  private static final String POD_INIT = System.getProperty("pod-init", "target/pod-init");

  @TempDir Path directory;

  @ParameterizedTest
  @MethodSource("accepted")
  void aPlanIsReadAndWrittenAsTheSpecSays(Path vector) throws Exception {
    byte[] bytes = bytes(vector);
    LaunchPlan plan = LaunchPlan.decode(bytes);
    assertThat(plan.describe()).isEqualTo(Files.readString(vector.resolve("plan.txt")));
    assertThat(plan.encode()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aBrokenPlanIsRefusedByTheReader(Path vector) throws Exception {
    if (vector.endsWith("wrong-mode")) {
      return; // a good plan, given to the wrong mode: only pod-init can tell
    }
    byte[] bytes = bytes(vector);
    assertThatThrownBy(() -> LaunchPlan.decode(bytes)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aBrokenPlanIsRefusedByPodInit(Path vector) throws Exception {
    String mode = Files.readString(vector.resolve("mode.txt")).strip();
    assertThat(podInit(mode, bytes(vector))).isEqualTo(254);
    assertThat(Files.readString(directory.resolve("err")))
        .isEqualTo(Files.readString(vector.resolve("error.txt")));
  }

  @Test
  void podInitAcceptsEveryGoodPlanForInit() throws Exception {
    for (String name : List.of("init-minimal", "init-two-apps", "every-op")) {
      // It goes on to the next check, which is the one that a test without root cannot pass.
      assertThat(podInit("init", bytes(VECTORS.resolve("accepted").resolve(name)))).isEqualTo(254);
      assertThat(Files.readString(directory.resolve("err")))
          .isEqualTo(
              "run: cannot start the pod: pod-init init is not PID 1 of its pid namespace\n");
    }
  }

  @Test
  void noChangedByteMakesPodInitCrash() throws Exception {
    byte[] good = bytes(VECTORS.resolve("accepted/every-op"));
    Random random = new Random(1);
    for (int i = 0; i < 300; i++) {
      byte[] changed = good.clone();
      for (int n = 0; n <= i % 3; n++) {
        changed[16 + random.nextInt(good.length - 16)] = (byte) random.nextInt(256);
      }
      assertThat(podInit("init", changed)).as(HexFormat.of().formatHex(changed)).isEqualTo(254);
      try {
        LaunchPlan.decode(changed);
      } catch (IllegalArgumentException | ArithmeticException expected) {
        // refused, as it may be
      }
    }
  }

  static List<Path> accepted() throws IOException {
    return cases("accepted");
  }

  static List<Path> refused() throws IOException {
    return cases("refused");
  }

  private static List<Path> cases(String kind) throws IOException {
    try (Stream<Path> found = Files.list(VECTORS.resolve(kind))) {
      return found.sorted().toList();
    }
  }

  private static byte[] bytes(Path vector) throws IOException {
    String hex = Files.readString(vector.resolve("plan.hex"));
    return HexFormat.of().parseHex(hex.replace(" ", "").replace("\n", ""));
  }

  private int podInit(String mode, byte[] plan) throws Exception {
    Path file = Files.write(directory.resolve("plan"), plan);
    return new ProcessBuilder(Path.of(POD_INIT).toAbsolutePath().toString(), mode, "0")
        .redirectInput(file.toFile())
        .redirectError(directory.resolve("err").toFile())
        .start()
        .waitFor();
  }
}
