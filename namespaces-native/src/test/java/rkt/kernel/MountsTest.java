package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MountsTest {
  @Test
  void optionsThatTheKernelWouldCutAreRefused() {
    assertThatThrownBy(() -> Mounts.mount("x", "/nowhere", "overlay", "a".repeat(4096)))
        .isInstanceOf(KernelException.class)
        .hasMessageContaining("E2BIG");
  }
}
