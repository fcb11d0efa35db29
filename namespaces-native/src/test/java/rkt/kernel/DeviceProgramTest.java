package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What it does is shown by the kernel: {@link DeviceProgramIT}. */
class DeviceProgramTest {
  private static final Path VECTORS = Path.of("../spec/vectors/devices");

  @ParameterizedTest
  @ValueSource(strings = {"nothing", "usual", "one-more"})
  void theInstructionsAreThoseOfTheVector(String name) throws Exception {
    List<DeviceRule> rules = new ArrayList<>();
    for (String line : Files.readAllLines(VECTORS.resolve(name + ".rules"))) {
      DeviceRule rule = rule(line);
      assertThat(rule).hasToString(line);
      rules.add(rule);
    }
    byte[] program = DeviceProgram.of(new DeviceList(rules));
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < program.length; at += 8) {
      text.append(HexFormat.of().formatHex(program, at, at + 8)).append('\n');
    }
    assertThat(text).hasToString(Files.readString(VECTORS.resolve(name + ".hex")));
  }

  @Test
  void aListHasEachDeviceOnceWithAllThatIsAllowed() {
    DeviceList list = new DeviceList(List.of(rule("c 1:3 r"), rule("b 1:3 r"), rule("c 1:3 wm")));
    assertThat(list.rules()).containsExactly(rule("c 1:3 rwm"), rule("b 1:3 r"));
    DeviceList more = list.plus(List.of(rule("c 136:* rw"), rule("b 1:3 w")));
    assertThat(more.minus(list)).containsExactly(rule("b 1:3 w"), rule("c 136:* rw"));
    assertThat(list.minus(more)).isEmpty();
    assertThat(more.access(rule("c 136:5 m"))).isEqualTo(DeviceRule.READ_WRITE);
    assertThat(more.access(rule("c 1:5 m"))).isZero();
  }

  @Test
  void whatIsNoDeviceOrNoAccessIsRefused() {
    for (long[] numbers : new long[][] {{-1, 0}, {4096, 0}, {0, -2}, {0, 1 << 20}}) {
      assertThatThrownBy(() -> new DeviceRule(false, numbers[0], numbers[1], DeviceRule.READ))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (int access : new int[] {0, 8, -1}) {
      assertThatThrownBy(() -> new DeviceRule(false, 1, 3, access))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** {@code c 1:3 rw}. */
  static DeviceRule rule(String text) {
    String[] words = text.split("[ :]", -1);
    long minor = words[2].equals("*") ? DeviceRule.ALL : Long.parseLong(words[2]);
    return new DeviceRule(
        words[0].equals("b"), Long.parseLong(words[1]), minor, DeviceRule.accessOf(words[3]));
  }
}
