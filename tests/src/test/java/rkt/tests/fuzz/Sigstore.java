package rkt.tests.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import rkt.spec.RktException;
import rkt.spec.json.JsonObject;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Statement;
import rkt.verify.sigstore.PublicKeyFile;
import rkt.verify.sigstore.Result;
import rkt.verify.sigstore.SigstoreVerifier;
import rkt.verify.sigstore.TrustedRoot;

/**
 * Statements of sigstore, with what must be true of them: nobody can sign by chance, so what holds
 * says of the same image the same as one of the vectors.
 */
final class Sigstore {
  private static final Path VECTORS = Path.of("../spec/vectors/sigstore");
  private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");
  private static final List<SigstoreVerifier> VERIFIERS = verifiers();
  private static final Set<String> KNOWN = known();

  private Sigstore() {}

  private static List<SigstoreVerifier> verifiers() {
    try {
      Path canonical = VECTORS.resolve("bundle/intoto-canonical-log-entry");
      return List.of(
          new SigstoreVerifier(
              List.of(key(canonical.resolve("key.pub"))),
              root(canonical.resolve("trusted_root.json"))),
          new SigstoreVerifier(
              List.of(key(VECTORS.resolve("cosign/cosign.pub"))),
              root(VECTORS.resolve("public-good/trusted_root.json"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RktException e) {
      throw new IllegalStateException(e);
    }
  }

  private static PublicKey key(Path file) throws IOException, RktException {
    return PublicKeyFile.parse(Files.readAllBytes(file), file.toString());
  }

  private static TrustedRoot root(Path file) throws IOException, RktException {
    return TrustedRoot.parse(Files.readAllBytes(file), file.toString());
  }

  private static Set<String> known() {
    try {
      Set<String> known = new HashSet<>();
      for (byte[] bundle : bundles()) {
        known.addAll(claims(Statement.Kind.BUNDLE, bundle, Map.of()));
      }
      for (byte[] signature : cosign()) {
        JsonObject json = JsonObject.parse(signature, "a vector");
        known.addAll(claims(Statement.Kind.COSIGN, payload(json), json.stringMap("annotations")));
      }
      return known;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RktException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The vectors whose name ends so. */
  private static List<byte[]> files(String suffix) throws IOException {
    List<byte[]> contents = new ArrayList<>();
    try (Stream<Path> found = Files.walk(VECTORS)) {
      for (Path file : found.sorted().toList()) {
        if (file.toString().endsWith(suffix)) {
          contents.add(Files.readAllBytes(file));
        }
      }
    }
    return contents;
  }

  private static List<byte[]> bundles() throws IOException {
    return files("bundle.sigstore.json");
  }

  static List<byte[]> cosign() throws IOException {
    List<byte[]> all = new ArrayList<>(files("signature-1.json"));
    all.addAll(files("signature-2.json"));
    return all;
  }

  static void bundle(byte[] input) {
    require(claims(Statement.Kind.BUNDLE, input, Map.of()));
    require(claims(Statement.Kind.DSSE, input, Map.of()));
  }

  /** A payload and annotations as the vectors have them. */
  static void cosign(byte[] input) throws RktException {
    JsonObject json = JsonObject.parse(input, "the input");
    byte[] payload;
    try {
      payload = payload(json);
    } catch (IllegalArgumentException e) {
      return; // no base64, which is the vectors' and not cosign's
    }
    require(claims(Statement.Kind.COSIGN, payload, json.stringMap("annotations")));
  }

  private static byte[] payload(JsonObject json) throws RktException {
    return Base64.getDecoder().decode(json.string("payload"));
  }

  private static void require(Set<String> claims) {
    FuzzTarget.require(KNOWN.containsAll(claims), "holds, and nobody signed it: " + claims);
  }

  private static Set<String> claims(
      Statement.Kind kind, byte[] body, Map<String, String> annotations) {
    Set<String> claims = new HashSet<>();
    Statement statement = new Statement(kind, body, annotations);
    for (SigstoreVerifier verifier : VERIFIERS) {
      Result result = verifier.check(statement, NOW);
      if (result instanceof Result.Holds holds) {
        for (Claim claim : holds.claims()) {
          claims.add(
              claim.signer()
                  + " "
                  + claim.subject()
                  + " "
                  + claim.reference()
                  + " "
                  + claim.attestation());
        }
      }
    }
    return claims;
  }
}
