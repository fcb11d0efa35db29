package rkt.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** An image may ask for CAP_MKNOD; the host's disks are not for it all the same. */
@Tag("privileged")
class DeviceNodesIT {
  private static final String RETAIN =
      "[{\"name\":\"os/linux/capabilities-retain-set\",\"value\":{\"set\":[\"CAP_MKNOD\"]}}]";

  @Test
  void anImageCannotKeepTheRightToMakeDeviceNodes() throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      Images.trust(rkt);
      String image = Images.admit(rkt, Images.busybox().app("isolators", RETAIN));

      Result result =
          rkt.run("run", image, "--", "-c", "grep CapBnd /proc/self/status; mknod /dev/x c 1 5");

      assertThat(result.out()).isEqualTo("CapBnd:\t0000000000000000\n");
      assertThat(result.status()).isNotZero();
    }
  }

  @Test
  void aNodeOpensNowhereEvenWithEveryCapability() throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      String image = Images.admitBusybox(rkt);
      String each =
          "for d in /dev /dev/shm /tmp /; do mknod $d/node c 1 5 || echo none;"
              + " head -c 1 $d/node >/dev/null 2>&1 && echo $d opens; done; echo end";

      String[] weakened = {
        "run", "--insecure-options=capabilities,userns", image, "--", "-c", each
      };
      // Where anything enforces the rules of devices, none is made either.
      assertThat(rkt.run(weakened).out()).endsWith("end\n").doesNotContain("opens");
      // In the user namespace that every pod has none can even be made.
      Result usual = rkt.run("run", "--insecure-options=capabilities", image, "--", "-c", each);
      assertThat(usual.out()).isEqualTo("none\n".repeat(4) + "end\n");
    }
  }
}
