package rkt.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.FetchOptions;
import rkt.fetch.KeyDiscovery;
import rkt.fetch.display.Display;
import rkt.fetch.display.Terminal;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;
import rkt.verify.trust.TrustedKey;

/** {@code rkt trust}: trusts keys for the images below a name, or for all. */
final class TrustCommand implements Command {
  private static final int LARGEST_KEY = 1 << 20;
  private static final String SKIP_REVIEW = "--skip-fingerprint-review";
  private static final String FINGERPRINT = "--fingerprint";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    scopeOptions(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("0..*")
            .paramLabel("KEYFILE")
            .description(
                "An OpenPGP public key, armored or not: a file, - for standard input, or an"
                    + " https:// URL. Without one, those that the host of the prefix publishes.")
            .build());
    spec.addOption(
        OptionSpec.builder(FINGERPRINT)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("FINGERPRINT")
            .description(
                "Trust no other key than this one, and do not ask; may be given again for more.")
            .build());
    spec.addOption(
        OptionSpec.builder(SKIP_REVIEW)
            .type(boolean.class)
            .description("Trust keys without asking.")
            .build());
    spec.addOption(
        OptionSpec.builder(FetchFlags.TRUST_KEYS)
            .type(boolean.class)
            .description("The same, if they came by https.")
            .build());
  }

  /** Adds {@code --prefix} and {@code --root}. */
  static void scopeOptions(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder("--prefix")
            .type(String.class)
            .paramLabel("NAME")
            .description("For the image NAME and all whose names begin with its components.")
            .build());
    spec.addOption(
        OptionSpec.builder("--root").type(boolean.class).description("For every image.").build());
  }

  /** What the options say that keys are trusted for. */
  static Scope scope(ParseResult parsed) throws UsageException {
    boolean root = parsed.hasMatchedOption("--root");
    String prefix = parsed.matchedOptionValue("--prefix", "");
    if (root == !prefix.isEmpty()) {
      throw new UsageException(
          "say what the key is trusted for",
          "give --prefix=NAME, such as --prefix=example.com/app, or --root");
    }
    try {
      return root ? Scope.ROOT : Scope.of(new ImageName(prefix));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--prefix: " + e.getMessage(), "write it as example.com/app");
    }
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    Scope scope = scope(parsed);
    List<String> files = parsed.matchedPositionalValue(0, List.of());
    TrustStore trust = ImageGate.trust(settings);
    List<String> fingerprints = fingerprints(parsed);
    List<Offered> offered = new ArrayList<>();
    for (String file : files) {
      if (isUrl(file)) {
        offered.addAll(remote(file, trust, scope, fingerprints, parsed, settings, caller));
      } else {
        offered.add(local(file, trust, scope, fingerprints, parsed, caller));
      }
    }
    if (files.isEmpty()) {
      offered.addAll(published(trust, scope, fingerprints, parsed, settings, caller));
    }
    for (Offered one : offered) {
      add(trust, scope, one.bytes, one.source, format, settings, caller);
    }
    return 0;
  }

  /** A key that was agreed to. */
  private static final class Offered {
    private final String source;
    private final byte[] bytes;

    Offered(String source, byte[] bytes) {
      this.source = source;
      this.bytes = bytes;
    }
  }

  private static List<String> fingerprints(ParseResult parsed) throws UsageException {
    List<String> given = parsed.matchedOptionValue(FINGERPRINT, List.of());
    List<String> fingerprints = new ArrayList<>();
    for (String text : given) {
      String plain = TrustMaskCommand.plain(text);
      if (AuditFilter.key(text, FINGERPRINT).length() != 40 && plain.length() != 64) {
        throw new UsageException(
            FINGERPRINT + ": \"" + text + "\" is not a whole fingerprint",
            "give all its 40 or 64 hex digits: gpg --show-keys KEYFILE");
      }
      fingerprints.add(plain);
    }
    return fingerprints;
  }

  private static boolean isUrl(String file) {
    return file.startsWith("https://") || file.startsWith("http://");
  }

  /** Refuses a key that is not among {@code fingerprints}, if any are given. */
  private static void requireFingerprint(TrustedKey key, String file, List<String> fingerprints)
      throws UsageException {
    if (!fingerprints.isEmpty() && !fingerprints.contains(key.facts().fingerprint())) {
      throw new UsageException(
          "the key in "
              + file
              + " is "
              + TrustListCommand.describe(key)
              + ", and not "
              + String.join(" or ", fingerprints),
          "get the right key from its owner; nothing is trusted now that was not before");
    }
  }

  /** Writes a change of what is trusted into the audit log. */
  static void record(
      String action, Scope scope, String fingerprint, Settings settings, Caller caller)
      throws RktException {
    new AuditLog(settings.dir(), caller.clock())
        .append(
            List.of(
                AuditEvent.of(AuditEvent.Kind.TRUST)
                    .with("action", action)
                    .with("scope", scope.toString())
                    .with("key", fingerprint)));
  }

  /** Trusts a key and records it; nothing is trusted that is not recorded. */
  static TrustedKey trust(
      TrustStore trust, Scope scope, byte[] bytes, String what, Settings settings, Caller caller)
      throws RktException {
    TrustedKey key = trust.preview(scope, bytes, what);
    record("add", scope, key.facts().fingerprint(), settings, caller);
    return trust.add(scope, bytes, what);
  }

  private static void add(
      TrustStore trust,
      Scope scope,
      byte[] bytes,
      String what,
      Format format,
      Settings settings,
      Caller caller)
      throws RktException {
    TrustedKey key = trust(trust, scope, bytes, what, settings, caller);
    caller.err().println("trusted for " + scope + ": " + TrustListCommand.describe(key));
    format.print(caller.out(), "fingerprint", key.facts().fingerprint());
  }

  /** The keys that the host of the prefix publishes, and that a person agrees to. */
  private static List<Offered> published(
      TrustStore trust,
      Scope scope,
      List<String> fingerprints,
      ParseResult parsed,
      Settings settings,
      Caller caller)
      throws RktException, IOException {
    ImageName prefix = scope.prefix();
    if (prefix == null) {
      throw new UsageException("no key file given", "a key for every image is given as a file");
    }
    List<KeyDiscovery.Found> found = discovery(settings, caller).find(prefix);
    List<Offered> accepted = accepted(found, trust, scope, fingerprints, parsed, settings, caller);
    if (accepted.isEmpty()) {
      throw new UsageException("no key was accepted, and none is trusted", null);
    }
    return accepted;
  }

  /**
   * The key in a file, or on standard input. Who names it is asked whether it is the right one
   * where somebody can answer; a script says so by naming the file.
   */
  private static Offered local(
      String file,
      TrustStore trust,
      Scope scope,
      List<String> fingerprints,
      ParseResult parsed,
      Caller caller)
      throws RktException, IOException {
    Offered one = new Offered(file, read(file, caller.in()));
    TrustedKey key = trust.preview(scope, one.bytes, file);
    requireFingerprint(key, file, fingerprints);
    boolean isAsked =
        fingerprints.isEmpty() && !parsed.hasMatchedOption(SKIP_REVIEW) && Terminal.is(0);
    if (isAsked && !KeyReview.of(caller).asks(key, file)) {
      throw new UsageException("the key in " + file + " was not accepted", null);
    }
    return one;
  }

  /** The key at a URL, which a person must agree to. */
  private static List<Offered> remote(
      String url,
      TrustStore trust,
      Scope scope,
      List<String> fingerprints,
      ParseResult parsed,
      Settings settings,
      Caller caller)
      throws RktException, IOException {
    URI source;
    try {
      source = new URI(url);
    } catch (URISyntaxException e) {
      throw new UsageException("\"" + url + "\" is not a URL: " + e.getReason(), null);
    }
    KeyDiscovery.Found found = discovery(settings, caller).at(source);
    requireFingerprint(trust.preview(scope, found.bytes(), url), url, fingerprints);
    List<Offered> accepted =
        accepted(List.of(found), trust, scope, fingerprints, parsed, settings, caller);
    if (accepted.isEmpty()) {
      throw new UsageException("the key from " + url + " was not accepted", null);
    }
    return accepted;
  }

  private static KeyDiscovery discovery(Settings settings, Caller caller) throws RktException {
    FetchOptions options =
        new FetchFlags(
                FetchFlags.PullPolicy.UPDATE,
                false,
                Display.Form.QUIET,
                false,
                Duration.ZERO,
                "",
                "",
                "")
            .options(settings, caller);
    return new KeyDiscovery(options, settings.insecure().contains(Settings.Insecure.PUBKEY));
  }

  /** Those that have one of the fingerprints; where none is given, those that a person takes. */
  private static List<Offered> accepted(
      List<KeyDiscovery.Found> found,
      TrustStore trust,
      Scope scope,
      List<String> fingerprints,
      ParseResult parsed,
      Settings settings,
      Caller caller)
      throws RktException, IOException {
    KeyReview review =
        new KeyReview(
            caller,
            parsed.hasMatchedOption(SKIP_REVIEW),
            parsed.hasMatchedOption(FetchFlags.TRUST_KEYS) && provesHosts(settings));
    List<Offered> accepted = new ArrayList<>();
    for (KeyDiscovery.Found one : found) {
      TrustedKey key = trust.preview(scope, one.bytes(), one.source().toString());
      boolean isTaken =
          fingerprints.isEmpty()
              ? !(review.isSkipped(one.source()) && isMasked(trust, key, one.source(), caller))
                  && review.accepts(key, one.source())
              : fingerprints.contains(key.facts().fingerprint());
      if (isTaken) {
        accepted.add(new Offered(one.source().toString(), one.bytes()));
      }
    }
    return accepted;
  }

  /** Whether a key that nobody looks at is one that the administrator has masked; says so then. */
  static boolean isMasked(TrustStore trust, TrustedKey key, URI source, Caller caller)
      throws RktException {
    String fingerprint = key.facts().fingerprint();
    Scope masked = trust.maskCovering(key.scope(), fingerprint);
    if (masked == null) {
      return false;
    }
    caller
        .err()
        .println(
            "not trusted for "
                + key.scope()
                + ": "
                + TrustListCommand.describe(key)
                + " from "
                + source
                + ", which is masked for "
                + masked
                + "\n  fix: rkt trust mask --undo "
                + (masked.prefix() == null ? "--root " : "--prefix=" + masked + " ")
                + fingerprint
                + " takes the mask away");
    return true;
  }

  /** Whether what came by https came from the host that it names, page and key alike. */
  private static boolean provesHosts(Settings settings) {
    return !settings.insecure().contains(Settings.Insecure.HTTP)
        && !settings.insecure().contains(Settings.Insecure.PUBKEY)
        && !settings.insecure().contains(Settings.Insecure.TLS);
  }

  private static byte[] read(String file, InputStream in) throws UsageException, IOException {
    byte[] bytes;
    if (file.equals("-")) {
      bytes = in.readNBytes(LARGEST_KEY + 1);
    } else {
      try (InputStream open = Files.newInputStream(Path.of(file))) {
        bytes = open.readNBytes(LARGEST_KEY + 1);
      } catch (NoSuchFileException e) {
        throw new UsageException("no such key file: " + file, null);
      } catch (IOException e) {
        throw new UsageException("cannot read the key file " + file + ": " + e.getMessage(), null);
      }
    }
    if (bytes.length > LARGEST_KEY) {
      throw new UsageException(
          file + " is larger than a key can be, " + LARGEST_KEY + " bytes",
          "export only the key itself: gpg --export-options export-minimal --export KEY");
    }
    return bytes;
  }
}
