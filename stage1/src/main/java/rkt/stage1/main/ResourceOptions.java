package rkt.stage1.main;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.Quantity;

/** Options that limit what an app uses, each another way to write an isolator. */
final class ResourceOptions {
  private ResourceOptions() {}

  /** Adds the options of an app. */
  static void describe(CommandSpec spec) {
    Describe.text(spec, "--memory", "QUANTITY", "The app's memory: 512Mi, 2G.");
    Describe.text(spec, "--cpu", "QUANTITY", "The app's share of processors: 0.5, 500m, 2.");
  }

  /** Adds the isolators that the options stand for. */
  static void read(ParseResult parsed, List<Isolator> isolators) throws RktException {
    String memory = parsed.matchedOptionValue("--memory", "");
    if (!memory.isEmpty()) {
      Quantity.units(memory);
      isolators.add(quantity("resource/memory", memory));
    }
    String cpu = parsed.matchedOptionValue("--cpu", "");
    if (!cpu.isEmpty()) {
      Quantity.thousandths(cpu);
      isolators.add(quantity("resource/cpu", cpu));
    }
  }

  /** What is asked for is the limit as well. */
  private static Isolator quantity(String name, String quantity) {
    String json =
        new JsonWriter().object().put("request", quantity).put("limit", quantity).end().toString();
    return new Isolator(name, json, Isolator.Origin.FLAG);
  }
}
