package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories and files of the host in a pod, and fresh ones. */
@Tag("privileged")
class VolumesIT extends PodTests {
  private Path source;

  @BeforeEach
  void makeSource() throws Exception {
    source = Files.createTempDirectory(rkt.home(), "source-").toRealPath();
    Files.writeString(source.resolve("file"), "from the host\n");
  }

  private String host(String more) {
    return "--volume=v,kind=host,source=" + source + more;
  }

  @Test
  void aDirectoryOfTheHostIsSharedBothWays() throws Exception {
    assertThat(out("cat /v/file; echo back > /v/new", host(""), "--mount=volume=v,target=/v"))
        .isEqualTo("from the host\n");
    assertThat(Files.readString(source.resolve("new"))).isEqualTo("back\n");
  }

  @Test
  void aReadOnlyVolumeCannotBeChanged() throws Exception {
    Map<String, String> before = HostState.tree(source);
    Result result =
        sh(
            "cat /v/file; echo x > /v/new; rm /v/file; chmod 777 /v; echo x >> /v/file;"
                + " probe remount; mount -o remount,rw,bind /v",
            host(",readOnly=true"),
            "--mount=volume=v,target=/v");

    assertThat(result.out()).isEqualTo("from the host\nEPERM\n");
    assertThat(HostState.tree(source)).isEqualTo(before);
  }

  @Test
  void whatIsMountedBelowAReadOnlyVolumeIsReadOnlyToo() throws Exception {
    Path below = Files.createDirectory(source.resolve("below"));
    Images.execute(List.of("mount", "-t", "tmpfs", "none", below.toString()));
    try {
      Files.writeString(below.resolve("f"), "x");
      Result result =
          sh(
              "cat /v/below/f; echo y > /v/below/f; echo y > /v/below/g",
              host(",readOnly=true"),
              "--mount=volume=v,target=/v");
      assertThat(result.out()).isEqualTo("x");
      assertThat(Files.readString(below.resolve("f"))).isEqualTo("x");
      assertThat(out("ls /v/below", host(",recursive=false"), "--mount=volume=v,target=/v"))
          .isEmpty();
    } finally {
      Images.execute(List.of("umount", below.toString()));
    }
  }

  @Test
  void aVolumeThatHoldsTheDataDirectoryShowsNoMountOfThePod() throws Exception {
    String[] flags = {
      "--volume=all,kind=host,source=" + rkt.home() + ",readOnly=true",
      "--mount=volume=all,target=/all"
    };
    // The stage, with the roots of the apps, and the id-mapped data directory lie below it.
    assertThat(
            out(
                    "grep -c ' /all' /proc/self/mountinfo;"
                        + " find /all/data/pods/run/*/stage -mindepth 1",
                    flags)
                .lines())
        .containsExactly("1");
  }

  @Test
  void aVolumeHasNoDevicesAndNoSetuid() throws Exception {
    assertThat(
            out(
                "grep ' /v ' /proc/self/mountinfo | cut -d ' ' -f 6",
                host(""),
                "--mount=volume=v,target=/v"))
        .contains("nosuid")
        .contains("nodev")
        .startsWith("rw");
  }

  @Test
  void aFileOfTheHostCanBeAVolume() throws Exception {
    Result result =
        sh(
            "cat /etc/motd; cat /new/place; echo more >> /new/place",
            "--volume=f,kind=host,source=" + source.resolve("file"),
            "--mount=volume=f,target=/etc/motd",
            "--mount=volume=f,target=/new/place");

    assertThat(result.out()).isEqualTo("from the host\nfrom the host\n");
    assertThat(Files.readString(source.resolve("file"))).isEqualTo("from the host\nmore\n");
  }

  @Test
  void anEmptyVolumeHasTheModeAndOwnerThatWereAskedFor() throws Exception {
    assertThat(
            out(
                "stat -c '%a %u %g' /v /w; ls -A /v /w | grep -v : ; echo x > /v/f",
                "--volume=v,kind=empty,mode=1750,uid=12,gid=34",
                "--mount=volume=v,target=/v",
                "--volume=w,kind=empty",
                "--mount=volume=w,target=/w"))
        .isEqualTo("1750 12 34\n755 0 0\n\n");
  }

  @Test
  void oneVolumeCanBeMountedTwice() throws Exception {
    assertThat(
            out(
                "echo x > /a/f; cat /b/c/f",
                "--volume=v,kind=empty",
                "--mount=volume=v,target=/a",
                "--mount=volume=v,target=/b/c"))
        .isEqualTo("x\n");
  }

  @Test
  void aMountOfAnAppWinsOverOneForAllAppsAtTheSamePlace() throws Exception {
    String look = "echo $(ls -d /v/file /w/file 2>&- | wc -l)";
    List<String> words = new ArrayList<>(List.of("run", host(""), "--volume=e,kind=empty"));
    words.addAll(List.of("--mount=volume=v,target=/v", "--mount=volume=v,target=/w"));
    words.addAll(List.of(image, "--name=a", "--mount=volume=e,target=/v"));
    words.addAll(List.of("--", "-c", look + " >&2"));
    List<String> second = List.of("---", image, "--name=b", "--", "-c", look);

    assertThat(rkt.ok(words.toArray(new String[0])).err()).isEqualTo("1\n");
    words.addAll(second);
    Result both = rkt.ok(words.toArray(new String[0]));
    assertThat(both.err()).isEqualTo("1\n");
    assertThat(both.out()).isEqualTo("2\n");
  }

  @Test
  void aFileIsMountedOnAFileAndADirectoryOnADirectory() throws Exception {
    String file = "--volume=v,kind=host,source=" + source.resolve("file");
    String[] onDirectory = words("true", file, "--mount=volume=v,target=/etc");
    assertThat(rkt.refuses("run", onDirectory).err()).contains("there, its image has a directory");
    String[] onFile = words("true", host(""), "--mount=volume=v,target=/bin/busybox");
    assertThat(rkt.refuses("run", onFile).err()).contains("there, its image has a file");
  }

  @Test
  void aMountPointOfTheImageTakesTheVolumeOfItsName() throws Exception {
    String pointed =
        Images.admit(
            rkt,
            Images.busybox()
                .app("mountPoints", "[{\"name\":\"v\",\"path\":\"/data\",\"readOnly\":true}]"));

    String file = rkt.home().resolve("uuid-point").toString();
    String save = "--uuid-file-save=" + file;
    Result result =
        rkt.run(wordsOf(pointed, "cat /data/file; echo x > /data/file", host(""), save));

    assertThat(result.out()).isEqualTo("from the host\n");
    assertThat(rkt.ok("status", "--format=json", "--uuid-file=" + file).out())
        .contains(
            "\"mounts\":[{\"name\":\"v\",\"container_path\":\"/data\",\"host_path\":\""
                + source
                + "\",\"read_only\":true}]");
    rkt.ok(wordsOf(pointed, "true", save));
    assertThat(rkt.ok("status", "--format=json", "--uuid-file=" + file).out())
        .contains("\"mounts\":[{\"name\":\"v\",\"container_path\":\"/data\",\"read_only\":true}]");
    assertThat(Files.readString(source.resolve("file"))).isEqualTo("from the host\n");
  }

  @Test
  void aMountPointWithoutAVolumeIsAWritableDirectoryEvenOnAReadOnlyRoot() throws Exception {
    String pointed =
        Images.admit(
            rkt, Images.busybox().app("mountPoints", "[{\"name\":\"v\",\"path\":\"/data\"}]"));

    assertThat(rkt.ok(wordsOf(pointed, "echo x > /data/f; cat /data/f")).out()).isEqualTo("x\n");
    assertThat(rkt.ok(wordsOf(pointed, "echo x > /data/f; cat /data/f", "--readonly-rootfs")).out())
        .isEqualTo("x\n");
  }

  @Test
  void aMountPointWithoutAVolumeHoldsWhatTheImageHasThere() throws Exception {
    String pointed =
        Images.admit(
            rkt,
            Images.busybox()
                .owned("data", 1234, 1235, 0750)
                .file("data/file", 0640, "of the image\n")
                .directory("data/sub", 01777)
                .link("data/link", "sub/deep")
                .file("data/sub/deep", 0600, "deep\n")
                .hardLink("data/second", "data/file")
                .fifo("data/pipe")
                .app(
                    "mountPoints",
                    "[{\"name\":\"v\",\"path\":\"/data\"},{\"name\":\"n\",\"path\":\"/new\"}]"));
    String look =
        "stat -c '%n %a %u %g' /data /data/file /data/sub /new; stat -c %h /data/second;"
            + " cat /data/link; test -p /data/pipe; echo $?";

    for (String[] flags : new String[][] {{}, {"--rootfs-size=1Mi"}, {"--readonly-rootfs"}}) {
      Result result =
          rkt.ok(
              wordsOf(
                  pointed,
                  look
                      + "; echo more >> /data/file; cat /data/second; grep -c ' /data ' /proc/mounts",
                  flags));

      assertThat(result.out())
          .isEqualTo(
              """
              /data 750 1234 1235
              /data/file 640 0 0
              /data/sub 1777 0 0
              /new 755 0 0
              2
              deep
              0
              of the image
              more
              1
              """);
    }
    assertThat(rkt.ok(wordsOf(pointed, "cat /data/file")).out()).isEqualTo("of the image\n");
  }

  @Test
  void aMountPointThatIsReadOnlyStaysSo() throws Exception {
    String pointed =
        Images.admit(
            rkt,
            Images.busybox()
                .file("data/file", 0644, "of the image\n")
                .app("mountPoints", "[{\"name\":\"v\",\"path\":\"/data\",\"readOnly\":true}]"));

    assertThat(rkt.ok(wordsOf(pointed, "cat /data/file; echo x > /data/file || echo no")).out())
        .isEqualTo("of the image\nno\n");
    assertThat(
            rkt.ok(
                    wordsOf(
                        pointed,
                        "cat /data/file; echo x > /data/file || echo no",
                        "--volume=w,kind=host,source=" + source,
                        "--mount=volume=w,target=/data"))
                .out())
        .isEqualTo("from the host\nno\n");
  }

  @Test
  void aVolumeBelowAnotherIsMountedAfterIt() throws Exception {
    Files.createDirectory(source.resolve("below"));
    Map<String, String> before = HostState.tree(source);

    assertThat(
            out(
                "cat /v/file; echo x > /v/below/new; ls /v/below; echo y > /e/deep/er/z; ls /e/deep/er",
                host(""),
                "--volume=e,kind=empty",
                "--mount=volume=e,target=/v/below",
                "--mount=volume=v,target=/v",
                "--volume=o,kind=empty",
                "--mount=volume=e,target=/e/deep/er",
                "--mount=volume=o,target=/e"))
        .isEqualTo("from the host\nnew\nnew\nz\n");
    assertThat(HostState.tree(source)).isEqualTo(before);
  }

  @Test
  void nothingIsMadeInADirectoryOfTheHost() throws Exception {
    Map<String, String> before = HostState.tree(source);

    for (String target : new String[] {"/v/below", "/v/below/deeper"}) {
      assertThat(
              rkt.refuses(
                      "run",
                      words(
                          "true",
                          host(""),
                          "--volume=e,kind=empty",
                          "--mount=volume=v,target=/v",
                          "--mount=volume=e,target=" + target))
                  .err())
          .contains("a directory of the host");
    }
    rkt.refuses(
        "run",
        words(
            "true",
            host(""),
            "--volume=f,kind=host,source=" + source.resolve("file"),
            "--mount=volume=v,target=/v",
            "--mount=volume=f,target=/v/other"));

    assertThat(HostState.tree(source)).isEqualTo(before);
  }

  @Test
  void mountsThatOverlapAreRefused() throws Exception {
    rkt.refuses(
        "usage",
        words("true", host(""), "--mount=volume=v,target=/v", "--mount=volume=v,target=//v/."));
    rkt.refuses("usage", words("true", host(""), "--mount=volume=v,target=/v", "--tmpfs=/v"));
    String linked =
        Images.admit(rkt, Images.busybox().directory("run", 0755).link("var/run", "/run"));

    assertThat(
            rkt.refuses(
                    "run",
                    wordsOf(
                        linked,
                        "true",
                        host(""),
                        "--mount=volume=v,target=/run",
                        "--mount=volume=v,target=/var/run"))
                .err())
        .contains("overlap");
    assertThat(
            rkt.refuses(
                    "run",
                    wordsOf(
                        linked,
                        "true",
                        host(""),
                        "--mount=volume=v,target=/run/a",
                        "--mount=volume=v,target=/var/run"))
                .err())
        .contains("overlap");
  }

  @Test
  void aMountThatHidesFilesOfTheImageIsWarnedOf() throws Exception {
    assertThat(sh("true", host(""), "--mount=volume=v,target=/etc").err())
        .contains("warning: the mount at /etc of app \"busybox\" hides what the image has there");
    assertThat(sh("true", host(""), "--mount=volume=v,target=/tmp").err()).doesNotContain("hides");
    assertThat(sh("true", host(""), "--mount=volume=v,target=/v").err()).doesNotContain("hides");
  }

  @Test
  void aSourceThatIsNotThereIsRefused() throws Exception {
    assertThat(
            rkt.refuses(
                    "run",
                    words(
                        "true",
                        "--volume=v,kind=host,source=/nowhere/x",
                        "--mount=volume=v,target=/v"))
                .err())
        .contains("/nowhere/x");
  }

  @Test
  void aSourceThatALinkLeadsToIsRefusedWithTheReason() throws Exception {
    Path link = rkt.home().resolve("link-" + source.getFileName());
    Files.createSymbolicLink(link, source);

    for (String path : new String[] {link.toString(), link + "/file"}) {
      assertThat(
              rkt.refuses(
                      "run",
                      words(
                          "true",
                          "--volume=v,kind=host,source=" + path,
                          "--mount=volume=v,target=/v"))
                  .err())
          .contains("symbolic link");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/proc",
        "/proc/1",
        "/sys",
        "/sys/fs",
        "/dev",
        "/dev/shm",
        "/./proc//x",
        "/",
        "/..",
        "/a/../b"
      })
  void aTargetThatIsTheRuntimesOwnOrClimbsIsRefused(String target) throws Exception {
    rkt.refuses("usage", words("true", host(""), "--mount=volume=v,target=" + target));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "v",
        "v,kind=host",
        "v,kind=host,source=relative",
        "v,kind=other",
        "v,kind=empty,mode=8",
        "v,kind=empty,mode=77777",
        "v,kind=empty,uid=-1",
        "v,kind=empty,uid=4294967296",
        "v,kind=host,source=/tmp,readOnly=maybe",
        "v,kind=empty,x=y",
        "V,kind=empty",
        "../v,kind=empty",
        ",kind=empty",
        "v,kind=empty,kind=host"
      })
  void aVolumeThatMakesNoSenseIsRefused(String volume) throws Exception {
    rkt.refuses("usage", words("true", "--volume=" + volume));
  }

  @Test
  void aMountWithoutItsVolumeAndAVolumeGivenTwiceAreRefused() throws Exception {
    rkt.refuses("usage", words("true", "--mount=volume=v,target=/v"));
    rkt.refuses("usage", words("true", "--volume=v,kind=empty", "--volume=v,kind=empty"));
  }

  @Test
  void aTargetThroughALinkOfTheImageIsMadeInside() throws Exception {
    Path sentinel = Files.createTempDirectory(rkt.home(), "sentinel-");
    Map<String, String> before = HostState.tree(sentinel);
    String hostile =
        Images.admit(
            rkt,
            Images.busybox()
                .link("out", sentinel.toString())
                .directory("var", 0755)
                .link("var/run", "../home"));

    rkt.run(wordsOf(hostile, "ls /out/d", host(""), "--mount=volume=v,target=/out/d"));
    assertThat(HostState.tree(sentinel)).isEqualTo(before);
    assertThat(
            rkt.ok(
                    wordsOf(
                        hostile,
                        "cat /home/d/file",
                        host(""),
                        "--mount=volume=v,target=/var/run/d"))
                .out())
        .isEqualTo("from the host\n");
    assertThat(HostState.mountsBelow(sentinel)).isEmpty();
  }

  @Test
  void aVolumeListOf70KibibytesWorks() throws Exception {
    String[] flags = new String[1600];
    for (int i = 0; i < flags.length; i += 2) {
      flags[i] = "--volume=volume-with-a-long-name-" + i + ",kind=empty,mode=0755";
      flags[i + 1] = "--set-env=NAME_" + i + "=volume-with-a-long-name-" + i + ",target=/v";
    }
    assertThat(out("echo $NAME_0", flags)).isEqualTo("volume-with-a-long-name-0,target=/v\n");
  }

  @Test
  void noMountOfAPodIsVisibleOnTheHost() throws Exception {
    List<String> before = HostState.mounts();
    try (Pod pod = pod("sleep 1000", host(""), "--mount=volume=v,target=/v")) {
      assertThat(HostState.mounts()).isEqualTo(before);
      assertThat(pod.running().isAlive()).isTrue();
    }
    assertThat(HostState.mounts()).isEqualTo(before);
  }
}
