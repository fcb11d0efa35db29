package rkt.stage1.main;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.kernel.Capability;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.stage1.StageException;
import rkt.stage1.run.Isolator;

/** Options for what an app may do to the kernel, each another way to write an isolator. */
final class SecurityOptions {
  private static final String RETAIN = "--caps-retain";
  private static final String REMOVE = "--caps-remove";
  private static final String ISOLATOR = "--isolator";

  private SecurityOptions() {}

  /** Adds the options of an app. */
  static void describe(CommandSpec spec) {
    capabilities(spec, RETAIN, "--cap-retain", "The only capabilities that the app may hold.");
    capabilities(spec, REMOVE, "--cap-remove", "Capabilities that the app may not hold.");
    Describe.list(
        spec, ISOLATOR, "NAME=JSON", "An isolator as a manifest writes it: resource/memory={...}.");
  }

  private static void capabilities(
      CommandSpec spec, String name, String alias, String description) {
    spec.addOption(
        OptionSpec.builder(name, alias)
            .type(String.class)
            .paramLabel("NAMES")
            .description(description + " CAP_CHOWN,CAP_KILL, for example.")
            .build());
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
    for (String text : Pairs.all(parsed, ISOLATOR)) {
      isolators.add(isolator(text));
    }
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
