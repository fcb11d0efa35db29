package rkt.stage1.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import rkt.kernel.KernelException;
import rkt.kernel.ResourceLimit;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.stage1.StageException;

/** Limits of setrlimit(2): what an app usually has, and how others are written. */
public final class Rlimits {
  private static final String UNLIMITED = "unlimited";

  /** As setrlimit(2) calls them, without RLIMIT_. */
  private static final Map<String, ResourceLimit> NAMES =
      Map.ofEntries(
          Map.entry("as", ResourceLimit.ADDRESS_SPACE),
          Map.entry("core", ResourceLimit.CORE),
          Map.entry("cpu", ResourceLimit.CPU),
          Map.entry("data", ResourceLimit.DATA),
          Map.entry("fsize", ResourceLimit.FILE_SIZE),
          Map.entry("locks", ResourceLimit.LOCKS),
          Map.entry("memlock", ResourceLimit.LOCKED_MEMORY),
          Map.entry("msgqueue", ResourceLimit.MESSAGE_QUEUES),
          Map.entry("nice", ResourceLimit.NICE),
          Map.entry("nofile", ResourceLimit.OPEN_FILES),
          Map.entry("nproc", ResourceLimit.PROCESSES),
          Map.entry("rss", ResourceLimit.RESIDENT),
          Map.entry("rtprio", ResourceLimit.REALTIME_PRIORITY),
          Map.entry("rttime", ResourceLimit.REALTIME_MICROS),
          Map.entry("sigpending", ResourceLimit.PENDING_SIGNALS),
          Map.entry("stack", ResourceLimit.STACK));

  private Rlimits() {}

  /** Those that every app gets its own value of, unless somebody says otherwise. */
  static final List<ResourceLimit> USUAL =
      List.of(ResourceLimit.CORE, ResourceLimit.OPEN_FILES, ResourceLimit.LOCKED_MEMORY);

  private static final long LOCKED_MEMORY = 64 << 10;

  /** Its name, as written. */
  static String name(ResourceLimit resource) {
    for (Map.Entry<String, ResourceLimit> entry : NAMES.entrySet()) {
      if (entry.getValue() == resource) {
        return entry.getKey();
      }
    }
    throw new IllegalArgumentException(resource.toString());
  }

  /**
   * The resource of a name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static ResourceLimit resource(String name) {
    ResourceLimit resource = NAMES.get(name);
    if (resource == null) {
      throw new IllegalArgumentException("no such resource: " + name);
    }
    return resource;
  }

  static ResourceLimit.Value value(JsonObject json) throws SpecException {
    return checked(number(json.string("soft")), number(json.string("hard")));
  }

  /**
   * What an app gets where nothing else is said: never more than the caller has, because raising a
   * hard limit is not ours to do, and fails where the kernel's own ceiling is lower.
   */
  static ResourceLimit.Value usual(ResourceLimit resource) throws StageException {
    try {
      ResourceLimit.Value own = resource.get(0);
      ResourceLimit.Value most = new ResourceLimit.Value(own.hard(), own.hard());
      return switch (resource) {
        case CORE -> within(new ResourceLimit.Value(0, 0), most);
        case OPEN_FILES -> within(new ResourceLimit.Value(1024, 65_536), most);
        case LOCKED_MEMORY -> within(new ResourceLimit.Value(LOCKED_MEMORY, LOCKED_MEMORY), most);
        default -> own;
      };
    } catch (KernelException e) {
      throw StageException.run("cannot read the resource limits of this process", null, e);
    }
  }

  /** The smaller of each; the largest of all numbers is no limit. */
  static ResourceLimit.Value within(ResourceLimit.Value asked, ResourceLimit.Value most) {
    return new ResourceLimit.Value(
        smaller(asked.soft(), most.soft()), smaller(asked.hard(), most.hard()));
  }

  private static long smaller(long a, long b) {
    return Long.compareUnsigned(a, b) < 0 ? a : b;
  }

  /** Reads one {@code NAME=SOFT[:HARD]} each; a later one of the same name wins. */
  public static Isolator parse(Iterable<String> texts) throws StageException {
    Map<String, String> limits = new LinkedHashMap<>();
    for (String text : texts) {
      try {
        int equals = text.indexOf('=');
        String name = equals < 0 ? "" : text.substring(0, equals).toLowerCase(Locale.ROOT);
        name = name.startsWith("rlimit_") ? name.substring("rlimit_".length()) : name;
        resource(name);
        String value = text.substring(equals + 1);
        int colon = value.indexOf(':');
        String soft = colon < 0 ? value : value.substring(0, colon);
        String hard = colon < 0 ? value : value.substring(colon + 1);
        checked(number(soft), number(hard));
        limits.put(
            name, new JsonWriter().object().put("soft", soft).put("hard", hard).end().toString());
      } catch (IllegalArgumentException e) {
        throw StageException.usage(
            "--rlimit=" + text + ": " + e.getMessage(),
            "write NAME=SOFT[:HARD], nofile=1024:4096 for example");
      }
    }
    JsonWriter json = new JsonWriter().object();
    for (Map.Entry<String, String> limit : limits.entrySet()) {
      json.putJson(limit.getKey(), limit.getValue());
    }
    return new Isolator("os/linux/rlimits", json.end().toString(), Isolator.Origin.FLAG);
  }

  private static ResourceLimit.Value checked(long soft, long hard) {
    if (Long.compareUnsigned(soft, hard) > 0) {
      throw new IllegalArgumentException("the soft limit is above the hard one");
    }
    return new ResourceLimit.Value(soft, hard);
  }

  private static long number(String text) {
    if (text.equals(UNLIMITED)) {
      return ResourceLimit.UNLIMITED;
    }
    boolean digits = !text.isEmpty() && text.length() <= 18;
    for (int i = 0; i < text.length(); i++) {
      digits &= text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    if (!digits) {
      throw new IllegalArgumentException("\"" + text + "\" is neither a number nor " + UNLIMITED);
    }
    return Long.parseLong(text);
  }

  /** As it is written. */
  static String text(long value) {
    return value == ResourceLimit.UNLIMITED ? UNLIMITED : Long.toString(value);
  }
}
