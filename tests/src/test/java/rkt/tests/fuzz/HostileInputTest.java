package rkt.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every reader of foreign bytes, fed its vectors and what small changes make of them. */
class HostileInputTest {
  private static final int MUTATIONS = 1500;
  private static final long LONGEST_SECONDS = 60;

  @ParameterizedTest
  @EnumSource(FuzzTarget.class)
  void whatIsReadIsUnderstoodOrRefused(FuzzTarget target) throws Exception {
    List<byte[]> seeds = target.seeds();
    assertThat(seeds).isNotEmpty();
    for (byte[] seed : seeds) {
      feed(target, seed);
    }
    Mutations mutations = new Mutations(seeds, target.name().hashCode());
    for (int i = 0; i < MUTATIONS; i++) {
      feed(target, mutations.next());
    }
  }

  private static void feed(FuzzTarget target, byte[] input) {
    long start = System.nanoTime();
    try {
      target.feed(input.clone());
    } catch (Exception | Error e) {
      throw new AssertionError(target + " broke on " + HexFormat.of().formatHex(input), e);
    }
    assertThat((System.nanoTime() - start) / 1_000_000_000L)
        .as("seconds for %s of %s", target, HexFormat.of().formatHex(input))
        .isLessThan(LONGEST_SECONDS);
  }
}
