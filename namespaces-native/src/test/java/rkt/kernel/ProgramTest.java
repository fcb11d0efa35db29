package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramTest {
  // Without ls or a pattern, which open the directory themselves.
  private static final String OPEN_DESCRIPTORS =
      "i=0; while [ $i -lt 1024 ]; do"
          + " if [ -e /proc/$$/fd/$i ]; then echo -n \"$i \"; fi; i=$((i+1)); done; echo";
  private static final List<String> ENVIRONMENT = List.of("GREETING=hello");

  @Test
  void aSpawnedProgramHasItsArgumentsItsEnvironmentAndItsStatus() throws Exception {
    assertThat(spawned("echo $0 $1 $GREETING; env; exit 3", "one"))
        .startsWith("sh one hello\n")
        .contains("GREETING=hello\n")
        .endsWith("status 3");
  }

  @Test
  void aSignalIsItsNumberAbove128() throws Exception {
    assertThat(spawned("kill -KILL $$", "")).isEqualTo("status 137");
  }

  @Test
  void aProgramThatIsNotThereIsAnErrorNow() {
    Program program = new Program("/no/such", List.of("x"), List.of(), FdMapping.STANDARD);
    assertThatThrownBy(program::spawn)
        .isInstanceOf(KernelException.class)
        .hasMessage("posix_spawn(/no/such): ENOENT");
  }

  @Test
  void onlyTheMappedDescriptorsAreOpenThere(@TempDir Path temp) throws Exception {
    Path file = Files.writeString(temp.resolve("secret"), "x");
    try (var directory = Files.newDirectoryStream(temp);
        var channel = Files.newByteChannel(file);
        var stream = Files.newInputStream(file);
        var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(directory).isNotNull();
      assertThat(channel.isOpen() && stream.available() >= 0 && socket.isBound()).isTrue();
      assertThat(spawned(OPEN_DESCRIPTORS, "")).isEqualTo("1 2 5 \nstatus 0");
    }
  }

  @Test
  void descriptorsMayTradePlaces() throws Exception {
    try (Descriptors.Pipe a = Descriptors.pipe();
        Descriptors.Pipe b = Descriptors.pipe()) {
      // What we call A's writer is B's number there, and the other way round.
      Program program =
          new Program(
              "/bin/sh",
              List.of(
                  "sh",
                  "-c",
                  "echo a >/proc/self/fd/"
                      + b.writer().number()
                      + "; echo b >/proc/self/fd/"
                      + a.writer().number()),
              List.of(),
              List.of(
                  new FdMapping(a.writer().number(), b.writer().number()),
                  new FdMapping(b.writer().number(), a.writer().number())));
      assertThat(Processes.await(program.spawn())).isZero();
      assertThat(Descriptors.read(a.reader(), 10)).isEqualTo(new byte[] {'a', '\n'});
      assertThat(Descriptors.read(b.reader(), 10)).isEqualTo(new byte[] {'b', '\n'});
    }
  }

  @Test
  void aProgramInSealedMemoryRunsThroughItsDescriptor() throws Exception {
    byte[] content = Files.readAllBytes(Path.of("/bin/true"));
    try (Fd memory = Descriptors.sealedMemory("true", content)) {
      var program =
          new Program(
              "/proc/self/fd/9", List.of("true"), List.of(), List.of(FdMapping.of(memory, 9)));
      assertThat(Processes.await(program.spawn())).isZero();
    }
  }

  @Test
  void noDescriptorThatAnotherThreadOpensMeanwhileLeaks(@TempDir Path temp) throws Exception {
    Path file = Files.writeString(temp.resolve("file"), "x");
    var stop = new java.util.concurrent.atomic.AtomicBoolean();
    Thread opener =
        new Thread(() -> {
          while (!stop.get()) {
            try (var stream = new java.io.RandomAccessFile(file.toFile(), "r")) {
              stream.read();
            } catch (java.io.IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          }
        });
    opener.start();
    try {
      for (int i = 0; i < 20; i++) {
        assertThat(spawned(OPEN_DESCRIPTORS, "")).isEqualTo("1 2 5 \nstatus 0");
      }
    } finally {
      stop.set(true);
      opener.join();
    }
  }

  @Test
  void noSignalIsBlockedOrIgnored() throws Exception {
    assertThat(spawned("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr '\\t\\n' '  '", ""))
        .startsWith("SigBlk: 0000000000000000 SigIgn: 0000000000000000");
  }

  @Test
  void anExecutedProgramTakesThePlaceOfTheJvm(@TempDir Path temp) throws Exception {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            ExecAway.class.getName());
    builder.redirectErrorStream(true).redirectOutput(temp.resolve("out").toFile());
    builder.environment().putAll(Map.of("SECRET", "1"));
    Process jvm = builder.start();
    assertThat(jvm.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(temp.resolve("out"))
        .hasContent(
            jvm.pid() + " hello\n0 1 2 9 \nGREETING=hello\nThreads: 1\nSigBlk: 0000000000000000");
    assertThat(jvm.exitValue()).isEqualTo(42);
  }

  /** The output of a shell script whose standard output and errors are a pipe, and its status. */
  private static String spawned(String script, String argument) throws Exception {
    try (Descriptors.Pipe pipe = Descriptors.pipe()) {
      Program program =
          new Program(
              "/bin/sh",
              List.of("sh", "-c", script, "sh", argument),
              ENVIRONMENT,
              List.of(
                  FdMapping.of(pipe.writer(), 1),
                  FdMapping.of(pipe.writer(), 2),
                  FdMapping.of(pipe.reader(), 5)));
      int pid = program.spawn();
      int status = Processes.await(pid);
      pipe.writer().close();
      byte[] output = Descriptors.read(pipe.reader(), 65536);
      return new String(output, StandardCharsets.UTF_8) + "status " + status;
    }
  }

  /** Started in a JVM of its own: opens this and that, then becomes a shell. */
  public static final class ExecAway {
    private ExecAway() {}

    public static void main(String[] arguments) throws Exception {
      try (var directory = Files.newDirectoryStream(Path.of("/"));
          var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          Fd root = Descriptors.open("/", OpenFlag.PATH)) {
        if (directory.iterator().hasNext() && socket.isBound()) {
          String script =
              "echo $$ $GREETING; "
                  + OPEN_DESCRIPTORS
                  + "; tr '\\0' '\\n' </proc/$$/environ; cd /proc/$$;"
                  + " grep -E '^(SigBlk|Threads)' status | tr '\\t' ' '; exit 42";
          List<FdMapping> descriptors = new java.util.ArrayList<>(FdMapping.STANDARD);
          descriptors.add(FdMapping.of(root, 9));
          new Program(
                  "/bin/sh", List.of("sh", "-c", script), List.of("GREETING=hello"), descriptors)
              .exec();
        }
      }
    }
  }
}
