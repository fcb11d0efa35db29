package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rkt.kernel.Descriptors;
import rkt.kernel.Fd;
import rkt.kernel.FilesystemType;
import rkt.kernel.KernelException;
import rkt.kernel.OpenFlag;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.stage1.StageException;
import rkt.stage1.launch.Bytes;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.Op;

/** Parameters of the kernel that a pod has values of its own of. sysctl(8) */
public final class Sysctls {
  /** They belong to the pod's namespace of message queues and shared memory, or of names. */
  private static final List<String> OF_NAMESPACES =
      List.of(
          "kernel/domainname",
          "kernel/msgmax",
          "kernel/msgmnb",
          "kernel/msgmni",
          "kernel/sem",
          "kernel/shm_rmid_forced",
          "kernel/shmall",
          "kernel/shmmax",
          "kernel/shmmni");

  private static final String MESSAGE_QUEUES = "fs/mqueue/";
  private static final String NETWORK = "net/";
  private static final String PING_GROUPS = "net/ipv4/ping_group_range";
  private static final String FIX =
      "kernel.shm*, kernel.msg*, kernel.sem, kernel.domainname and fs.mqueue.* are a pod's own, and"
          + " net.* with a network of its own";

  private static final String ADVICE = "this kernel may not know it, or not this value";

  private Sysctls() {}

  /** Reads {@code NAME=VALUE} each. */
  public static Isolator parse(Map<String, String> pairs, PodRequest.Network network)
      throws StageException {
    for (String name : pairs.keySet()) {
      path(name, network);
    }
    JsonWriter json = new JsonWriter().object();
    for (Map.Entry<String, String> pair : pairs.entrySet()) {
      json.put(pair.getKey(), pair.getValue());
    }
    return new Isolator("os/unix/sysctl", json.end().toString(), Isolator.Origin.FLAG);
  }

  /**
   * Where a parameter is, below {@code /proc/sys}.
   *
   * @param name with dots, or with slashes where a component has dots
   * @throws StageException of class {@code usage} if the host would be changed by it
   */
  static String path(String name, PodRequest.Network network) throws StageException {
    String path = name.indexOf('/') < 0 ? name.replace('.', '/') : name;
    for (String part : path.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..") || !isPlain(part)) {
        throw StageException.usage("\"" + name + "\" is not the name of a sysctl", FIX);
      }
    }
    boolean ofNetwork = path.startsWith(NETWORK);
    if (ofNetwork && network == PodRequest.Network.HOST) {
      throw StageException.usage(
          "cannot set " + name + ": with --net=host it is the host's",
          "give the pod a network of its own with --net=none");
    }
    if (path.equals("kernel/hostname")) {
      throw StageException.usage("cannot set " + name + " as a sysctl", "use --hostname=NAME");
    }
    if (!ofNetwork && !path.startsWith(MESSAGE_QUEUES) && !OF_NAMESPACES.contains(path)) {
      throw StageException.usage("cannot set " + name + ": it is the host's, not a pod's", FIX);
    }
    return path;
  }

  /** The value of one isolator that does what two do, one after the other; both were checked. */
  static String joined(String earlier, String later) {
    Map<String, String> all = new LinkedHashMap<>();
    try {
      all.putAll(values(earlier));
      all.putAll(values(later));
    } catch (SpecException e) {
      throw new IllegalStateException(e);
    }
    JsonWriter json = new JsonWriter().object();
    for (Map.Entry<String, String> one : all.entrySet()) {
      json.put(one.getKey(), one.getValue());
    }
    return json.end().toString();
  }

  /** The parameters that an isolator sets, by the names that it calls them. */
  static Map<String, String> values(String json) throws SpecException {
    String whole = "{\"value\":" + json + "}";
    return JsonObject.parse(whole.getBytes(UTF_8), "os/unix/sysctl").stringMap("value");
  }

  private static boolean isPlain(String part) {
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.') {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether the pod's own root has to set it: for those of message queues and shared memory nobody
   * else may, not even root outside, and groups are numbered as they are for whoever writes them.
   */
  private static boolean isForTheInside(String path) {
    return path.equals(PING_GROUPS)
        || (!path.startsWith(NETWORK) && !path.equals("kernel/domainname"));
  }

  /** The steps of process 1 that set those that only the pod's own root may set. */
  static List<Op> steps(Map<String, String> sysctls) {
    List<Op> steps = new ArrayList<>();
    for (Map.Entry<String, String> sysctl : sysctls.entrySet()) {
      if (isForTheInside(sysctl.getKey())) {
        steps.add(
            new Op.WriteProc(
                new Label(
                    "set sysctl " + sysctl.getKey() + " to \"" + sysctl.getValue() + "\"", ADVICE),
                "sys/" + sysctl.getKey(),
                Bytes.of(sysctl.getValue().getBytes(UTF_8))));
      }
    }
    return steps;
  }

  /** Sets the others, in the namespaces of the calling thread. */
  static void set(Map<String, String> sysctls) throws StageException {
    for (Map.Entry<String, String> sysctl : sysctls.entrySet()) {
      if (isForTheInside(sysctl.getKey())) {
        continue;
      }
      String path = "/proc/sys/" + sysctl.getKey();
      try (Fd fd = Descriptors.open(path, OpenFlag.WRITE, OpenFlag.NO_FOLLOW)) {
        if (!Descriptors.filesystem(fd).is(FilesystemType.PROC)) {
          throw StageException.run("cannot set a sysctl: " + path + " is not the kernel's", null);
        }
        Descriptors.write(fd, sysctl.getValue().getBytes(UTF_8));
      } catch (KernelException e) {
        throw StageException.run(
            "cannot set sysctl " + sysctl.getKey() + " to \"" + sysctl.getValue() + "\"",
            ADVICE,
            e);
      }
    }
  }
}
