package rkt.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.stage1.pack.OutputFile;
import rkt.verify.AuditEvents;
import rkt.verify.claim.Statement;
import rkt.verify.signing.GpgAgent;
import rkt.verify.signing.OpenPgpKeyFile;
import rkt.verify.signing.OpenPgpSigner;
import rkt.verify.signing.Payload;
import rkt.verify.signing.SigningKey;

/** {@code rkt image sign}: signs an image of the store, or an ACI in a file. spec/signing.md */
final class ImageSignCommand implements Command {
  private static final String OPENPGP_KEY = "--openpgp-key";
  private static final String GPG_KEY = "--gpg-key";
  private static final String SIMPLE = "--simple";
  private static final String IDENTITY = "--identity";
  private static final String OUTPUT = "--output";
  private static final Pattern REFERENCE =
      Pattern.compile("[a-z0-9._:/~-]{1,255}(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?");

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    Words.option(spec, OPENPGP_KEY, "FILE", "Sign with an OpenPGP secret key.");
    Words.option(spec, GPG_KEY, "KEY", "Have gpg sign, with the key that it calls KEY.");
    SigningFlags.describeKey(spec);
    SigningFlags.describePassphrase(spec);
    Words.flag(spec, SIMPLE, "With OpenPGP: sign name and digest, as skopeo does, and not bytes.");
    Words.option(
        spec,
        IDENTITY,
        "NAME",
        "The name that is signed. Usually the image's, as registries know it.");
    Words.option(
        spec, OUTPUT, "FILE", "Where the signature goes. Usually IMAGE.asc, or the store.");
    Words.flag(spec, Words.OVERWRITE, "Replace what is there.");
    Words.describe(spec, "IMAGE", "1", "An image in the store, or an ACI in a file.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    String text = Words.exactly(parsed, 1, "IMAGE").get(0);
    requireOneKey(parsed);
    boolean simple = parsed.hasMatchedOption(SIMPLE);
    boolean bare = parsed.hasMatchedOption(SigningFlags.KEY);
    if (simple && bare) {
      throw new UsageException(SIMPLE + " goes with an OpenPGP key", "leave it out");
    }
    if (parsed.hasMatchedOption(IDENTITY) && !simple && !bare) {
      throw new UsageException(
          "a detached signature has no " + IDENTITY + ": it covers bytes alone",
          "add " + SIMPLE + ", or sign with " + SigningFlags.KEY);
    }
    Store store = Store.at(settings.dir());
    Signing signing = new Signing(store, settings, caller);
    if (isFile(text)) {
      if (simple || bare) {
        throw new UsageException(
            "an ACI in a file gets a detached OpenPGP signature",
            "sign it with " + OPENPGP_KEY + " or " + GPG_KEY + "; or fetch it, and sign the image");
      }
      Path file = Path.of(text).toAbsolutePath();
      format.print(caller.out(), "signature", file(file, parsed, signing, caller).toString());
      return 0;
    }
    Image image = store.image(ImageArguments.stored(store, text), text);
    if (!store.blobsUntouched(image)) {
      store.rehash(image);
    }
    if (bare) {
      cosign(image, parsed, signing, caller);
    } else if (simple) {
      simple(store, image, parsed, signing, caller);
    } else {
      detached(store, image, parsed, signing, caller);
    }
    format.print(caller.out(), "id", image.id().toString());
    return 0;
  }

  private static void requireOneKey(ParseResult parsed) throws UsageException {
    int keys = 0;
    for (String option : List.of(SigningFlags.KEY, OPENPGP_KEY, GPG_KEY)) {
      keys += parsed.hasMatchedOption(option) ? 1 : 0;
    }
    if (keys != 1) {
      throw new UsageException(
          keys == 0 ? "no key is named to sign with" : "more than one key is named",
          "give one of "
              + OPENPGP_KEY
              + "=FILE, "
              + GPG_KEY
              + "=KEY, "
              + SigningFlags.KEY
              + "=FILE");
    }
  }

  /** Whether {@code text} is an ACI in a file, as a reference is read. spec/image.md#references */
  private static boolean isFile(String text) {
    return text.startsWith("/")
        || text.contains("./")
        || text.endsWith(".aci")
        || Files.isRegularFile(Path.of(text));
  }

  private static OpenPgpSigner openPgp(ParseResult parsed, Caller caller) throws RktException {
    if (parsed.hasMatchedOption(GPG_KEY)) {
      return new GpgAgent(parsed.matchedOptionValue(GPG_KEY, ""));
    }
    Path key = SigningFlags.path(parsed, OPENPGP_KEY);
    return OpenPgpKeyFile.open(
        key, SigningFlags.passphrase(parsed, key.toString(), false), caller.clock());
  }

  private static Path file(Path file, ParseResult parsed, Signing signing, Caller caller)
      throws RktException {
    if (!Files.isRegularFile(file)) {
      throw SpecException.notFound("no such file: " + file, null);
    }
    Path target =
        Path.of(parsed.matchedOptionValue(OUTPUT, file + ".asc")).toAbsolutePath().normalize();
    boolean overwrite = parsed.hasMatchedOption(Words.OVERWRITE);
    OutputFile.requireFree(target, overwrite);
    caller.compilers().requireFor(Long.MAX_VALUE);
    OpenPgpSigner.Made made = openPgp(parsed, caller).detached(file);
    Digest signed = signing.requireValid(made, file);
    signing.record(
        AuditEvents.signed("openpgp", signed, file.toString(), made.certificate().fingerprint()));
    OutputFile.write(target, overwrite, out -> out.write(made.bytes()));
    return target;
  }

  private static void detached(
      Store store, Image image, ParseResult parsed, Signing signing, Caller caller)
      throws RktException {
    if (parsed.hasMatchedOption(OUTPUT)) {
      throw new UsageException(
          "the signature of an image in the store is kept there",
          "rkt image export writes the image and its signatures");
    }
    Path signed = store.blob(image.signed());
    OpenPgpSigner.Made made = openPgp(parsed, caller).detached(signed);
    signing.requireValid(made, signed);
    signing.keep(
        image,
        made.bytes(),
        AuditEvents.signed("openpgp", image, made.certificate().fingerprint()));
  }

  private static void cosign(Image image, ParseResult parsed, Signing signing, Caller caller)
      throws RktException {
    SigningKey key = SigningFlags.key(parsed);
    String reference = identity(parsed, image.name().text());
    Statement statement =
        Payload.cosign(key, image.manifest(), reference, caller.clock().instant());
    signing.requireHolds(statement, key, image);
    signing.keep(
        image,
        statement,
        AuditEvents.signed("cosign", image, key.fingerprint()).with("reference", reference));
  }

  private static void simple(
      Store store, Image image, ParseResult parsed, Signing signing, Caller caller)
      throws RktException {
    String output = parsed.matchedOptionValue(OUTPUT, "");
    boolean overwrite = parsed.hasMatchedOption(Words.OVERWRITE);
    Path target = Path.of(output).toAbsolutePath().normalize();
    if (!output.isEmpty()) {
      OutputFile.requireFree(target, overwrite);
    }
    Instant now = caller.clock().instant();
    String reference = identity(parsed, tagged(store, image));
    OpenPgpSigner.Made made =
        openPgp(parsed, caller).message(Payload.atomic(image.manifest(), reference, now));
    Statement statement = new Statement(Statement.Kind.OPENPGP_MESSAGE, made.bytes(), Map.of());
    signing.requireHolds(statement, made);
    signing.keep(
        image,
        statement,
        AuditEvents.signed("simple", image, made.certificate().fingerprint())
            .with("reference", reference));
    if (!output.isEmpty()) {
      OutputFile.write(target, overwrite, out -> out.write(made.bytes()));
    }
  }

  private static String identity(ParseResult parsed, String usual) throws UsageException {
    String reference = parsed.matchedOptionValue(IDENTITY, usual);
    if (!REFERENCE.matcher(reference).matches()) {
      throw new UsageException(
          "\"" + reference + "\" is no name that a registry could have",
          "give one with " + IDENTITY + "=HOST/NAME:TAG");
    }
    return reference;
  }

  /** The newest reference of the image that has its name and a tag; else its name. */
  private static String tagged(Store store, Image image) throws RktException {
    ImageId id = image.id();
    List<String> references = new ArrayList<>(store.stored(id).references());
    String name = image.name().text();
    for (int i = references.size() - 1; i >= 0; i--) {
      String reference = references.get(i);
      if (reference.startsWith(name + ":") && !reference.contains("@")) {
        return reference;
      }
    }
    return name;
  }
}
