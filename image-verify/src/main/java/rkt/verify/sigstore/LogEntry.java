package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** What a transparency log recorded, and how it proves that. spec/sigstore.md#log-entries */
final class LogEntry {
  private final String logId;
  private final long index;
  private final long integratedTime;
  private final byte[] body;
  private final byte @Nullable [] promise;
  private final @Nullable InclusionProof proof;
  private final @Nullable String kind;

  private LogEntry(
      String logId,
      long index,
      long integratedTime,
      byte[] body,
      byte @Nullable [] promise,
      @Nullable InclusionProof proof,
      @Nullable String kind) {
    this.logId = logId;
    this.index = index;
    this.integratedTime = integratedTime;
    this.body = body;
    this.promise = promise;
    this.proof = proof;
    this.kind = kind;
  }

  /** Reads an entry of a bundle. */
  static LogEntry parse(JsonObject entry) throws SpecException, SigstoreException {
    JsonObject promise = entry.findObject("inclusionPromise").orElse(null);
    JsonObject proof = entry.findObject("inclusionProof").orElse(null);
    JsonObject kind = entry.object("kindVersion");
    return new LogEntry(
        entry.object("logId").string("keyId"),
        Numbers.of(entry, "logIndex"),
        Numbers.of(entry, "integratedTime"),
        Encoding.base64(entry.string("canonicalizedBody"), "an entry of a log"),
        promise == null
            ? null
            : Encoding.base64(promise.string("signedEntryTimestamp"), "the promise of a log"),
        proof == null ? null : InclusionProof.parse(proof),
        kind.string("kind") + "/" + kind.string("version"));
  }

  /** Reads what cosign keeps in the annotation of a signature: a promise, and no proof. */
  static LogEntry parseAnnotation(String text) throws SpecException, SigstoreException {
    JsonObject bundle = JsonObject.parse(text.getBytes(UTF_8), "the annotation of the log");
    JsonObject payload = bundle.object("Payload");
    String id = payload.string("logID");
    try {
      return new LogEntry(
          Base64.getEncoder().encodeToString(HexFormat.of().parseHex(id)),
          payload.integer("logIndex"),
          payload.integer("integratedTime"),
          Encoding.base64(payload.string("body"), "an entry of a log"),
          Encoding.base64(bundle.string("SignedEntryTimestamp"), "the promise of a log"),
          null,
          null);
    } catch (IllegalArgumentException e) {
      throw new SigstoreException(Refusal.MALFORMED, "the identifier of a log is not hex");
    }
  }

  String logId() {
    return logId;
  }

  boolean hasProof() {
    return proof != null;
  }

  /** What was recorded. */
  byte[] body() {
    return body;
  }

  /** The kind and version that the bundle says it has; null if it says nothing. */
  @Nullable String kind() {
    return kind;
  }

  /**
   * Refuses unless {@code log} recorded this entry.
   *
   * @return when, if the log signed that too; else null
   */
  @Nullable Instant check(TrustedLog log) throws SigstoreException {
    if (promise == null && proof == null) {
      throw new SigstoreException(Refusal.LOG, "an entry of a log without any proof");
    }
    if (proof != null) {
      proof.check(body, log);
    }
    if (promise == null) {
      return null;
    }
    if (!log.key().signed(promised(), promise)) {
      throw new SigstoreException(
          Refusal.LOG, "the promise to record the entry is not by the log " + log.name());
    }
    return integratedTime == 0 ? null : Instant.ofEpochSecond(integratedTime);
  }

  /** What a promise is signed over: RFC 8785 JSON of these four. */
  private byte[] promised() {
    String id = HexFormat.of().formatHex(Base64.getDecoder().decode(logId));
    return ("{\"body\":\""
            + Base64.getEncoder().encodeToString(body)
            + "\",\"integratedTime\":"
            + integratedTime
            + ",\"logID\":\""
            + id
            + "\",\"logIndex\":"
            + index
            + "}")
        .getBytes(UTF_8);
  }
}
