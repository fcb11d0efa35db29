package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Streams and terminals that the supervisor keeps, and who attaches to them. spec/attach.md */
@Tag("privileged")
class AttachIT extends PodTests {
  private static final String[] STREAMS = {"--stdin=stream", "--stdout=stream", "--stderr=stream"};
  private static final String DETACH = "\020\021";
  private int count;

  /** A pod whose app has started. */
  private Attachable start(String script, String... flags) throws Exception {
    Path uuid = rkt.home().resolve("uuid-attach-" + count++);
    String[] all = new String[flags.length + 1];
    System.arraycopy(flags, 0, all, 0, flags.length);
    all[flags.length] = "--uuid-file-save=" + uuid;
    Running running = rkt.call(words(script, all)).start();
    rkt.call("status", "--wait-ready", "--uuid-file=" + awaitFile(uuid)).run();
    return new Attachable(running, Files.readString(uuid).strip());
  }

  private static Path awaitFile(Path file) throws Exception {
    for (int i = 0; i < 1200 && (!Files.exists(file) || Files.size(file) == 0); i++) {
      Thread.sleep(50);
    }
    return file;
  }

  record Attachable(Running running, String uuid) implements AutoCloseable {
    int status() throws InterruptedException {
      return running.await().status();
    }

    @Override
    public void close() {
      running.close();
    }
  }

  private Call attach(Attachable pod, String mode) {
    return rkt.call("attach", "--mode=" + mode, pod.uuid());
  }

  private static void say(Running attached, String text) throws IOException {
    attached.stdin().write(text.getBytes(UTF_8));
    attached.stdin().flush();
  }

  @Test
  void whatWasWrittenBeforeIsKeptAndTheStatusIsTheApps() throws Exception {
    String script = "echo early; echo error >&2; read line; echo got $line; exit 9";
    try (Attachable pod = start(script, STREAMS)) {
      Result result = attach(pod, "stdin,stdout,stderr").stdin("hello\n".getBytes(UTF_8)).run();

      assertThat(result.status()).as("%s", result).isEqualTo(9);
      assertThat(result.out()).isEqualTo("early\ngot hello\n");
      assertThat(result.err()).isEqualTo("error\n");
      assertThat(pod.status()).isEqualTo(9);
      assertThat(pod.running().out()).isEmpty();
    }
  }

  @Test
  void bytesPassThroughUnchangedInBothDirections() throws Exception {
    byte[] bytes = new byte[3 << 20];
    new Random(3).nextBytes(bytes);
    try (Attachable pod = start("cat", STREAMS)) {
      Result result = attach(pod, "stdin,stdout").stdin(bytes).run();

      assertThat(result.stdout()).isEqualTo(bytes);
      assertThat(result.status()).isZero();
    }
  }

  @Test
  void everyoneWhoIsAttachedSeesTheOutput() throws Exception {
    String script = "while read line; do echo for all: $line; [ $line = end ] && exit 3; done";
    try (Attachable pod = start(script, STREAMS);
        Running first = rkt.call("attach", pod.uuid()).openStdin().start();
        Running second = rkt.call("attach", "--mode=stdout", pod.uuid()).openStdin().start()) {
      for (int i = 0; i < 600 && second.out().isEmpty(); i++) {
        say(first, "again\n");
        Thread.sleep(100);
      }
      say(first, "end\n");

      assertThat(first.await().status()).isEqualTo(3);
      assertThat(second.await().status()).isEqualTo(3);
      assertThat(first.out()).contains("for all: again\n").endsWith("for all: end\n");
      assertThat(second.out()).contains("for all: again\n").endsWith("for all: end\n");
    }
  }

  @Test
  void anAppThatNobodyIsAttachedToIsNotHeldUp() throws Exception {
    try (Attachable pod =
        start("yes | head -n 3000000; exit 7", "--stdout=stream", "--stderr=stream")) {
      assertThat(pod.status()).isEqualTo(7);
    }
  }

  @Test
  void anAttacherThatDoesNotReadCannotHoldTheAppUp() throws Exception {
    try (Attachable pod = start("read line; yes | head -n 3000000; exit 7", STREAMS);
        Running stuck = attach(pod, "stdin,stdout").openStdin().start()) {
      say(stuck, "go\n");
      stuck.awaitOutput("y\n");
      stuck.signal("STOP");

      assertThat(pod.status()).isEqualTo(7);
      stuck.signal("KILL");
    }
  }

  @Test
  void signalsReachAnAttacherWhoseOwnOutputNobodyReads() throws Exception {
    Path pipe = rkt.home().resolve("stalled");
    assertThat(Images.execute(List.of("mkfifo", pipe.toString()))).isEmpty();
    try (Attachable pod = start("read line; exec yes", STREAMS);
        var held = new RandomAccessFile(pipe.toFile(), "rw");
        Running stuck =
            rkt.call("attach", "--mode=stdin,stdout", pod.uuid())
                .under("sh", "-c", "exec \"$@\" >" + pipe, "sh")
                .openStdin()
                .start()) {
      say(stuck, "go\n");
      assertThat(held.read()).isEqualTo('y');
      awaitFull(pipe);
      stuck.signal("TERM");
      assertThat(stuck.await().status()).isEqualTo(128 + 15);
    }
  }

  /** Waits until the pipe takes nothing more: who writes to it is held up. */
  private static void awaitFull(Path pipe) throws Exception {
    for (int i = 0; i < 1200; i++) {
      Process probe =
          new ProcessBuilder(
                  "sh", "-c", "echo | dd of=" + pipe + " oflag=nonblock conv=notrunc 2>&1")
              .start();
      String said = new String(probe.getInputStream().readAllBytes(), UTF_8);
      if (said.contains("Resource temporarily unavailable")) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("the pipe does not become full");
  }

  @Test
  void whoeverDetachesIsNotNoticedByTheApp() throws Exception {
    String script = "while read line; do echo got $line; [ $line = end ] && exit 5; done; exit 6";
    try (Attachable pod = start(script, STREAMS)) {
      for (String signal : new String[] {"TERM", "INT", "HUP", "KILL"}) {
        try (Running attached = attach(pod, "auto").openStdin().start()) {
          say(attached, signal + "\n");
          attached.awaitOutput("got " + signal);
          attached.signal(signal);
          assertThat(attached.await().status()).isGreaterThan(128);
        }
      }
      // The end of input means nothing when nobody asked for standard input by its name.
      try (Running attached = attach(pod, "auto").start()) {
        attached.signal("TERM");
        attached.await();
      }
      Result last = attach(pod, "stdin,stdout").stdin("end\n".getBytes(UTF_8)).run();
      assertThat(last.status()).as("%s", last).isEqualTo(5);
    }
  }

  @Test
  void theEndOfStandardInputIsPassedOnWhenItsNameWasSaid() throws Exception {
    try (Attachable pod = start("wc -c; exit 2", STREAMS)) {
      Result result = attach(pod, "stdin,stdout").stdin("abc".getBytes(UTF_8)).run();

      assertThat(result.out().strip()).isEqualTo("3");
      assertThat(result.status()).isEqualTo(2);
    }
  }

  @Test
  void whatThereIsToAttachToIsListed() throws Exception {
    try (Attachable pod = start("sleep 1000", "--stdin=stream", "--stderr=stream")) {
      assertThat(rkt.ok("attach", "--mode=list", pod.uuid()).out())
          .isEqualTo("busybox stdin\nbusybox stderr\n");
      assertThat(rkt.ok("attach", "--mode=list", "--format=json", pod.uuid()).out())
          .isEqualTo(
              "{\"version\":1,\"apps\":[{\"name\":\"busybox\","
                  + "\"endpoints\":[\"stdin\",\"stderr\"]}]}\n");
      rkt.refuses("usage", "attach", "--mode=stdout", pod.uuid());
      rkt.refuses("usage", "attach", "--mode=tty", pod.uuid());
      rkt.refuses("usage", "attach", "--mode=stdin,tty", pod.uuid());
      rkt.refuses("usage", "attach", "--mode=everything", pod.uuid());
      rkt.refuses("not-found", "attach", "--app=other", pod.uuid());
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(
                      rkt.data().resolve("pods/run").resolve(pod.uuid()).resolve("attach"))))
          .isEqualTo("rw-------");
      rkt.ok("stop", "--force", pod.uuid());
    }
    try (Pod pod = pod("sleep 1000")) {
      rkt.refuses("usage", "attach", pod.uuid());
      assertThat(rkt.data().resolve("pods/run").resolve(pod.uuid()).resolve("attach"))
          .doesNotExist();
    }
  }

  @Test
  void aTerminalIsLeftAndTakenUpAgain() throws Exception {
    try (Attachable pod =
        start(
            "stty size; while read line; do echo got-$line; [ $line = end ] && exit 8;"
                + " [ $line = size ] && stty size; done",
            "--stdin=tty",
            "--stdout=tty",
            "--stderr=tty")) {
      try (Console console = Console.of(rkt.call("attach", pod.uuid()))) {
        console.await("24 80").type("one\r").await("got-one");
        console.resize(33, 111).type("size\r").await("33 111");
        console.type(DETACH);
        assertThat(console.ended()).contains("restored\nstatus=0.");
      }
      try (Console console = Console.of(rkt.call("attach", "--mode=tty", pod.uuid()))) {
        console.type("two\r").await("got-two");
        console.type("end\r");
        assertThat(console.ended()).contains("got-end\n", "restored\nstatus=8.");
      }
      assertThat(pod.status()).isEqualTo(8);
    }
  }

  @Test
  void aTerminalCanBeWatchedWithoutBeingTypedOn() throws Exception {
    try (Attachable pod =
            start("echo shown; read line; exit 4", "--stdin=tty", "--stdout=tty", "--stderr=tty");
        Running watching = attach(pod, "tty-out").openStdin().start()) {
      watching.awaitOutput("shown");
      say(watching, "not for the app\n");
      assertThat(attach(pod, "tty-in").stdin("x\r".getBytes(UTF_8)).run().status()).isEqualTo(4);
      assertThat(watching.await().status()).isEqualTo(4);
    }
  }

  @Test
  void aStreamIsNothingOrTheCallersWhenThatIsAsked() throws Exception {
    Result result = sh("echo out; echo err >&2; cat; exit 3", "--stdout=null");
    assertThat(result.status()).isEqualTo(3);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).isEqualTo("err\n");

    rkt.refuses("usage", words("true", "--stdin=log"));
    rkt.refuses("usage", words("true", "--stdout=journal"));
    rkt.refuses("usage", words("true", "--stdin=tty", "--stdout=interactive"));
  }

  @Test
  void anAttacherThatTalksNonsenseHurtsNobody() throws Exception {
    String nonsense =
        """
        import os, random, socket, sys
        os.chdir(sys.argv[1])
        def connect():
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect('attach')
            return s
        random.seed(4)
        for i in range(200):
            s = connect()
            try:
                if i % 2: s.send(b'A\\x07busybox')
                for j in range(5): s.send(random.randbytes(random.randrange(1, 4000)).replace(b'E', b'e'))
            except OSError:
                pass
            if i % 3: s.close()
        held = [connect() for i in range(15)]
        print('done')
        """;
    try (Attachable pod =
        start("while read line; do [ \"$line\" = end ] && exit 5; done; exit 6", STREAMS)) {
      Path directory = rkt.data().resolve("pods/run").resolve(pod.uuid());
      Result talk =
          new Call(java.util.List.of("python3", "-c", nonsense, directory.toString())).run();
      assertThat(talk.out()).as("%s", talk).isEqualTo("done\n");

      Result result = attach(pod, "stdin,stdout").stdin("\nend\n".getBytes(UTF_8)).run();
      assertThat(result.status()).as("%s", result).isEqualTo(5);
    }
  }

  @Test
  void attachersThatLeaveAtOnceLeaveNothingBehind() throws Exception {
    String comeAndGo =
        """
        import os, socket, sys
        os.chdir(sys.argv[1])
        for i in range(100):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect('attach')
            try:
                if i % 2: s.send(b'A\\x07busybox')
            except OSError:
                pass
            s.close()
        print('done')
        """;
    String script = "while read line; do [ \"$line\" = end ] && exit 5; echo $line; done; exit 6";
    try (Attachable pod = start(script, STREAMS)) {
      List<Long> processes = HostState.descendants(pod.running().pid());
      int before = descriptors(processes);
      Path directory = rkt.data().resolve("pods/run").resolve(pod.uuid());

      Result talk = new Call(List.of("python3", "-c", comeAndGo, directory.toString())).run();

      assertThat(talk.out()).as("%s", talk).isEqualTo("done\n");
      // A few may come and go by themselves; a hundred would be those of the attachers.
      HostState.await("descriptors to be closed", () -> descriptors(processes) < before + 10);
      Result last = attach(pod, "stdin,stdout").stdin("one\nend\n".getBytes(UTF_8)).run();
      assertThat(last.status()).as("%s", last).isEqualTo(5);
      assertThat(last.out()).contains("one\n");
    }
  }

  private static int descriptors(List<Long> processes) {
    int count = 0;
    for (long pid : processes) {
      String[] open = new File("/proc/" + pid + "/fd").list();
      count += open == null ? 0 : open.length;
    }
    return count;
  }

  /** CVE-2020-15257: whoever shares the network could connect to an abstract socket. */
  @Test
  void noSocketHasAnAbstractName() throws Exception {
    String bind =
        "import socket,sys; s=socket.socket(socket.AF_UNIX); s.bind('\\0rkt-it-'+sys.argv[1]);"
            + " s.listen(); print('bound', flush=True); sys.stdin.read()";
    try (Attachable pod = start("while read line; do echo got $line; done", STREAMS);
        Running attached = attach(pod, "stdin,stdout").openStdin().start();
        Running entered =
            rkt.call("enter", pod.uuid(), "sh", "-c", "echo inside; cat").openStdin().start();
        Running other = new Call(List.of("python3", "-c", bind, pod.uuid())).openStdin().start()) {
      say(attached, "line\n");
      attached.awaitOutput("got line");
      entered.awaitOutput("inside");
      other.awaitOutput("bound");

      for (Running running : List.of(pod.running(), attached, entered)) {
        assertThat(abstractSockets(running)).isEmpty();
      }
      assertThat(abstractSockets(other)).as("of a program that has one").hasSize(1);
    }
  }

  /** Those that a command or one of its children holds, each in its own network. */
  private static List<String> abstractSockets(Running running) throws IOException {
    List<String> found = new ArrayList<>();
    for (long pid : HostState.descendants(running.pid())) {
      Set<String> open = new HashSet<>();
      try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
        descriptors.forEach(descriptor -> open.add(HostState.link(descriptor)));
      }
      for (String network : List.of("/proc/net/unix", "/proc/" + pid + "/net/unix")) {
        for (String line : HostState.text(Path.of(network)).lines().toList()) {
          String[] fields = line.strip().split(" +", 8);
          if (fields.length == 8
              && fields[7].startsWith("@")
              && open.contains("socket:[" + fields[6] + "]")
              && !found.contains(line)) {
            found.add(line);
          }
        }
      }
    }
    return found;
  }

  @Test
  void thirtyAppsWithNinetyStreamsKeepEachTheirOwn() throws Exception {
    Path uuid = rkt.home().resolve("uuid-ninety");
    List<Integer> asked = List.of(0, 15, 29);
    List<String> words = new ArrayList<>(List.of("run", "--uuid-file-save=" + uuid));
    for (int i = 0; i < 30; i++) {
      words.addAll(List.of(image, "--name=app-" + i));
      words.addAll(List.of(STREAMS));
      words.addAll(
          List.of(
              "--",
              "-c",
              asked.contains(i) ? "read line; echo $AC_APP_NAME got $line" : "exec sleep 600",
              "---"));
    }
    try (Running pod = rkt.call(words.toArray(new String[0])).start()) {
      rkt.call("status", "--wait-ready", "--uuid-file=" + awaitFile(uuid)).run();
      String id = Files.readString(uuid).strip();
      for (int i : asked) {
        Result result =
            rkt.call("attach", "--app=app-" + i, "--mode=stdin,stdout", id)
                .stdin("ok\n".getBytes(UTF_8))
                .run();
        assertThat(result.out()).as("%s", result).isEqualTo("app-" + i + " got ok\n");
      }
      rkt.ok("stop", id);
      pod.await();
    }
  }

  @Test
  void eachAppOfAPodHasStreamsOfItsOwn() throws Exception {
    Path uuid = rkt.home().resolve("uuid-two");
    String script = "read line; echo $AC_APP_NAME got $line; [ $line = ok ]";
    try (Running pod =
        rkt.call(
                "run",
                "--uuid-file-save=" + uuid,
                image,
                "--name=a",
                "--stdin=stream",
                "--stdout=stream",
                "--",
                "-c",
                script,
                "---",
                image,
                "--name=b",
                "--stdin=stream",
                "--stdout=stream",
                "--",
                "-c",
                script)
            .start()) {
      rkt.ok("status", "--wait-ready", "--uuid-file=" + awaitFile(uuid));
      String id = Files.readString(uuid).strip();
      rkt.refuses("usage", "attach", id);
      Result a =
          rkt.call("attach", "--app=a", "--mode=stdin,stdout", id)
              .stdin("ok\n".getBytes(UTF_8))
              .run();
      assertThat(a.out()).as("%s", a).isEqualTo("a got ok\n");
      assertThat(a.status()).isZero();
      Result b =
          rkt.call("attach", "--app=b", "--mode=stdin,stdout", id)
              .stdin("ok\n".getBytes(UTF_8))
              .run();
      assertThat(b.out()).as("%s", b).isEqualTo("b got ok\n");
      assertThat(pod.await().status()).isZero();
    }
  }
}
