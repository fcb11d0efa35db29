package rkt.verify.policy;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Keyring;
import rkt.verify.policy.ContainersPolicy.Asked;
import rkt.verify.sigstore.CertificateFile;
import rkt.verify.sigstore.CosignTrust;
import rkt.verify.trust.GuardedFiles;

/** Reads {@code policy.json} as strictly as its own tools do. containers-policy.json(5) */
final class ContainersReader {
  private static final String[] KEYS = {"keyPath", "keyPaths", "keyData", "keyDatas"};
  private static final String[] LOGS = {
    "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"
  };

  private final GuardedFiles files;

  ContainersReader(GuardedFiles files) {
    this.files = files;
  }

  ContainersPolicy read(Path file) throws RktException {
    try {
      JsonObject json = JsonObject.parse(files.readNamed(file), file.toString());
      Members.only(json, "default", "transports");
      List<Asked> usual = asked(json, "default");
      Map<String, Map<String, List<Asked>>> transports = new LinkedHashMap<>();
      if (Members.isThere(json, "transports")) {
        JsonObject all = json.object("transports");
        for (String transport : all.names()) {
          Map<String, List<Asked>> scopes = new LinkedHashMap<>();
          JsonObject each = all.object(transport);
          for (String scope : each.names()) {
            requireScope(each, transport, scope);
            scopes.put(scope, asked(each, scope));
          }
          transports.put(transport, scopes);
        }
      }
      return new ContainersPolicy(file, usual, transports);
    } catch (SpecException e) {
      throw files.refuse(
          "the policy cannot be used: " + e.getMessage(),
          "correct " + file + "; containers-policy.json(5) says what it may hold");
    } catch (IllegalArgumentException e) {
      throw files.refuse(
          "the policy " + file + " cannot be used: " + e.getMessage(),
          "correct " + file + "; containers-policy.json(5) says what it may hold");
    }
  }

  private static void requireScope(JsonObject json, String transport, String scope)
      throws SpecException {
    boolean ofFiles = transport.equals("dir") || transport.equals("oci");
    if (ofFiles && !scope.isEmpty() && (!scope.startsWith("/") || scope.equals("/"))) {
      throw Members.wrong(json, "the scope \"" + scope + "\" is not the path of a directory");
    }
  }

  private List<Asked> asked(JsonObject json, String member) throws RktException {
    List<Asked> all = new ArrayList<>();
    for (JsonObject one : Members.some(json, member)) {
      all.add(asked(one));
    }
    return all;
  }

  private Asked asked(JsonObject json) throws RktException {
    String type = json.string("type");
    return switch (type) {
      case "insecureAcceptAnything" -> {
        Members.only(json, "type");
        yield new Asked.AcceptAnything();
      }
      case "reject" -> {
        Members.only(json, "type");
        yield new Asked.Reject();
      }
      case "signedBy" -> signedBy(json);
      case "sigstoreSigned" -> sigstoreSigned(json);
      default -> throw Members.wrong(json, "no requirement is called \"" + type + "\"");
    };
  }

  private Asked signedBy(JsonObject json) throws RktException {
    Members.only(json, "type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity");
    if (!json.string("keyType").equals("GPGKeys")) {
      throw Members.wrong(json, "\"keyType\" is \"GPGKeys\"");
    }
    List<KeyFacts> certificates = new ArrayList<>();
    for (byte[] keyring : needed(json, "keyPath", "keyPaths", "keyData")) {
      certificates.addAll(Keyring.parse(keyring, "a keyring of " + json.where()));
    }
    return new Asked.SignedBy(certificates, identity(json));
  }

  private Asked sigstoreSigned(JsonObject json) throws RktException {
    List<String> known = new ArrayList<>(List.of("type", "fulcio", "pki", "signedIdentity"));
    known.addAll(List.of(KEYS));
    known.addAll(List.of(LOGS));
    Members.only(json, known.toArray(new String[0]));
    List<PublicKey> logs = logs(json);
    List<byte[]> sources = sources(json, KEYS);
    boolean fulcio = Members.isThere(json, "fulcio");
    boolean pki = Members.isThere(json, "pki");
    if ((sources.isEmpty() ? 0 : 1) + (fulcio ? 1 : 0) + (pki ? 1 : 0) != 1) {
      throw Members.wrong(
          json, "exactly one of " + listed(KEYS) + ", \"fulcio\" and \"pki\" is given");
    }
    SignedIdentity identity = identity(json);
    if (fulcio) {
      return new Asked.Cosigned(fulcio(json, logs), identity);
    }
    if (pki) {
      if (!logs.isEmpty()) {
        throw Members.wrong(json, "the key of a log is not looked at with \"pki\"");
      }
      return new Asked.Cosigned(pki(json.object("pki")), identity);
    }
    List<PolicyKey> keys = new ArrayList<>();
    for (byte[] key : sources) {
      keys.add(PolicyKey.parse(key, "a key of " + json.where()));
    }
    if (logs.isEmpty()) {
      return new Asked.SigstoreSigned(keys, identity);
    }
    List<PublicKey> signers = new ArrayList<>();
    for (PolicyKey key : keys) {
      signers.add(key.key());
    }
    return new Asked.Cosigned(new CosignTrust.Recorded(signers, logs), identity);
  }

  private List<PublicKey> logs(JsonObject json) throws RktException {
    List<PublicKey> logs = new ArrayList<>();
    for (byte[] document : sources(json, LOGS)) {
      PublicKey key = PolicyKey.parse(document, "the key of a log of " + json.where()).key();
      if (!key.getAlgorithm().equals("EC")) {
        throw Members.wrong(json, "the key of a log is one of ECDSA");
      }
      logs.add(key);
    }
    return logs;
  }

  private CosignTrust fulcio(JsonObject json, List<PublicKey> logs) throws RktException {
    if (logs.isEmpty()) {
      throw Members.wrong(json, "\"fulcio\" needs one of " + listed(LOGS));
    }
    JsonObject fulcio = json.object("fulcio");
    Members.only(fulcio, "caPath", "caData", "oidcIssuer", "subjectEmail");
    List<X509Certificate> roots = certificates(fulcio, needed(fulcio, "caPath", "caData"));
    return new CosignTrust.Fulcio(
        roots, text(fulcio, "oidcIssuer"), text(fulcio, "subjectEmail"), logs);
  }

  private CosignTrust pki(JsonObject pki) throws RktException {
    Members.only(
        pki,
        "caRootsPath",
        "caRootsData",
        "caIntermediatesPath",
        "caIntermediatesData",
        "subjectEmail",
        "subjectHostname");
    List<X509Certificate> roots = certificates(pki, needed(pki, "caRootsPath", "caRootsData"));
    List<X509Certificate> intermediates =
        certificates(pki, sources(pki, "caIntermediatesPath", "caIntermediatesData"));
    boolean email = Members.isThere(pki, "subjectEmail");
    boolean host = Members.isThere(pki, "subjectHostname");
    if (!email && !host) {
      throw Members.wrong(pki, "\"subjectEmail\" or \"subjectHostname\" is given");
    }
    return new CosignTrust.Pki(
        roots,
        intermediates,
        email ? text(pki, "subjectEmail") : null,
        host ? text(pki, "subjectHostname") : null);
  }

  private static List<X509Certificate> certificates(JsonObject json, List<byte[]> files)
      throws SpecException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (byte[] file : files) {
      certificates.addAll(CertificateFile.parse(file, "the certificates of " + json.where()));
    }
    return certificates;
  }

  private static String text(JsonObject json, String member) throws SpecException {
    String text = json.string(member);
    if (text.isEmpty()) {
      throw Members.wrong(json, "\"" + member + "\" is empty");
    }
    return text;
  }

  /** The bytes that the one of {@code members} which is there leads to. */
  private List<byte[]> needed(JsonObject json, String... members) throws RktException {
    List<byte[]> found = sources(json, members);
    if (found.isEmpty()) {
      throw Members.wrong(json, "exactly one of " + listed(members) + " is given");
    }
    return found;
  }

  /**
   * The bytes that at most one of {@code members} leads to: by its ending, a path, paths, or base64
   * of one or several; empty if none is there.
   */
  private List<byte[]> sources(JsonObject json, String... members) throws RktException {
    List<byte[]> found = new ArrayList<>();
    int there = 0;
    for (String member : members) {
      if (Members.isThere(json, member)) {
        there++;
        boolean several = member.endsWith("s");
        List<String> values = several ? json.strings(member) : List.of(json.string(member));
        if (values.isEmpty() || values.size() > Members.MOST) {
          throw Members.wrong(
              json, "\"" + member + "\" is an array of 1 to " + Members.MOST + " strings");
        }
        for (String value : values) {
          boolean path = member.endsWith("Path") || member.endsWith("Paths");
          found.add(path ? file(json, value) : decoded(json, value));
        }
      }
    }
    if (there > 1) {
      throw Members.wrong(json, "only one of " + listed(members) + " is given");
    }
    return found;
  }

  private static String listed(String... members) {
    return "\"" + String.join("\", \"", members) + "\"";
  }

  private byte[] file(JsonObject json, String path) throws RktException {
    try {
      Path file = Path.of(path);
      if (!file.isAbsolute()) {
        throw Members.wrong(json, "\"" + path + "\" is not an absolute path");
      }
      return files.readNamed(file.normalize());
    } catch (InvalidPathException e) {
      throw Members.wrong(json, "\"" + path + "\" is not a path");
    }
  }

  private static byte[] decoded(JsonObject json, String base64) throws SpecException {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw Members.wrong(json, "the data of a key or certificate is not base64");
    }
  }

  private static SignedIdentity identity(JsonObject json) throws SpecException {
    if (!Members.isThere(json, "signedIdentity")) {
      return new SignedIdentity.MatchRepoDigestOrExact();
    }
    JsonObject identity = json.object("signedIdentity");
    String type = identity.string("type");
    return switch (type) {
      case "matchExact" -> {
        Members.only(identity, "type");
        yield new SignedIdentity.MatchExact();
      }
      case "matchRepoDigestOrExact" -> {
        Members.only(identity, "type");
        yield new SignedIdentity.MatchRepoDigestOrExact();
      }
      case "matchRepository" -> {
        Members.only(identity, "type");
        yield new SignedIdentity.MatchRepository();
      }
      case "exactReference" -> {
        Members.only(identity, "type", "dockerReference");
        DockerReference reference = reference(identity, "dockerReference");
        if (reference.isNameOnly()) {
          throw Members.wrong(identity, "\"dockerReference\" has neither tag nor digest");
        }
        yield new SignedIdentity.ExactReference(reference);
      }
      case "exactRepository" -> {
        Members.only(identity, "type", "dockerRepository");
        yield new SignedIdentity.ExactRepository(reference(identity, "dockerRepository").name());
      }
      case "remapIdentity" -> {
        Members.only(identity, "type", "prefix", "signedPrefix");
        yield new SignedIdentity.RemapIdentity(
            new ImageName(identity.string("prefix")).text(),
            new ImageName(identity.string("signedPrefix")).text());
      }
      default -> throw Members.wrong(identity, "no identity is called \"" + type + "\"");
    };
  }

  private static DockerReference reference(JsonObject json, String member) throws SpecException {
    Optional<DockerReference> reference = DockerReference.find(json.string(member));
    return reference.orElseThrow(() -> Members.wrong(json, "\"" + member + "\" names no image"));
  }
}
