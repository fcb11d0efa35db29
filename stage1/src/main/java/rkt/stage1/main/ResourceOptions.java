package rkt.stage1.main;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.stage1.StageException;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.Quantity;

/** Options that limit what an app uses, each another way to write an isolator. */
final class ResourceOptions {
  private static final long LEAST_MEMORY = 4096;
  private static final long MOST_PIDS = 4_194_304;
  private static final long LEAST_SHARES = 2;
  private static final long MOST_SHARES = 262_144;

  private static final String DEVICE = "device";
  private static final Set<String> RATES = Set.of("rbps", "wbps", "riops", "wiops");

  private ResourceOptions() {}

  /** Adds the options of an app. */
  static void describe(Describe options) {
    options.text("--memory", "QUANTITY", "The app's memory: 512Mi, 2G.");
    options.text("--cpu", "QUANTITY", "The app's share of processors: 0.5, 500m, 2.");
    options.text("--cpu-shares", "N", "Its weight where processors are short. Usually 1024.");
    options.text("--pids", "N", "How many processes it may have. Usually 1024.");
    options.text(
        "--io",
        "LIMITS",
        "rbps=QUANTITY,wbps=QUANTITY,riops=N,wiops=N, any of them, a second; and device=/PATH, or the"
            + " disk of the data directory.");
    options.text(
        "--network-bandwidth",
        "QUANTITY",
        "Bytes a second that it may send, and that it may receive, but by loopback: 10M.");
  }

  /** Adds the isolators that the options stand for. */
  static void read(ParseResult parsed, List<Isolator> isolators) throws RktException {
    if (parsed.hasMatchedOption("--memory")) {
      String memory = parsed.matchedOptionValue("--memory", "");
      if (Quantity.units(memory) < LEAST_MEMORY) {
        throw StageException.usage(
            "--memory=" + memory + " is less than a page", "give 4Ki or more");
      }
      isolators.add(quantity("resource/memory", memory));
    }
    if (parsed.hasMatchedOption("--cpu")) {
      String cpu = parsed.matchedOptionValue("--cpu", "");
      Quantity.thousandths(cpu);
      isolators.add(quantity("resource/cpu", cpu));
    }
    if (parsed.hasMatchedOption("--cpu-shares")) {
      String shares = parsed.matchedOptionValue("--cpu-shares", "");
      long number = number("--cpu-shares", shares, LEAST_SHARES, MOST_SHARES);
      isolators.add(flag("os/linux/cpu-shares", Long.toString(number)));
    }
    if (parsed.hasMatchedOption("--pids")) {
      String pids = parsed.matchedOptionValue("--pids", "");
      long number = number("--pids", pids, 1, MOST_PIDS);
      isolators.add(flag("resource/pids", "{\"limit\":\"" + number + "\"}"));
    }
    if (parsed.hasMatchedOption("--io")) {
      addIo(parsed.matchedOptionValue("--io", ""), isolators);
    }
    if (parsed.hasMatchedOption("--network-bandwidth")) {
      String bandwidth = parsed.matchedOptionValue("--network-bandwidth", "");
      Quantity.units(bandwidth);
      JsonWriter json = new JsonWriter();
      json.object().put("default", true).put("limit", bandwidth).end();
      isolators.add(flag("resource/network-bandwidth", json.toString()));
    }
  }

  /** What is asked for is the limit as well. */
  private static Isolator quantity(String name, String quantity) {
    return flag(
        name,
        new JsonWriter().object().put("request", quantity).put("limit", quantity).end().toString());
  }

  private static Isolator flag(String name, String json) {
    return new Isolator(name, json, Isolator.Origin.FLAG);
  }

  private static long number(String option, String text, long least, long most)
      throws StageException {
    long number = -1;
    if (!text.isEmpty() && text.length() <= 9 && isDigits(text)) {
      number = Long.parseLong(text);
    }
    if (number < least || number > most) {
      throw StageException.usage(
          option + "=" + text + " is not a number from " + least + " to " + most, null);
    }
    return number;
  }

  private static boolean isDigits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  private static void addIo(String text, List<Isolator> isolators) throws RktException {
    Map<String, String> members = new LinkedHashMap<>();
    int start = 0;
    while (start <= text.length()) {
      int comma = text.indexOf(',', start);
      int end = comma < 0 ? text.length() : comma;
      Pairs.put(members, text.substring(start, end), "--io");
      start = end + 1;
    }
    boolean isAny = false;
    for (Map.Entry<String, String> member : members.entrySet()) {
      if (RATES.contains(member.getKey())) {
        Quantity.units(member.getValue());
        isAny = true;
      } else if (!member.getKey().equals(DEVICE)) {
        throw StageException.usage(
            "--io does not know \"" + member.getKey() + "\"", "name rbps, wbps, riops or wiops");
      }
    }
    String device = members.getOrDefault(DEVICE, "");
    if (!isAny || !(device.isEmpty() || device.startsWith("/"))) {
      throw StageException.usage(
          "--io=" + text + " limits nothing", "write it as rbps=10M,wiops=100,device=/dev/sda");
    }
    addIo("resource/block-bandwidth", members, "rbps", "wbps", isolators);
    addIo("resource/block-iops", members, "riops", "wiops", isolators);
  }

  private static void addIo(
      String name,
      Map<String, String> members,
      String read,
      String write,
      List<Isolator> isolators) {
    if (!members.containsKey(read) && !members.containsKey(write)) {
      return;
    }
    JsonWriter json = new JsonWriter();
    json.object();
    json.put("default", true);
    put(json, "read", members.getOrDefault(read, ""));
    put(json, "write", members.getOrDefault(write, ""));
    put(json, DEVICE, members.getOrDefault(DEVICE, ""));
    json.end();
    isolators.add(flag(name, json.toString()));
  }

  private static void put(JsonWriter json, String name, String value) {
    if (!value.isEmpty()) {
      json.put(name, value);
    }
  }
}
