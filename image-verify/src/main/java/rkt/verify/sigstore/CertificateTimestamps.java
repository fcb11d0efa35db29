package rkt.verify.sigstore;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.jspecify.annotations.Nullable;

/**
 * The promises of certificate logs that are embedded in a certificate (RFC 6962, section 3.3).
 * spec/sigstore.md#certificates
 */
final class CertificateTimestamps {
  private static final String EXTENSION = "1.3.6.1.4.1.11129.2.4.2";
  private static final int EXTENSIONS_TAG = 3;
  private static final int MAX_TIMESTAMPS = 32;
  private static final int ID_BYTES = 32;

  private final byte[] issuerKeyHash;
  private final byte[] certificate;

  private CertificateTimestamps(byte[] issuerKeyHash, byte[] certificate) {
    this.issuerKeyHash = issuerKeyHash;
    this.certificate = certificate;
  }

  /**
   * Which of {@code logs} promised to record {@code leaf}.
   *
   * @param issuer of the leaf
   * @return the identifiers of distinct logs
   */
  static Set<String> logs(
      X509Certificate leaf, X509Certificate issuer, List<TrustedLog> logs, Instant latest)
      throws SigstoreException {
    byte[] extension = leaf.getExtensionValue(EXTENSION);
    if (extension == null) {
      return Set.of();
    }
    try {
      byte[] list = octets(octets(extension));
      return new CertificateTimestamps(
              Hashes.sha256(issuer.getPublicKey().getEncoded()),
              withoutExtension(leaf.getTBSCertificate()))
          .logs(ByteBuffer.wrap(list), logs, latest);
    } catch (CertificateEncodingException
        | IOException
        | BufferUnderflowException
        | IllegalArgumentException e) {
      throw new SigstoreException(
          Refusal.CERTIFICATE_LOG, "the certificate's timestamps cannot be read");
    }
  }

  private static byte[] octets(byte[] der) {
    return ASN1OctetString.getInstance(der).getOctets();
  }

  private Set<String> logs(ByteBuffer list, List<TrustedLog> logs, Instant latest)
      throws SigstoreException {
    if (u16(list) != list.remaining()) {
      throw new IllegalArgumentException("not a list");
    }
    Set<String> found = new HashSet<>();
    for (int count = 0; list.hasRemaining(); count++) {
      if (count == MAX_TIMESTAMPS) {
        throw new SigstoreException(
            Refusal.LIMIT, "the certificate has more than 32 timestamps of logs");
      }
      String log = check(ByteBuffer.wrap(bytes(list, u16(list))), logs, latest);
      if (log != null) {
        found.add(log);
      }
    }
    return found;
  }

  /** The identifier of the log; null if it is none that is trusted. */
  private @Nullable String check(ByteBuffer entry, List<TrustedLog> logs, Instant latest)
      throws SigstoreException {
    if (entry.get() != 0) {
      return null; // a version that does not exist yet
    }
    String id = Base64.getEncoder().encodeToString(bytes(entry, ID_BYTES));
    long milliseconds = entry.getLong();
    byte[] extensions = bytes(entry, u16(entry));
    entry.getShort(); // hash and algorithm, which are those of the log's key
    byte[] signature = bytes(entry, u16(entry));
    if (entry.hasRemaining()) {
      throw new IllegalArgumentException("something follows");
    }
    for (TrustedLog log : logs) {
      if (log.id().equals(id)) {
        Instant time = Instant.ofEpochMilli(milliseconds);
        if (!log.validity().covers(time) || time.isAfter(latest)) {
          throw new SigstoreException(
              Refusal.TIME,
              "the log " + log.name() + " is not to be believed at " + time + ", its timestamp");
        }
        if (!log.key().signed(signed(milliseconds, extensions), signature)) {
          throw new SigstoreException(
              Refusal.CERTIFICATE_LOG,
              "the certificate's timestamp is not by the log " + log.name());
        }
        return id;
      }
    }
    return null;
  }

  private byte[] signed(long milliseconds, byte[] extensions) {
    ByteBuffer head = ByteBuffer.allocate(12);
    head.put((byte) 0).put((byte) 0).putLong(milliseconds).putShort((short) 1);
    ByteArrayOutputStream signed = new ByteArrayOutputStream();
    signed.writeBytes(head.array());
    signed.writeBytes(issuerKeyHash);
    signed.write(certificate.length >> 16);
    signed.write(certificate.length >> 8);
    signed.write(certificate.length);
    signed.writeBytes(certificate);
    signed.write(extensions.length >> 8);
    signed.write(extensions.length);
    signed.writeBytes(extensions);
    return signed.toByteArray();
  }

  /** The certificate as it was before the timestamps were put in, which is what they are over. */
  private static byte[] withoutExtension(byte[] tbs) throws IOException {
    ASN1EncodableVector fields = new ASN1EncodableVector();
    for (ASN1Encodable field : ASN1Sequence.getInstance(tbs)) {
      if (field instanceof ASN1TaggedObject tagged && tagged.hasContextTag(EXTENSIONS_TAG)) {
        ASN1EncodableVector kept = new ASN1EncodableVector();
        for (ASN1Encodable extension : ASN1Sequence.getInstance(tagged, true)) {
          ASN1Encodable id = ASN1Sequence.getInstance(extension).getObjectAt(0);
          if (!ASN1ObjectIdentifier.getInstance(id).getId().equals(EXTENSION)) {
            kept.add(extension);
          }
        }
        fields.add(new DERTaggedObject(true, EXTENSIONS_TAG, new DERSequence(kept)));
      } else {
        fields.add(field);
      }
    }
    return new DERSequence(fields).getEncoded(ASN1Encoding.DER);
  }

  private static int u16(ByteBuffer buffer) {
    return buffer.getShort() & 0xffff;
  }

  private static byte[] bytes(ByteBuffer buffer, int length) {
    byte[] bytes = new byte[length];
    buffer.get(bytes);
    return bytes;
  }
}
