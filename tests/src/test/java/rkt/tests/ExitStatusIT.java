package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The status of {@code rkt run} is the app's, or tells by which signal it ended. */
@Tag("privileged")
class ExitStatusIT extends PodTests {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 126, 127, 254, 255})
  void theStatusOfTheAppIsTheStatusOfRkt(int status) throws Exception {
    Result result = sh("exit " + status);

    assertThat(result.status()).isEqualTo(status);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1, 129", "2, 130", "3, 131", "6, 134", "9, 137", "11, 139", "15, 143", "34, 162"})
  void anAppThatASignalEndsGives128AndTheSignal(int signal, int status) throws Exception {
    Result result = rkt.run("run", "--exec=/bin/probe", image, "--", "signal", "" + signal);

    assertThat(result.status()).isEqualTo(status);
    assertThat(result.err()).isEmpty();
  }

  @Test
  void everyExitStatusOf256PassesThroughOnePod() throws Exception {
    // The statuses of children inside: what pod-init decodes from wait(2) it decodes for the app.
    String out = out("for i in 0 7 128 200 253; do sh -c \"exit $i\"; echo $?; done");

    assertThat(out).isEqualTo("0\n7\n128\n200\n253\n");
  }

  @Test
  void statusShowsWhatAnAppReturnedThatReturned254() throws Exception {
    String file = rkt.home().resolve("uuid-254").toString();
    assertThat(sh("exit 254", "--uuid-file-save=" + file).status()).isEqualTo(254);

    assertThat(rkt.ok("status", "--uuid-file=" + file).out()).contains("\napp-busybox=254\n");
  }

  @Test
  void aProgramThatIsNotThereIsRefused() throws Exception {
    rkt.refuses("run", "run", "--exec=/bin/nothing", image);
    rkt.refuses("run", "run", "--exec=nothing", image);
  }

  @Test
  void aProgramThatMayNotBeExecutedIsRefused() throws Exception {
    rkt.refuses("run", "run", "--exec=/etc/passwd", image);
    rkt.refuses("run", "run", "--exec=/etc", image);
  }

  @Test
  void aScriptWithoutItsInterpreterIsRefused() throws Exception {
    String broken =
        Images.admit(
            rkt, Images.busybox().file("bin/script", 0755, "#!/bin/none\n").exec("/bin/script"));

    assertThat(rkt.refuses("run", "run", broken).err()).contains("/bin/script");
  }

  @Test
  void anImageWithoutAProgramIsRefused() throws Exception {
    String silent = Images.admit(rkt, Images.busybox().app("exec", "[]"));

    assertThat(rkt.refuses("run", "run", silent).err()).contains("--exec");
  }
}
