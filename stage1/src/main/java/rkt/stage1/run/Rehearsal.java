package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import rkt.stage1.StageException;
import rkt.stage1.launch.LaunchPlan;

/**
 * A start that was taken up to the birth of process 1: the plan that it would have been given, and
 * what stands in the pod's namespaces by then, as the kernel shows it.
 *
 * @param stage where the apps' roots stand
 * @param mounts lines of mountinfo, proc(5), of what stands there
 * @param ownNamespaces of those that the pod thread has by now, which are not the caller's
 * @param devices of each app, what its /dev holds
 */
record Rehearsal(
    LaunchPlan plan,
    String stage,
    List<String> mounts,
    List<String> ownNamespaces,
    Map<String, Map<String, String>> devices) {
  private static final String[] NAMESPACES = {"mnt", "uts", "ipc", "net"};
  private static final int TYPE = 0170000;
  private static final int CHARACTER_DEVICE = 0020000;

  Rehearsal {
    mounts = List.copyOf(mounts);
    ownNamespaces = List.copyOf(ownNamespaces);
    devices = Map.copyOf(devices);
  }

  /** Looks around in the namespaces of the calling thread. */
  static Rehearsal of(LaunchPlan plan, String stage, List<PreparedApp> apps) throws StageException {
    try {
      List<String> mounts = new ArrayList<>();
      for (String line : Files.readAllLines(Path.of("/proc/thread-self/mountinfo"))) {
        if ((line.split(" ", -1)[4] + "/").startsWith(stage + "/")) {
          mounts.add(line);
        }
      }
      List<String> own = new ArrayList<>();
      for (String name : NAMESPACES) {
        Path mine = Files.readSymbolicLink(Path.of("/proc/thread-self/ns/" + name));
        if (!mine.equals(Files.readSymbolicLink(Path.of("/proc/self/ns/" + name)))) {
          own.add(name);
        }
      }
      Map<String, Map<String, String>> devices = new LinkedHashMap<>();
      for (PreparedApp app : apps) {
        String name = app.request().name();
        devices.put(name, devices(Path.of(stage, "apps", name, "dev")));
      }
      return new Rehearsal(plan, stage, mounts, own, devices);
    } catch (IOException e) {
      throw StageException.run("cannot see what was made for the pod", "mount /proc", e);
    }
  }

  private static Map<String, String> devices(Path directory) throws IOException {
    Map<String, String> devices = new TreeMap<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
      for (Path device : found) {
        Map<String, Object> facts =
            Files.readAttributes(device, "unix:mode,rdev", LinkOption.NOFOLLOW_LINKS);
        if (facts.get("mode") instanceof Integer mode
            && facts.get("rdev") instanceof Long number
            && (mode & TYPE) == CHARACTER_DEVICE) {
          // The numbers as makedev(3) packs them.
          long major = (number >> 8 & 0xfff) | (number >> 32 & ~0xfffL);
          long minor = (number & 0xff) | (number >> 12 & ~0xffL);
          devices.put(String.valueOf(device.getFileName()), "c " + major + ":" + minor);
        }
      }
    }
    return devices;
  }
}
