package rkt.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What of the host a pod might leave changed. */
final class HostState {
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");

  private HostState() {}

  /** The roots of the control group hierarchies; not that of cpusets, which takes no process. */
  static List<Path> hierarchies() throws IOException {
    if (Files.exists(CGROUPS.resolve("cgroup.controllers"))) {
      return List.of(CGROUPS);
    }
    try (Stream<Path> found = Files.list(CGROUPS)) {
      return found
          .filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS))
          .filter(p -> Files.exists(p.resolve("cgroup.procs")))
          .filter(p -> !Files.exists(p.resolve("cpuset.cpus")))
          .sorted()
          .toList();
    }
  }

  /** The directories called {@code uuid} right below these. */
  static List<String> cgroupsBelow(List<Path> groups, String uuid) {
    List<String> found = new ArrayList<>();
    for (Path group : groups) {
      if (Files.exists(group.resolve(uuid))) {
        found.add(group.resolve(uuid).toString());
      }
    }
    return found;
  }

  /** What a test waits for. */
  interface Condition {
    boolean holds() throws Exception;
  }

  /** Waits until it holds, a minute at most. */
  static void await(String what, Condition condition) throws Exception {
    for (int i = 0; !condition.holds(); i++) {
      if (i == 6000) {
        throw new AssertionError("waited in vain for " + what);
      }
      Thread.sleep(10);
    }
  }

  /** Directories below {@code rkt/UUID} in every hierarchy. */
  static List<String> cgroupsOf(List<String> uuids) throws IOException {
    List<Path> parents = new ArrayList<>(List.of(CGROUPS));
    try (Stream<Path> hierarchies = Files.list(CGROUPS)) {
      hierarchies.filter(Files::isDirectory).forEach(parents::add);
    }
    List<String> found = new ArrayList<>();
    for (Path parent : parents) {
      for (String uuid : uuids) {
        Path group = parent.resolve("rkt").resolve(uuid);
        if (Files.isDirectory(group)) {
          found.add(group.toString());
        }
      }
    }
    return found;
  }

  /** As {@link #cgroupsOf}, of one pod that is there. */
  static List<String> groups(String uuid) {
    try {
      return cgroupsOf(List.of(uuid));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Mounts of this mount namespace at or below a directory. */
  static List<String> mountsBelow(Path directory) throws IOException {
    List<String> found = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      if (line.split(" ", -1)[4].startsWith(directory.toString())) {
        found.add(line);
      }
    }
    return found;
  }

  /** The mounts of this mount namespace that could be a pod's; others come and go meanwhile. */
  static List<String> mounts() throws IOException {
    List<String> found = new ArrayList<>(Files.readAllLines(Path.of("/proc/self/mountinfo")));
    found.removeIf(line -> !line.contains("rkt-it-") && !line.contains(" nsfs "));
    return found;
  }

  /** Processes in the control groups of these pods, or with a file below {@code data} open. */
  static List<String> processesOf(Path data, List<String> uuids) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : (Iterable<Path>) processes::iterator) {
        String pid = process.getFileName().toString();
        if (Character.isDigit(pid.charAt(0)) && belongs(process, data, uuids)) {
          found.add(pid + " " + text(process.resolve("cmdline")).replace('\0', ' '));
        }
      }
    }
    return found;
  }

  private static boolean belongs(Path process, Path data, List<String> uuids) {
    String groups = text(process.resolve("cgroup"));
    for (String uuid : uuids) {
      if (groups.contains(uuid)) {
        return true;
      }
    }
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
      for (Path descriptor : (Iterable<Path>) descriptors::iterator) {
        if (link(descriptor).startsWith(data + "/pods")) {
          return true;
        }
      }
    } catch (IOException e) {
      return false; // it has ended meanwhile
    }
    return false;
  }

  /** The processes below {@code pid}, itself included. */
  static List<Long> descendants(long pid) {
    List<Long> all = new ArrayList<>(List.of(pid));
    ProcessHandle.of(pid).ifPresent(p -> p.descendants().forEach(d -> all.add(d.pid())));
    return all;
  }

  /** Whether a process exists and is more than a zombie. */
  static boolean runs(long pid) {
    String stat = text(Path.of("/proc/" + pid + "/stat"));
    return !stat.isEmpty() && stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
  }

  static String link(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "";
    }
  }

  static String namespace(long pid, String kind) {
    return link(Path.of("/proc/" + pid + "/ns/" + kind));
  }

  static String text(Path file) {
    try {
      return Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /** Names, kinds, modes and sizes of everything in a directory. */
  static Map<String, String> tree(Path directory) throws IOException {
    Map<String, String> entries = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Map<String, Object> facts =
            Files.readAttributes(
                path, "unix:mode,uid,gid,nlink,size", java.nio.file.LinkOption.NOFOLLOW_LINKS);
        entries.put(
            path.toString(),
            new TreeMap<>(facts)
                + (Files.isRegularFile(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)
                    ? sha256(path)
                    : link(path)));
      }
    }
    return entries;
  }

  static String sha256(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] chunk = new byte[1 << 16];
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        digest.update(chunk, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
