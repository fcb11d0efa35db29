package rkt.stage1.launch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A pod started as the product starts it, with a shell in the place of the JVM: it unshares, spawns
 * PID 1 and becomes the supervisor.
 */
final class RunningPod implements AutoCloseable {
  static final String POD_INIT =
      Path.of(System.getProperty("pod-init", "target/pod-init")).toAbsolutePath().toString();
  private static final int LIFELINE = 5;
  private static final int STATUS = 6;
  private static final int DIRECTORY = 7;

  /** Both ends of both pipes, each only where it belongs. {@code $1} is the program. */
  private static final String LAUNCH =
      """
      mkfifo life status-pipe go || exit 99
      exec unshare --pid --mount --uts --ipc bash -c '
      exec 3<>life; exec 20>life 21<life; exec 3>&-
      exec 3<>status-pipe; exec 22>status-pipe 23<status-pipe; exec 3>&-
      "$1" init 9 9<init.plan 5<&21 6>&22 20>&- 21<&- 22>&- 23<&- &
      echo $! > pid.tmp
      exec 22>&- 21<&-
      read x <go
      exec "$1" supervise 9 9<supervise.plan 5>&20 6<&23 7<. 20>&- 23<&-
      ' launch "$1"
      """;

  final Path directory;
  final Process supervisor;
  final long init;

  RunningPod(
      Path directory, List<Op> ops, List<Op> cleanup, int graceMillis, LaunchPlan.App... apps)
      throws Exception {
    this.directory = directory;
    LaunchPlan plan =
        LaunchPlan.init(new LaunchPlan.Init(LIFELINE, STATUS, -1, graceMillis), ops, List.of(apps));
    Files.write(directory.resolve("init.plan"), plan.encode());
    supervisor =
        new ProcessBuilder("bash", "-c", LAUNCH, "launch", POD_INIT)
            .directory(directory.toFile())
            .redirectOutput(directory.resolve("out").toFile())
            .redirectError(directory.resolve("err").toFile())
            .start();
    init = Long.parseLong(await(directory.resolve("pid.tmp"), "\n").strip());
    List<LaunchPlan.App> names = new ArrayList<>();
    for (LaunchPlan.App app : apps) {
      Path counter = directory.resolve(app.name() + ".events");
      names.add(
          Files.exists(counter)
              ? LaunchPlan.App.counted(app.name(), counter.toString())
              : LaunchPlan.App.named(app.name()));
    }
    LaunchPlan supervise =
        LaunchPlan.supervise(
            new LaunchPlan.Supervise((int) init, -1, LIFELINE, STATUS, DIRECTORY, -1, -1, -1),
            names,
            cleanup);
    Files.write(directory.resolve("supervise.plan"), supervise.encode());
    Files.writeString(directory.resolve("go"), "go\n");
  }

  static RunningPod of(Path directory, LaunchPlan.App... apps) throws Exception {
    return new RunningPod(directory, List.of(), List.of(), 2000, apps);
  }

  /** An app that runs a script with the host's shell. */
  static LaunchPlan.App app(String name, String script, Op... before) {
    return app(name, 0, script, before);
  }

  static LaunchPlan.App app(String name, int stopSignal, String script, Op... before) {
    List<Op> ops = new ArrayList<>(List.of(before));
    ops.add(Op.closeAllButStdio());
    ops.add(
        new Op.Exec(
            new Label("run app \"" + name + "\"", "name a program that the image has"),
            List.of("/nonexistent/sh", "/bin/sh"),
            List.of("sh", "-c", script),
            List.of("PATH=/bin:/usr/bin")));
    return new LaunchPlan.App(name, stopSignal, ops);
  }

  int status() throws Exception {
    if (!supervisor.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("the pod does not end");
    }
    return supervisor.exitValue();
  }

  void signal(String name) throws Exception {
    kill(name, supervisor.pid());
  }

  static void kill(String name, long pid) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
  }

  String out() throws IOException {
    return Files.readString(directory.resolve("out"));
  }

  String err() throws IOException {
    return Files.readString(directory.resolve("err"));
  }

  String file(String name) throws IOException {
    return Files.readString(directory.resolve(name));
  }

  void awaitOut(String text) throws Exception {
    await(directory.resolve("out"), text);
  }

  static String await(Path file, String text) throws Exception {
    for (int i = 0; i < 3000; i++) {
      if (Files.exists(file)) {
        String now = new String(Files.readAllBytes(file), UTF_8);
        if (now.contains(text)) {
          return now;
        }
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    throw new AssertionError("no \"" + text + "\" in " + file);
  }

  /** Waits until PID 1, and with it the whole pod, is gone. */
  boolean ended() throws Exception {
    for (int i = 0; i < 1000 && alive(init); i++) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return !alive(init);
  }

  private static boolean alive(long pid) throws IOException {
    Path stat = Path.of("/proc/" + pid + "/stat");
    try {
      String text = Files.readString(stat);
      return text.charAt(text.lastIndexOf(')') + 2) != 'Z';
    } catch (java.nio.file.NoSuchFileException gone) {
      return false;
    }
  }

  @Override
  public void close() {
    supervisor.destroyForcibly();
  }
}
