package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CapabilityTest {
  @Test
  void namesAreReadInAnyCaseWithAndWithoutPrefix() {
    assertThat(Capability.parse("CAP_NET_RAW")).isEqualTo(Capability.NET_RAW);
    assertThat(Capability.parse("net_raw")).isEqualTo(Capability.NET_RAW);
    assertThat(Capability.parse("cap_chown")).hasToString("CAP_CHOWN");
    assertThatThrownBy(() -> Capability.parse("CAP_CAP_CHOWN"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such capability: CAP_CAP_CHOWN");
  }

  @Test
  void numbersAreTheKernels() {
    assertThat(Capability.CHOWN.number()).isZero();
    assertThat(Capability.SYS_ADMIN.number()).isEqualTo(21);
    assertThat(Capability.SETFCAP.number()).isEqualTo(31);
    assertThat(Capability.CHECKPOINT_RESTORE.number()).isEqualTo(40);
    assertThat(Capability.values()).hasSize(41);
  }

  @Test
  void aSetIsAMask() {
    var set = CapabilitySet.of(Capability.CHOWN, Capability.BPF);
    assertThat(set.mask()).isEqualTo(1L << 39 | 1);
    assertThat(set.list()).containsExactly(Capability.CHOWN, Capability.BPF);
    assertThat(set.without(Capability.BPF)).isEqualTo(CapabilitySet.EMPTY.with(Capability.CHOWN));
    assertThat(set.and(CapabilitySet.of(Capability.BPF)).contains(Capability.CHOWN)).isFalse();
  }

  @Test
  void ourOwnAreThoseThatProcShows() throws Exception {
    String status = Files.readString(Path.of("/proc/thread-self/status"));
    assertThat(status)
        .contains("CapEff:\t%016x\n".formatted(Privileges.effective().mask()))
        .contains("CapBnd:\t%016x\n".formatted(Privileges.bounding().mask()));
  }
}
