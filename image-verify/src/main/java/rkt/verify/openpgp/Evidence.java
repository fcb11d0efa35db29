package rkt.verify.openpgp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * The signatures over some bytes, in a form that can be judged again later without those bytes and
 * without an OpenPGP parser. Evidence proves nothing by itself: it is judged at each use.
 * spec/trust.md#evidence
 *
 * @param subject the SHA-256 of the signed bytes
 */
public record Evidence(Digest subject, List<SignatureFacts> signatures) {
  private static final String SCHEMA = "rkt.evidence/1";
  private static final int BUFFER = 1 << 18;

  public Evidence {
    signatures = List.copyOf(signatures);
    if (subject.algorithm() != Digest.Algorithm.SHA256) {
      throw new IllegalArgumentException("the subject of evidence is a sha256, not " + subject);
    }
  }

  /** Evidence of nothing: what there is to say of unsigned bytes. */
  public static Evidence none(Digest subject) {
    return new Evidence(subject, List.of());
  }

  /** Reads {@code signatureFile}, and {@code signedBytes} once. */
  public static Evidence collect(byte[] signatureFile, Path signedBytes) throws RktException {
    EvidenceCollector collector = EvidenceCollector.start(signatureFile);
    try (InputStream in = Files.newInputStream(signedBytes)) {
      byte[] buffer = new byte[BUFFER];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        collector.write(buffer, 0, n);
      }
    } catch (IOException e) {
      throw SpecException.system("cannot read " + signedBytes + ": " + e.getMessage(), e);
    }
    return collector.finish();
  }

  /** Reads {@code signatureFile}, made over {@code signedBytes}. */
  public static Evidence collect(byte[] signatureFile, byte[] signedBytes) throws TrustException {
    EvidenceCollector collector = EvidenceCollector.start(signatureFile);
    collector.write(signedBytes, 0, signedBytes.length);
    return collector.finish();
  }

  /**
   * The JSON form. schemas/evidence.schema.json
   *
   * @throws IllegalStateException if a hash was finished, so that it can only be judged now
   */
  public byte[] toJson() {
    JsonWriter json = new JsonWriter().object();
    json.put("schema", SCHEMA).put("subject", subject.toString()).array("signatures");
    for (SignatureFacts s : signatures) {
      if (!s.digest().isEmpty()) {
        throw new IllegalStateException("the state of a finished hash cannot be kept");
      }
      json.object()
          .put("version", s.version())
          .put("type", s.type())
          .put("keyAlgorithm", s.keyAlgorithm())
          .put("hashAlgorithm", s.hashAlgorithm())
          .put("issuerFingerprint", s.issuerFingerprint())
          .put("issuerKeyId", s.issuerKeyId())
          .put("created", s.created())
          .put("expires", s.expires())
          .array("defects");
      for (SignatureFacts.Defect defect : s.defects()) {
        json.object().put("rule", defect.rule().label()).put("words", defect.words()).end();
      }
      json.end()
          .put("salt", s.salt())
          .put("trailer", s.trailer())
          .put("digestPrefix", s.digestPrefix())
          .put("values", s.values())
          .put("digestState", s.digestState())
          .end();
    }
    return SelfChecked.seal(json.end());
  }

  /**
   * Reads the JSON form.
   *
   * @param what names the document in errors
   * @throws TrustException if it is damaged, or of another version: collect it again
   */
  public static Evidence fromJson(byte[] bytes, String what) throws TrustException {
    try {
      JsonObject json = JsonObject.parse(bytes, what);
      if (!json.string("schema").equals(SCHEMA)) {
        throw damaged(what, "it is of another version");
      }
      List<SignatureFacts> signatures = new ArrayList<>();
      for (JsonObject s : json.objects("signatures")) {
        List<SignatureFacts.Defect> defects = new ArrayList<>();
        for (JsonObject defect : s.objects("defects")) {
          defects.add(
              new SignatureFacts.Defect(Rule.parse(defect.string("rule")), defect.string("words")));
        }
        signatures.add(
            new SignatureFacts(
                (int) s.integer("version"),
                (int) s.integer("type"),
                (int) s.integer("keyAlgorithm"),
                (int) s.integer("hashAlgorithm"),
                s.string("issuerFingerprint"),
                s.string("issuerKeyId"),
                s.integer("created"),
                s.integer("expires"),
                defects,
                s.string("salt"),
                s.string("trailer"),
                s.string("digestPrefix"),
                s.strings("values"),
                s.string("digestState"),
                ""));
      }
      Evidence evidence = new Evidence(Digest.parse(json.string("subject")), signatures);
      if (!SelfChecked.same(bytes, evidence.toJson())) {
        throw damaged(what, "its checksum does not match");
      }
      for (SignatureFacts signature : signatures) {
        if (!isOver(evidence.subject(), signature)) {
          throw damaged(what, "its digest state is not that of its subject");
        }
      }
      return evidence;
    } catch (SpecException | IllegalArgumentException e) {
      throw damaged(what, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Whether the state of {@code signature}, where it can be compared, is that of {@code subject}.
   */
  private static boolean isOver(Digest subject, SignatureFacts signature) {
    HashAlgorithm hash = HashAlgorithm.find(signature.hashAlgorithm());
    if (hash != HashAlgorithm.SHA256 || !signature.salt().isEmpty()) {
      return true; // Another function: the two cannot be compared without the document.
    }
    try {
      byte[] result = new byte[hash.length()];
      hash.resume(HexFormat.of().parseHex(signature.digestState())).doFinal(result, 0);
      return subject.hex().equals(HexFormat.of().formatHex(result));
    } catch (RuntimeException e) {
      return false; // Not a state.
    }
  }

  private static TrustException damaged(String what, String why) {
    return new TrustException(
        Rule.EVIDENCE, what + " cannot be used: " + why, "fetch the image again");
  }
}
