package rkt.verify.sigstore;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1Set;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.SignedData;
import org.bouncycastle.asn1.cms.SignerInfo;
import org.bouncycastle.asn1.ess.ESSCertID;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.tsp.MessageImprint;
import org.bouncycastle.asn1.tsp.TSTInfo;
import org.bouncycastle.crypto.Digest;
import org.jspecify.annotations.Nullable;

/**
 * The word of a timestamp authority that some bytes existed at some time (RFC 3161).
 * spec/sigstore.md#timestamps
 */
final class TimestampToken {
  private static final String TST_INFO = "1.2.840.113549.1.9.16.1.4";
  private static final int MAX_BYTES = 64 << 10;
  private static final int GRANTED_WITH_CHANGES = 1;

  private final SignedData signed;
  private final SignerInfo signer;
  private final byte[] content;
  private final TSTInfo info;

  /**
   * What an authority said.
   *
   * @param authority which one: the SHA-256 of its certificate, in base64
   */
  record Stamp(Instant time, String authority) {}

  private TimestampToken(SignedData signed, SignerInfo signer, byte[] content, TSTInfo info) {
    this.signed = signed;
    this.signer = signer;
    this.content = content;
    this.info = info;
  }

  /**
   * Reads the answer of an authority.
   *
   * @param response a TimeStampResp in DER
   */
  static TimestampToken parse(byte[] response) throws SigstoreException {
    if (response.length > MAX_BYTES) {
      throw new SigstoreException(Refusal.LIMIT, "a timestamp of " + response.length + " bytes");
    }
    try {
      ASN1Sequence parts = ASN1Sequence.getInstance(response);
      ASN1Sequence status = ASN1Sequence.getInstance(parts.getObjectAt(0));
      int granted = ASN1Integer.getInstance(status.getObjectAt(0)).intValueExact();
      if (parts.size() != 2 || granted < 0 || granted > GRANTED_WITH_CHANGES) {
        throw malformed();
      }
      ContentInfo outer = ContentInfo.getInstance(parts.getObjectAt(1));
      SignedData signed = SignedData.getInstance(outer.getContent());
      ContentInfo inner = signed.getEncapContentInfo();
      if (!outer.getContentType().equals(CMSObjectIdentifiers.signedData)
          || !inner.getContentType().getId().equals(TST_INFO)
          || signed.getSignerInfos().size() != 1) {
        throw malformed();
      }
      byte[] content = ASN1OctetString.getInstance(inner.getContent()).getOctets();
      return new TimestampToken(
          signed,
          SignerInfo.getInstance(signed.getSignerInfos().getObjectAt(0)),
          content,
          TSTInfo.getInstance(ASN1Primitive.fromByteArray(content)));
    } catch (IOException | RuntimeException e) {
      throw malformed();
    }
  }

  /**
   * When {@code stamped} existed, on the word of an authority of {@code root}; null if none of them
   * made this token.
   *
   * @throws SigstoreException if one is said to have made it, but did not, for these bytes, while
   *     it was to be believed
   */
  @Nullable Stamp verify(byte[] stamped, TrustedRoot root) throws SigstoreException {
    try {
      Instant time = info.getGenTime().getDate().toInstant();
      boolean known = false;
      for (Authority authority : root.timestampAuthorities()) {
        for (X509Certificate certificate : candidates(authority)) {
          known = true;
          if (isSignedBy(certificate) && CertificateChains.vouches(authority, certificate, time)) {
            checkImprint(stamped);
            return new Stamp(
                time, Base64.getEncoder().encodeToString(Hashes.sha256(certificate.getEncoded())));
          }
        }
      }
      if (known) {
        throw new SigstoreException(
            Refusal.TIMESTAMP,
            "the timestamp of " + time + " is not genuine, or its authority was not valid then");
      }
      return null;
    } catch (IOException | ParseException | CertificateException | RuntimeException e) {
      throw malformed();
    }
  }

  /** The certificates that the signature says it is by, out of the authority's and the token's. */
  private List<X509Certificate> candidates(Authority authority)
      throws IOException, CertificateException, SigstoreException {
    List<X509Certificate> candidates = new ArrayList<>();
    for (X509Certificate certificate : authority.chain()) {
      if (isNamed(certificate)) {
        candidates.add(certificate);
      }
    }
    ASN1Set sent = signed.getCertificates();
    X509Certificate issuer = authority.chain().get(0);
    if (candidates.isEmpty() && sent != null) {
      for (ASN1Encodable encoded : sent) {
        X509Certificate certificate =
            Authority.certificate(encoded.toASN1Primitive().getEncoded(ASN1Encoding.DER));
        if (isNamed(certificate)
            && certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
          candidates.add(certificate);
        }
      }
    }
    return candidates;
  }

  private boolean isNamed(X509Certificate certificate) throws IOException {
    ASN1Encodable id = signer.getSID().getId();
    if (id instanceof ASN1TaggedObject || id instanceof ASN1OctetString) {
      byte[] wanted =
          id instanceof ASN1OctetString octets
              ? octets.getOctets()
              : ASN1OctetString.getInstance((ASN1TaggedObject) id, false).getOctets();
      byte[] own = certificate.getExtensionValue("2.5.29.14");
      return own != null
          && Arrays.equals(
              wanted,
              ASN1OctetString.getInstance(ASN1OctetString.getInstance(own).getOctets())
                  .getOctets());
    }
    IssuerAndSerialNumber named = IssuerAndSerialNumber.getInstance(id);
    return named.getSerialNumber().getValue().equals(certificate.getSerialNumber())
        && Arrays.equals(
            named.getName().getEncoded(ASN1Encoding.DER),
            certificate.getIssuerX500Principal().getEncoded());
  }

  private boolean isSignedBy(X509Certificate certificate)
      throws IOException, CertificateException, SigstoreException {
    Digest digest = Hashes.identified(signer.getDigestAlgorithm().getAlgorithm().getId());
    if (!CertificateChains.isFor(CertificateChains.TIME_STAMPING, certificate)
        || signer.getAuthenticatedAttributes() == null
        || digest == null) {
      return false;
    }
    AttributeTable attributes = new AttributeTable(signer.getAuthenticatedAttributes());
    ASN1Encodable type = only(attributes, CMSAttributes.contentType);
    ASN1Encodable hash = only(attributes, CMSAttributes.messageDigest);
    return type != null
        && ASN1ObjectIdentifier.getInstance(type).getId().equals(TST_INFO)
        && hash != null
        && Arrays.equals(
            ASN1OctetString.getInstance(hash).getOctets(), Hashes.hash(digest, content))
        && names(attributes, certificate.getEncoded())
        && isSignature(VerifyingKey.of(certificate.getPublicKey().getEncoded()));
  }

  /** The attributes as a set, which is not how they are sent (RFC 5652, section 5.4). */
  private boolean isSignature(VerifyingKey key) throws IOException {
    byte[] attributes = signer.getAuthenticatedAttributes().getEncoded(ASN1Encoding.DER);
    byte[] signature = signer.getEncryptedDigest().getOctets();
    if (key.signed(attributes, signature)) {
      return true;
    }
    for (String name : List.of("sha384", "sha512")) {
      Digest digest = Hashes.named(name);
      if (digest != null && key.signedDigest(Hashes.hash(digest, attributes), signature)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the signed attributes name the certificate by its hash, as RFC 5816 demands. */
  private static boolean names(AttributeTable attributes, byte[] certificate) {
    ASN1Encodable second = only(attributes, PKCSObjectIdentifiers.id_aa_signingCertificateV2);
    if (second != null) {
      ESSCertIDv2 id = SigningCertificateV2.getInstance(second).getCerts()[0];
      Digest digest = Hashes.identified(id.getHashAlgorithm().getAlgorithm().getId());
      return digest != null && Arrays.equals(Hashes.hash(digest, certificate), id.getCertHash());
    }
    ASN1Encodable first = only(attributes, PKCSObjectIdentifiers.id_aa_signingCertificate);
    if (first == null) {
      return false;
    }
    ESSCertID id = org.bouncycastle.asn1.ess.SigningCertificate.getInstance(first).getCerts()[0];
    return Arrays.equals(Hashes.sha1(certificate), id.getCertHash());
  }

  private static @Nullable ASN1Encodable only(
      AttributeTable attributes, ASN1ObjectIdentifier type) {
    if (attributes.getAll(type).size() != 1) {
      return null;
    }
    Attribute attribute = attributes.get(type);
    return attribute == null || attribute.getAttrValues().size() != 1
        ? null
        : attribute.getAttrValues().getObjectAt(0);
  }

  private void checkImprint(byte[] stamped) throws SigstoreException {
    MessageImprint imprint = info.getMessageImprint();
    Digest digest = Hashes.identified(imprint.getHashAlgorithm().getAlgorithm().getId());
    if (digest == null
        || !Arrays.equals(Hashes.hash(digest, stamped), imprint.getHashedMessage())) {
      throw new SigstoreException(
          Refusal.TIMESTAMP, "the timestamp is about something other than the signature");
    }
  }

  private static SigstoreException malformed() {
    return SigstoreException.malformed("a timestamp cannot be read");
  }
}
