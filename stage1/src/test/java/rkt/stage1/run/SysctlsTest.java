package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class SysctlsTest {
  @ParameterizedTest
  @CsvSource({
    "kernel.shmmax, kernel/shmmax",
    "kernel.sem, kernel/sem",
    "kernel/msgmax, kernel/msgmax",
    "fs.mqueue.msg_max, fs/mqueue/msg_max",
    "net.core.somaxconn, net/core/somaxconn",
    "net/ipv4/conf/eth0.1/rp_filter, net/ipv4/conf/eth0.1/rp_filter"
  })
  void whatBelongsToThePodMayBeSet(String name, String path) throws Exception {
    assertThat(Sysctls.path(name, PodRequest.Network.NONE)).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kernel.core_pattern",
        "kernel.modprobe",
        "kernel.hostname",
        "kernel.shm",
        "vm.panic_on_oom",
        "fs.file-max",
        "net/../kernel/core_pattern",
        "net..core",
        "net.",
        ".net",
        "",
        "net.x y",
        "net/core/\u0000"
      })
  void whatBelongsToTheHostIsAnErrorOfUsage(String name) {
    assertThatThrownBy(() -> Sysctls.path(name, PodRequest.Network.NONE))
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @Test
  void theNetworkOfTheHostIsTheHosts() {
    assertThatThrownBy(() -> Sysctls.path("net.core.somaxconn", PodRequest.Network.HOST))
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @Test
  void theyAreOneIsolatorOfThePod() throws Exception {
    Isolator isolator = Sysctls.parse(Map.of("kernel.sem", "1 2 3 4"), PodRequest.Network.NONE);

    assertThat(isolator.name()).isEqualTo("os/unix/sysctl");
    assertThat(isolator.json()).isEqualTo("{\"kernel.sem\":\"1 2 3 4\"}");
  }
}
