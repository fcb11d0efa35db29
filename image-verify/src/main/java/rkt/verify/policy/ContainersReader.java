package rkt.verify.policy;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
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
import rkt.verify.trust.GuardedFiles;

/** Reads {@code policy.json} as strictly as its own tools do. containers-policy.json(5) */
final class ContainersReader {
  private static final List<String> IDENTITY_OF_SIGSTORE =
      List.of(
          "fulcio",
          "pki",
          "rekorPublicKeyPath",
          "rekorPublicKeyPaths",
          "rekorPublicKeyData",
          "rekorPublicKeyDatas");

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
    for (byte[] keyring :
        sources(json, List.of("keyPath"), List.of("keyPaths"), List.of("keyData"))) {
      certificates.addAll(Keyring.parse(keyring, "a keyring of " + json.where()));
    }
    return new Asked.SignedBy(certificates, identity(json));
  }

  private Asked sigstoreSigned(JsonObject json) throws RktException {
    for (String member : IDENTITY_OF_SIGSTORE) {
      if (Members.isThere(json, member)) {
        return new Asked.Unknown(
            "sigstoreSigned",
            "rkt does not check \"" + member + "\" here; a policy of its own says \"keyless\"");
      }
    }
    Members.only(json, "type", "keyPath", "keyPaths", "keyData", "keyDatas", "signedIdentity");
    List<PolicyKey> keys = new ArrayList<>();
    for (byte[] key :
        sources(json, List.of("keyPath"), List.of("keyPaths", "keyDatas"), List.of("keyData"))) {
      keys.add(PolicyKey.parse(key, "a key of " + json.where()));
    }
    return new Asked.SigstoreSigned(keys, identity(json));
  }

  /** The bytes of the one member that says where keys are. */
  private List<byte[]> sources(
      JsonObject json, List<String> path, List<String> lists, List<String> data)
      throws RktException {
    List<byte[]> found = new ArrayList<>();
    int members = 0;
    for (String member : path) {
      if (Members.isThere(json, member)) {
        members++;
        found.add(file(json, json.string(member)));
      }
    }
    for (String member : lists) {
      if (Members.isThere(json, member)) {
        members++;
        for (String one : json.strings(member)) {
          found.add(member.endsWith("Paths") ? file(json, one) : decoded(json, one));
        }
      }
    }
    for (String member : data) {
      if (Members.isThere(json, member)) {
        members++;
        found.add(decoded(json, json.string(member)));
      }
    }
    if (members != 1 || found.isEmpty()) {
      throw Members.wrong(
          json, "exactly one of \"keyPath\", \"keyPaths\" and \"keyData\" is given");
    }
    return found;
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
      throw Members.wrong(json, "the data of a key is not base64");
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
