package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A pod has namespaces of its own. */
@Tag("privileged")
class NamespacesIT extends PodTests {
  private static final String[] KINDS = {"pid", "mnt", "uts", "ipc", "net", "cgroup"};
  private static final String SHOW =
      "for k in pid mnt uts ipc net cgroup; do readlink /proc/self/ns/$k; done";

  @Test
  void allSixNamespacesDifferFromTheHosts() throws Exception {
    String[] inside = out(SHOW).split("\n");

    for (int i = 0; i < KINDS.length; i++) {
      assertThat(inside[i])
          .startsWith(KINDS[i] + ":")
          .isNotEqualTo(HostState.namespace(1, KINDS[i]));
      assertThat(inside[i])
          .isNotEqualTo(HostState.namespace(ProcessHandle.current().pid(), KINDS[i]));
    }
  }

  @Test
  void withTheNetworkOfTheHostOnlyThatNamespaceIsShared() throws Exception {
    String[] inside = out(SHOW, "--net=host").split("\n");

    long self = ProcessHandle.current().pid();
    for (int i = 0; i < KINDS.length; i++) {
      if (KINDS[i].equals("net")) {
        assertThat(inside[i]).isEqualTo(HostState.namespace(self, "net"));
      } else {
        assertThat(inside[i]).isNotEqualTo(HostState.namespace(self, KINDS[i]));
      }
    }
  }

  @Test
  void twoPodsShareNoNamespace() throws Exception {
    String[] one = out(SHOW).split("\n");
    try (Pod pod = pod("sleep 1000")) {
      String[] two = out(SHOW).split("\n");
      long init = rkt.initPid(pod.uuid());
      for (int i = 0; i < KINDS.length; i++) {
        assertThat(two[i]).isNotEqualTo(HostState.namespace(init, KINDS[i]));
      }
    }
    assertThat(one).hasSize(6);
  }

  @Test
  void withoutNetworkThereIsALoopbackThatWorksAndNothingElse() throws Exception {
    assertThat(
            out(
                "ls /sys/class/net; ip -o link | cut -d ' ' -f 2,3; ip -o -4 addr | grep -o 'inet [0-9./]*';"
                    + " (ip route | wc -l)",
                "--net=none"))
        .matches("lo\nlo: <LOOPBACK,UP,LOWER_UP>\ninet 127.0.0.1/8\n0\n");
  }

  @Test
  void abstractSocketsOfTheHostAreOutOfReach() throws Exception {
    assertThat(out("wc -l < /proc/net/unix")).isEqualTo("1\n");
  }

  @Test
  void theSupervisorStaysInTheNamespacesOfItsCaller() throws Exception {
    try (Pod pod = pod("sleep 1000")) {
      for (String kind : KINDS) {
        assertThat(HostState.namespace(pod.running().pid(), kind))
            .isEqualTo(HostState.namespace(ProcessHandle.current().pid(), kind));
      }
    }
  }

  @Test
  void anUnknownNetworkIsRefused() throws Exception {
    rkt.refuses("usage", words("true", "--net=../../bin/sh"));
    rkt.refuses("usage", words("true", "--net=bridge"));
    rkt.refuses("usage", words("true", "--net="));
  }
}
