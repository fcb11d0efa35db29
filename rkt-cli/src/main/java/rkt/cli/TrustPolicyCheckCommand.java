package rkt.cli;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.ImageRef;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.Store;
import rkt.verify.Verdict;
import rkt.verify.Verifier;
import rkt.verify.openpgp.TrustException;
import rkt.verify.policy.Explanation;
import rkt.verify.policy.Policy;

/**
 * {@code rkt trust policy check}: which policy speaks for a name, and what it makes of the image if
 * it is stored, requirement by requirement. spec/policy.md#explanation
 */
final class TrustPolicyCheckCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1..*")
            .required(true)
            .paramLabel("IMAGE")
            .description("An image in the store, or the name of any image.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    Store store = Store.at(settings.dir());
    Verifier verifier = ImageGate.verifier(settings, caller);
    List<String> images = parsed.matchedPositionalValue(0, List.of());
    TrustException refusal = null;
    for (String text : images) {
      Optional<ImageId> id = stored(store, text);
      if (id.isEmpty()) {
        ask(verifier, name(text), format, caller.out());
        continue;
      }
      Image image = store.image(id.get(), lookup(store, text));
      if (!store.blobsUntouched(image)) {
        store.rehash(image);
      }
      Verdict verdict = verifier.judge(Verifier.stored(store, image));
      print(verdict, format, caller.out());
      refusal = refusal == null ? Verifier.refusal(verdict).orElse(null) : refusal;
    }
    if (refusal != null) {
      throw refusal;
    }
    return 0;
  }

  private static Optional<ImageId> stored(Store store, String text) throws RktException {
    String lookup = lookup(store, text);
    return lookup.isEmpty() ? Optional.empty() : store.find(lookup);
  }

  /** What the store may know an image by. */
  private static String lookup(Store store, String text) throws RktException {
    return store.find(text).isPresent()
        ? text
        : ImageRef.parse(text, Path.of("").toAbsolutePath()).lookup();
  }

  private static ImageName name(String text) throws RktException {
    return switch (ImageRef.parse(text, Path.of("").toAbsolutePath())) {
      case ImageRef.Registry registry -> registry.name();
      case ImageRef.AppcName appc -> appc.name();
      default ->
          throw new UsageException(
              "no image \"" + text + "\" is in the store, and it names none",
              "give a name such as example.com/app, or fetch it first");
    };
  }

  /** What would be asked of an image of that name. */
  private static void ask(Verifier verifier, ImageName name, Format format, PrintStream out)
      throws RktException {
    Verifier.Asked asked = verifier.ask(name);
    Policy policy = asked.policy();
    if (format.isJson()) {
      JsonWriter json = format.writer().object().put("version", 1).put("name", name.text());
      if (policy != null) {
        Verdict.writePolicy(json, policy);
      }
      asked.explanation().writeAsked(json.object("asks"));
      json.end();
      out.println(json.end());
      return;
    }
    out.println(name + ": not in the store");
    printPolicy(policy, out);
    for (String line : asked.explanation().asks()) {
      out.println("  " + line);
    }
  }

  private static void print(Verdict verdict, Format format, PrintStream out) {
    if (format.isJson()) {
      JsonWriter json = format.writer().object().put("version", 1).put("name", verdict.name());
      if (verdict.policy() != null) {
        Verdict.writePolicy(json, verdict.policy());
      }
      json.putJson("verdict", new String(verdict.toJson(), StandardCharsets.UTF_8));
      out.println(json.end());
      return;
    }
    out.println(
        verdict.name()
            + " ("
            + verdict.subject()
            + "): "
            + (verdict.accepted() ? "accepted" : "refused")
            + ", rule "
            + verdict.rule().label());
    printPolicy(verdict.policy(), out);
    Explanation explanation = verdict.explanation();
    if (explanation != null) {
      for (String line : explanation.lines()) {
        out.println("  " + line);
      }
    }
    for (Verdict.Finding finding : verdict.findings()) {
      out.println(
          "  signature by "
              + finding.issuer()
              + ": "
              + finding.rule().label()
              + (finding.why().isEmpty() ? "" : ", " + finding.why()));
    }
    if (verdict.findings().isEmpty()) {
      out.println("  no detached OpenPGP signature");
    }
  }

  private static void printPolicy(@Nullable Policy policy, PrintStream out) {
    out.println(
        policy == null
            ? "policy: none; a key that is trusted for the name must have signed it"
            : "policy: "
                + policy.file()
                + ", for "
                + (policy.scope().prefix() == null ? "every image" : policy.scope())
                + ", "
                + policy.layer().label());
  }
}
