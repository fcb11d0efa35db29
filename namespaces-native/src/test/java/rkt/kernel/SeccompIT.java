package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs under the standard profile: what they are refused, and that they run. */
@Tag("privileged") // needs no privilege, but busybox, Python and nginx
class SeccompIT {
  @TempDir Path cache = Path.of("");

  @Test
  void refusalsHaveTheErrorsOfTheProfile() throws Exception {
    String script =
        """
        import ctypes, errno, os
        c = ctypes.CDLL(None, use_errno=True)
        def call(*a):
            ctypes.set_errno(0)
            r = c.syscall(*[ctypes.c_long(x) for x in a])
            return 'ok' if r != -1 else errno.errorcode[ctypes.get_errno()]
        import platform
        arm = platform.machine() == 'aarch64'
        n = lambda amd, arm64: arm64 if arm else amd
        print('mount', call(n(165, 40), 0, 0, 0, 0, 0))
        print('unshare', call(n(272, 97), 0x20000))
        print('ptrace', call(n(101, 117), 0, 0, 0, 0))
        print('keyctl', call(n(250, 219), 0, 0))
        print('io_uring', call(425, 1, 0))
        print('clone3', call(435, 0, 0))
        print('unknown', call(9999))
        print('clone newuser', call(n(56, 220), 0x10000000 | 17, 0, 0, 0, 0))
        print('TIOCSTI', call(n(16, 29), 0, 0x5412, 0))
        print('TIOCSTI high', call(n(16, 29), 0, 0x100005412, 0))
        print('TIOCLINUX', call(n(16, 29), 0, 0x541c, 0))
        print('FIONREAD', call(n(16, 29), 0, 0x541b, 0))
        print('personality', call(n(135, 92), 8), call(n(135, 92), 0))
        print('AF_ALG', call(n(41, 198), 38, 5, 0), 'AF_VSOCK', call(n(41, 198), 40, 1, 0))
        print('AF_PACKET', call(n(41, 198), 17, 3, 0), 'AF_XDP', call(n(41, 198), 44, 3, 0), 'AF_UNIX', call(n(41, 198), 1, 1, 0))
        """;
    assertThat(underFilter("/usr/bin/python3", "-c", script))
        .isEqualTo(
            """
            mount EPERM
            unshare EPERM
            ptrace EPERM
            keyctl EPERM
            io_uring EPERM
            clone3 ENOSYS
            unknown ENOSYS
            clone newuser EPERM
            TIOCSTI EPERM
            TIOCSTI high EPERM
            TIOCLINUX EPERM
            FIONREAD EFAULT
            personality EPERM ok
            AF_ALG EPERM AF_VSOCK EPERM
            AF_PACKET EPERM AF_XDP EPERM AF_UNIX ok
            status 0\
            """);
  }

  @Test
  void aCallThroughTheEntryOf32BitsKillsTheProcess() throws Exception {
    Assumptions.assumeTrue(
        System.getProperty("os.arch").equals("amd64"), "int 0x80 exists on x86 only");
    // mov eax, 20 (getpid of i386); int 0x80; ret
    String script =
        """
        import ctypes, mmap
        m = mmap.mmap(-1, 4096, prot=7)
        m.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()
        """;
    assertThat(underFilter("/usr/bin/python3", "-c", script)).isEqualTo("status 159"); // SIGSYS
  }

  @Test
  void aCallThroughTheX32EntryKillsTheProcess() throws Exception {
    Assumptions.assumeTrue(
        System.getProperty("os.arch").equals("amd64"), "x32 exists on x86-64 only");
    assertThat(
            underFilter(
                "/usr/bin/python3", "-c", "import ctypes; ctypes.CDLL(None).syscall(0x40000027)"))
        .isEqualTo("status 159");
  }

  @Test
  void ordinaryProgramsRun() throws Exception {
    assertThat(underFilter("/bin/busybox", "sh", "-c", "ls / | wc -l >/dev/null; sleep 0; echo ok"))
        .isEqualTo("ok\nstatus 0");
    assertThat(underFilter("/bin/bash", "-c", "(echo $(id -u; date) | sort) >/dev/null && echo ok"))
        .isEqualTo("ok\nstatus 0");
    assertThat(
            underFilter(
                "/usr/bin/python3",
                "-c",
                "import threading, subprocess, socket, tempfile, multiprocessing as m;"
                    + "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join();"
                    + "print(subprocess.check_output(['echo', 'child']).decode(), end='');"
                    + "tempfile.TemporaryFile().write(b'x'); a, b = socket.socketpair(); a.send(b'1');"
                    + "p = m.Process(target=len, args=('',)); p.start(); p.join(); m.Semaphore()"))
        .isEqualTo("thread\nchild\nstatus 0");
    assertThat(
            underFilter(
                Path.of(System.getProperty("java.home"), "bin/java").toString(), "-version"))
        .contains("Runtime Environment")
        .endsWith("status 0");
  }

  @Test
  void aServerServesUnderTheFilter(@TempDir Path temp) throws Exception {
    Path nginx = Path.of("/usr/sbin/nginx");
    Assumptions.assumeTrue(Files.exists(nginx), "nginx is not installed");
    Path socket = temp.resolve("socket");
    Path configuration =
        Files.writeString(
            temp.resolve("nginx.conf"),
            """
            daemon off; pid %1$s/pid; error_log %1$s/log; worker_processes 2;
            events {}
            http {
              access_log off; client_body_temp_path %1$s/a; proxy_temp_path %1$s/b;
              fastcgi_temp_path %1$s/c; uwsgi_temp_path %1$s/d; scgi_temp_path %1$s/e;
              server { listen unix:%1$s/socket; location / { return 200 served; } }
            }
            """
                .formatted(temp));
    byte[] filter = SeccompFilter.load(cache, SeccompProfile.standard());
    int[] pid = new int[1];
    OwnThread.run(() -> {
      Privileges.forbidNewPrivileges();
      SeccompFilter.install(filter);
      var arguments = List.of("nginx", "-p", temp.toString(), "-c", configuration.toString());
      pid[0] = new Program(nginx.toString(), arguments, List.of(), FdMapping.STANDARD).spawn();
    });
    try {
      while (!Files.exists(temp.resolve("pid"))) { // written once it listens
        assertThat(Processes.poll(pid[0])).as("nginx runs").isEqualTo(-1);
        Thread.onSpinWait();
      }
      try (var client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        client.write(StandardCharsets.US_ASCII.encode("GET / HTTP/1.0\r\n\r\n"));
        ByteBuffer answer = ByteBuffer.allocate(4096);
        while (client.read(answer) >= 0) {
          assertThat(answer.hasRemaining()).isTrue();
        }
        assertThat(new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII))
            .startsWith("HTTP/1.1 200 OK")
            .endsWith("served");
      }
    } finally {
      Processes.kill(pid[0], Signals.TERM);
    }
    assertThat(Processes.await(pid[0])).isZero();
  }

  /** The output and status of a program that starts under the standard profile. */
  private String underFilter(String... command) throws Exception {
    byte[] filter = SeccompFilter.load(cache, SeccompProfile.standard());
    String[] result = new String[1];
    OwnThread.run(() -> {
      Privileges.forbidNewPrivileges();
      SeccompFilter.install(filter);
      try (Descriptors.Pipe pipe = Descriptors.pipe()) {

        int pid =
            new Program(
                    command[0],
                    List.of(command),
                    List.of("PATH=/usr/bin:/bin", "LC_ALL=C"),
                    List.of(
                        FdMapping.of(pipe.reader(), 0),
                        FdMapping.of(pipe.writer(), 1),
                        FdMapping.of(pipe.writer(), 2)))
                .spawn();
        int status = Processes.await(pid);
        pipe.writer().close();
        result[0] =
            new String(Descriptors.read(pipe.reader(), 65536), StandardCharsets.UTF_8)
                + "status "
                + status;
      }
    });
    return result[0];
  }
}
