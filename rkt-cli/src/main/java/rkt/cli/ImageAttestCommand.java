package rkt.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.json.StrictJson;
import rkt.spec.store.Store;
import rkt.verify.AuditEvents;
import rkt.verify.claim.Statement;
import rkt.verify.signing.Payload;
import rkt.verify.signing.SigningKey;

/** {@code rkt image attest}: says something about an image, signed. spec/signing.md#statements */
final class ImageAttestCommand implements Command {
  private static final String PREDICATE = "--predicate";
  private static final String TYPE = "--type";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    SigningFlags.describeKey(spec);
    SigningFlags.describePassphrase(spec);
    Words.option(spec, PREDICATE, "FILE", "What to say: a JSON object; - is standard input.");
    Words.option(
        spec,
        TYPE,
        "TYPE",
        "What kind of predicate it is: a URI, or slsaprovenance1, spdxjson, cyclonedx, vuln, …");
    Words.describe(spec, "IMAGE", "1", "An image in the store.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    String text = Words.exactly(parsed, 1, "IMAGE").get(0);
    String type = parsed.matchedOptionValue(TYPE, "");
    if (type.isEmpty()) {
      throw new UsageException(TYPE + " is missing", "such as " + TYPE + "=slsaprovenance1");
    }
    String uri = Payload.predicateType(type);
    Store store = Store.at(settings.dir());
    Image image = store.image(ImageArguments.stored(store, text), text);
    if (!store.blobsUntouched(image)) {
      store.rehash(image);
    }
    byte[] predicate = predicate(parsed.matchedOptionValue(PREDICATE, ""), caller.in());
    SigningKey key = SigningFlags.key(parsed);
    Statement statement = Payload.attestation(key, image.manifest(), image.name(), uri, predicate);
    Signing signing = new Signing(store, settings, caller);
    signing.requireHolds(statement, key, image);
    signing.keep(
        image,
        statement,
        AuditEvents.signed("attestation", image, key.fingerprint()).with("predicateType", uri));
    format.print(caller.out(), "id", image.id().toString());
    return 0;
  }

  private static byte[] predicate(String file, InputStream standardInput) throws RktException {
    if (file.isEmpty()) {
      throw new UsageException(PREDICATE + " is missing", "a file with a JSON object; or -");
    }
    try (InputStream in =
        file.equals("-") ? standardInput : Files.newInputStream(Path.of(file).toAbsolutePath())) {
      return in.readNBytes(StrictJson.MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw SpecException.notFound("no such predicate: " + file, null);
    } catch (IOException e) {
      throw SpecException.system("cannot read the predicate " + file + ": " + e.getMessage(), e);
    }
  }
}
