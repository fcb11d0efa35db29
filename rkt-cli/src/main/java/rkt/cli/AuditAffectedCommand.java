package rkt.cli;

import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** {@code rkt audit affected}: the running pods that a key or an identity vouched for. */
final class AuditAffectedCommand implements Command {
  private static final String KEY = "--key";
  private static final String IDENTITY = "--identity";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addOption(
        OptionSpec.builder(KEY)
            .type(String.class)
            .paramLabel("FINGERPRINT")
            .description(
                "The OpenPGP or cosign key that was revoked or lost; the last 16 digits will do.")
            .build());
    spec.addOption(
        OptionSpec.builder(IDENTITY)
            .type(String.class)
            .paramLabel("SUBJECT")
            .description("The identity that is trusted no more, as in its certificates.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    String key = AuditFilter.key(parsed.matchedOptionValue(KEY, ""), KEY);
    String identity = parsed.matchedOptionValue(IDENTITY, "");
    if (key.isEmpty() == identity.isEmpty()) {
      throw new UsageException(
          "say whose pods are wanted",
          "give " + KEY + " and a fingerprint, or " + IDENTITY + " and a subject");
    }
    for (PodView pod : new Pods(settings.dir()).list()) {
      Optional<PodRecord> record = pod.isRunning() ? pod.record() : Optional.empty();
      if (record.isPresent()) {
        for (PodRecord.App app : record.get().apps()) {
          for (String signer : app.signers()) {
            boolean isMeant =
                key.isEmpty()
                    ? AuditFilter.isIdentity(signer, identity)
                    : AuditFilter.isKey(signer, key);
            if (isMeant) {
              print(pod, app, signer, format, caller);
            }
          }
        }
      }
    }
    return 0;
  }

  private static void print(
      PodView pod, PodRecord.App app, String signer, Format format, Caller caller) {
    if (format.isJson()) {
      JsonWriter json = format.writer().object();
      json.put("version", 1)
          .put("id", pod.id())
          .put("app", app.name())
          .put("image", app.image().toString())
          .put("name", app.imageName().text())
          .put("key", signer);
      caller.out().println(json.end());
      return;
    }
    caller.out().println(pod.id() + " " + app.name() + " " + app.imageName().text() + " " + signer);
  }
}
