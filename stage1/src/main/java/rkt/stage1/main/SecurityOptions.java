package rkt.stage1.main;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import picocli.CommandLine.ParseResult;
import rkt.kernel.Capability;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.stage1.StageException;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.Rlimits;
import rkt.stage1.run.Seccomp;

/** Options for what an app may do to the kernel, each another way to write an isolator. */
final class SecurityOptions {
  private static final String RETAIN = "--caps-retain";
  private static final String REMOVE = "--caps-remove";
  private static final String SECCOMP = "--seccomp";
  private static final String OOM_SCORE_ADJ = "--oom-score-adj";
  private static final String RLIMIT = "--rlimit";
  private static final String ISOLATOR = "--isolator";

  private SecurityOptions() {}

  /** Adds the options of an app. */
  static void describe(Describe options) {
    capabilities(options, RETAIN, "--cap-retain", "The only capabilities that the app may hold.");
    capabilities(options, REMOVE, "--cap-remove", "Capabilities that the app may not hold.");
    options.text(
        SECCOMP,
        "FILTER",
        "mode=retain|remove[,errno=NAME],CALL|@GROUP...: the only system calls, or those taken"
            + " away.");
    options.text(
        OOM_SCORE_ADJ, "NUMBER", "How soon to kill it when memory runs out: -1000 to 1000.");
    options.list(RLIMIT, "NAME=SOFT[:HARD]", "A limit of setrlimit(2): nofile=1024:4096.");
    options.list(
        ISOLATOR, "NAME=JSON", "An isolator as a manifest writes it: resource/memory={...}.");
  }

  private static void capabilities(
      Describe options, String name, String alias, String description) {
    options.text(name, alias, "NAMES", description + " CAP_CHOWN,CAP_KILL, for example.");
  }

  /** Adds the isolators that the options stand for. */
  static void read(ParseResult parsed, List<Isolator> isolators) throws RktException {
    if (parsed.hasMatchedOption(RETAIN) && parsed.hasMatchedOption(REMOVE)) {
      throw StageException.usage(RETAIN + " and " + REMOVE + " exclude each other", "give one");
    }
    if (parsed.hasMatchedOption(RETAIN)) {
      isolators.add(set("os/linux/capabilities-retain-set", RETAIN, parsed));
    }
    if (parsed.hasMatchedOption(REMOVE)) {
      isolators.add(set("os/linux/capabilities-remove-set", REMOVE, parsed));
    }
    if (parsed.hasMatchedOption(SECCOMP)) {
      isolators.add(Seccomp.parse(parsed.matchedOptionValue(SECCOMP, "")));
    }
    if (parsed.hasMatchedOption(OOM_SCORE_ADJ)) {
      isolators.add(oomScoreAdj(parsed.matchedOptionValue(OOM_SCORE_ADJ, "")));
    }
    List<String> limits = Pairs.all(parsed, RLIMIT);
    if (!limits.isEmpty()) {
      isolators.add(Rlimits.parse(limits));
    }
    for (String text : Pairs.all(parsed, ISOLATOR)) {
      isolators.add(isolator(text));
    }
  }

  private static Isolator oomScoreAdj(String text) throws StageException {
    try {
      int number = Integer.parseInt(text);
      if (number >= -1000 && number <= 1000) {
        return new Isolator(
            "os/linux/oom-score-adj", Integer.toString(number), Isolator.Origin.FLAG);
      }
    } catch (NumberFormatException e) {
      // told below, as a number that is none of these
    }
    throw StageException.usage(
        OOM_SCORE_ADJ + ": \"" + text + "\" is not a number from -1000 to 1000", null);
  }

  private static Isolator set(String isolator, String option, ParseResult parsed)
      throws StageException {
    JsonWriter json = new JsonWriter().object().array("set");
    String names = parsed.matchedOptionValue(option, "");
    if (!names.isEmpty()) {
      for (String name : names.split(",", -1)) {
        try {
          Capability.parse(name);
        } catch (IllegalArgumentException e) {
          throw StageException.usage(option + ": " + e.getMessage(), "see capabilities(7)");
        }
        json.add(name);
      }
    }
    return new Isolator(isolator, json.end().end().toString(), Isolator.Origin.FLAG);
  }

  private static Isolator isolator(String text) throws StageException {
    int equals = text.indexOf('=');
    if (equals < 1) {
      throw StageException.usage(
          ISOLATOR + ": \"" + text + "\" is not NAME=JSON",
          "write resource/memory={\"limit\":\"64Mi\"}");
    }
    String name = text.substring(0, equals);
    String value = text.substring(equals + 1);
    try {
      String whole = "{\"value\":" + value + "}";
      JsonObject json = JsonObject.parse(whole.getBytes(UTF_8), ISOLATOR + "=" + name);
      if (json.names().size() != 1) {
        throw StageException.usage(ISOLATOR + ": \"" + value + "\" is not one JSON value", null);
      }
      return new Isolator(name, json.json("value"), Isolator.Origin.FLAG);
    } catch (SpecException e) {
      throw StageException.usage(
          ISOLATOR + ": \"" + value + "\" is not JSON: " + e.getMessage(),
          "write resource/memory={\"limit\":\"64Mi\"}");
    }
  }
}
