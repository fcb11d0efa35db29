package rkt.verify.sigstore;

import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * Whom an administrator believes about certificates, logs and times: sigstore's {@code
 * trusted_root.json}. spec/sigstore.md#trusted-root
 */
public final class TrustedRoot {
  private static final String MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot";
  private static final int MAX_MEMBERS = 256;

  private final List<TrustedLog> logs;
  private final List<TrustedLog> certificateLogs;
  private final List<Authority> certificateAuthorities;
  private final List<Authority> timestampAuthorities;

  private TrustedRoot(
      List<TrustedLog> logs,
      List<TrustedLog> certificateLogs,
      List<Authority> certificateAuthorities,
      List<Authority> timestampAuthorities) {
    this.logs = List.copyOf(logs);
    this.certificateLogs = List.copyOf(certificateLogs);
    this.certificateAuthorities = List.copyOf(certificateAuthorities);
    this.timestampAuthorities = List.copyOf(timestampAuthorities);
  }

  /**
   * Reads a trusted root.
   *
   * @param file the JSON document
   * @param what names the file in errors
   * @throws SpecException of class integrity if any part of it cannot be used
   */
  public static TrustedRoot parse(byte[] file, String what) throws SpecException {
    JsonObject root = JsonObject.parse(file, what);
    String mediaType = root.findString("mediaType").orElse("");
    if (!mediaType.equals(MEDIA_TYPE + "+json;version=0.1")
        && !mediaType.equals(MEDIA_TYPE + ".v0.2+json")) {
      throw SpecException.integrity(
          what + " is not a trusted root of sigstore: its mediaType is \"" + mediaType + "\"",
          "install the trusted_root.json itself, not the metadata that lead to it");
    }
    try {
      return new TrustedRoot(
          logs(root, "tlogs"),
          logs(root, "ctlogs"),
          authorities(root, "certificateAuthorities"),
          authorities(root, "timestampAuthorities"));
    } catch (SigstoreException e) {
      throw SpecException.integrity(what + ": " + e.getMessage());
    }
  }

  /** One that believes logs by these keys, at any time, and nobody else. */
  static TrustedRoot ofLogs(List<PublicKey> keys) throws SigstoreException {
    List<TrustedLog> logs = new ArrayList<>();
    for (PublicKey key : keys) {
      logs.add(TrustedLog.of(PublicKeyFile.verifying(key)));
    }
    return new TrustedRoot(logs, List.of(), List.of(), List.of());
  }

  private static List<TrustedLog> logs(JsonObject root, String member)
      throws SpecException, SigstoreException {
    List<TrustedLog> logs = new ArrayList<>();
    for (JsonObject log : limited(root, member)) {
      logs.add(TrustedLog.of(log));
    }
    return logs;
  }

  private static List<Authority> authorities(JsonObject root, String member)
      throws SpecException, SigstoreException {
    List<Authority> authorities = new ArrayList<>();
    for (JsonObject authority : limited(root, member)) {
      authorities.add(Authority.of(authority));
    }
    return authorities;
  }

  private static List<JsonObject> limited(JsonObject root, String member) throws SpecException {
    List<JsonObject> found = root.objects(member);
    if (found.size() > MAX_MEMBERS) {
      throw SpecException.integrity(root.where() + ": too many " + member);
    }
    return found;
  }

  List<TrustedLog> logs() {
    return logs;
  }

  List<TrustedLog> certificateLogs() {
    return certificateLogs;
  }

  List<Authority> certificateAuthorities() {
    return certificateAuthorities;
  }

  List<Authority> timestampAuthorities() {
    return timestampAuthorities;
  }
}
