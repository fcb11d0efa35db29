package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.SignedData;
import org.bouncycastle.asn1.cms.SignerIdentifier;
import org.bouncycastle.asn1.cms.SignerInfo;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.tsp.MessageImprint;
import org.bouncycastle.asn1.tsp.TSTInfo;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.TBSCertificate;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.jspecify.annotations.Nullable;

/** An instance of sigstore of our own: authorities and logs with real keys, and what they sign. */
final class Instance {
  static final Instant SIGNED = Instant.parse("2026-06-01T12:00:00Z");
  static final String ISSUER = "https://accounts.example.com";
  static final String SUBJECT = "ann@example.com";

  private static final Instant START = Instant.parse("2025-01-01T00:00:00Z");
  private static final Instant END = Instant.parse("2035-01-01T00:00:00Z");
  private static final AlgorithmIdentifier ECDSA =
      new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
  private static final AlgorithmIdentifier SHA256 =
      new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256);

  /** A certificate, its key, and who issued it. */
  record Holder(X509Certificate certificate, KeyPair keys) {}

  /** A log. */
  record Log(String name, KeyPair keys, String algorithm) {
    byte[] id() {
      return Hashes.sha256(keys.getPublic().getEncoded());
    }

    byte[] sign(byte[] bytes) throws Exception {
      return Instance.sign(algorithm, keys.getPrivate(), bytes);
    }
  }

  /** What a certificate for signing is to say. */
  static final class Leaf {
    Instant start = SIGNED.minusSeconds(60);
    Instant end = SIGNED.plusSeconds(540);
    KeyPurposeId purpose = KeyPurposeId.id_kp_codeSigning;
    boolean authority = false;
    GeneralName[] names = {new GeneralName(GeneralName.rfc822Name, SUBJECT)};
    @Nullable String issuer = ISSUER;
    @Nullable String oldIssuer = ISSUER;
    KeyPair keys = ec("secp256r1");
    @Nullable Log log;
    boolean forgedTimestamp = false;
    Instant logged = SIGNED.minusSeconds(60);
  }

  final Holder root;
  final Holder intermediate;
  final Holder stampRoot;
  final Holder stamp;
  final Log certificateLog = new Log("ct.example.com", ec("secp256r1"), "SHA256withECDSA");
  final Log log = new Log("rekor.example.com", ec("secp256r1"), "SHA256withECDSA");
  final Log edLog = new Log("rekor2.example.com", generate("Ed25519"), "Ed25519");

  Instance() throws Exception {
    this(END);
  }

  Instance(Instant intermediateEnd) throws Exception {
    root = authority("CN=root", null, END, null);
    intermediate =
        authority("CN=intermediate", root, intermediateEnd, KeyPurposeId.id_kp_codeSigning);
    stampRoot = authority("CN=stamp root", null, END, null);
    stamp = stamper(KeyPurposeId.id_kp_timeStamping);
  }

  /** The root file; {@code validity} is {@code "start":…,"end":…} of all its parts. */
  String trustedRoot(String validity) throws Exception {
    return "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\",\"tlogs\":["
        + log(log, validity)
        + ","
        + log(edLog, validity)
        + "],\"ctlogs\":["
        + log(certificateLog, validity)
        + "],\"certificateAuthorities\":["
        + authority(validity, intermediate, root)
        + "],\"timestampAuthorities\":["
        + authority(validity, stamp, stampRoot)
        + "]}";
  }

  TrustedRoot trustedRoot() throws Exception {
    return TrustedRoot.parse(
        trustedRoot("\"start\":\"2025-01-01T00:00:00Z\"").getBytes(UTF_8), "root");
  }

  private static String log(Log log, String validity) {
    return "{\"baseUrl\":\"https://"
        + log.name()
        + "\",\"publicKey\":{\"rawBytes\":\""
        + base64(log.keys().getPublic().getEncoded())
        + "\",\"validFor\":{"
        + validity
        + "}},\"logId\":{\"keyId\":\""
        + base64(log.id())
        + "\"}}";
  }

  private static String authority(String validity, Holder... chain) throws Exception {
    List<String> certificates = new ArrayList<>();
    for (Holder holder : chain) {
      certificates.add("{\"rawBytes\":\"" + base64(holder.certificate().getEncoded()) + "\"}");
    }
    return "{\"certChain\":{\"certificates\":["
        + String.join(",", certificates)
        + "]},\"validFor\":{"
        + validity
        + "}}";
  }

  /** A certificate for signing, with the promise of a log inside. */
  Holder leaf(Leaf leaf) throws Exception {
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    extensions.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    extensions.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(leaf.purpose));
    if (leaf.authority) {
      extensions.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
    }
    extensions.addExtension(Extension.subjectAlternativeName, true, new GeneralNames(leaf.names));
    if (leaf.oldIssuer != null) {
      extensions.addExtension(
          new ASN1ObjectIdentifier("1.3.6.1.4.1.57264.1.1"), false, leaf.oldIssuer.getBytes(UTF_8));
    }
    if (leaf.issuer != null) {
      extensions.addExtension(
          new ASN1ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), false, new DERUTF8String(leaf.issuer));
    }
    byte[] before = tbs(new X500Name(new RDN[0]), leaf, extensions).getEncoded();
    Log witness = leaf.log == null ? certificateLog : leaf.log;
    extensions.addExtension(
        new ASN1ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"),
        false,
        new DEROctetString(timestamps(witness, before, leaf)));
    byte[] signed = tbs(new X500Name(new RDN[0]), leaf, extensions).getEncoded();
    return new Holder(certificate(signed, intermediate.keys().getPrivate()), leaf.keys);
  }

  private byte[] timestamps(Log witness, byte[] tbs, Leaf leaf) throws Exception {
    ByteBuffer signed = ByteBuffer.allocate(12 + 32 + 3 + tbs.length + 2);
    signed.putShort((short) 0).putLong(leaf.logged.toEpochMilli()).putShort((short) 1);
    signed.put(Hashes.sha256(intermediate.keys().getPublic().getEncoded()));
    signed.put((byte) (tbs.length >> 16)).putShort((short) tbs.length).put(tbs).putShort((short) 0);
    byte[] signature = witness.sign(signed.array());
    if (leaf.forgedTimestamp) {
      signature[signature.length - 1] ^= 1;
    }
    int length = 1 + 32 + 8 + 2 + 2 + 2 + signature.length;
    ByteBuffer list = ByteBuffer.allocate(4 + length);
    list.putShort((short) (length + 2)).putShort((short) length).put((byte) 0).put(witness.id());
    list.putLong(leaf.logged.toEpochMilli()).putShort((short) 0).putShort((short) 0x0403);
    list.putShort((short) signature.length).put(signature);
    return list.array();
  }

  private TBSCertificate tbs(X500Name subject, Leaf leaf, ExtensionsGenerator extensions) {
    return tbs(
        subject, new X500Name("CN=intermediate"), leaf.keys, leaf.start, leaf.end, extensions);
  }

  private Holder authority(
      String name, @Nullable Holder issuer, Instant end, @Nullable KeyPurposeId purpose)
      throws Exception {
    KeyPair keys = ec("secp256r1");
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    extensions.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
    extensions.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
    if (purpose != null) {
      extensions.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
    }
    X500Name subject = new X500Name(name);
    X500Name by =
        issuer == null
            ? subject
            : X500Name.getInstance(issuer.certificate().getSubjectX500Principal().getEncoded());
    byte[] tbs = tbs(subject, by, keys, START, end, extensions).getEncoded();
    PrivateKey key = issuer == null ? keys.getPrivate() : issuer.keys().getPrivate();
    return new Holder(certificate(tbs, key), keys);
  }

  /** Somebody whom the root of timestamps certified for {@code purpose}. */
  Holder stamper(KeyPurposeId purpose) throws Exception {
    KeyPair keys = ec("secp256r1");
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    extensions.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    extensions.addExtension(Extension.extendedKeyUsage, true, new ExtendedKeyUsage(purpose));
    byte[] tbs =
        tbs(new X500Name("CN=stamp"), new X500Name("CN=stamp root"), keys, START, END, extensions)
            .getEncoded();
    return new Holder(certificate(tbs, stampRoot.keys().getPrivate()), keys);
  }

  private static TBSCertificate tbs(
      X500Name subject,
      X500Name issuer,
      KeyPair keys,
      Instant start,
      Instant end,
      ExtensionsGenerator extensions) {
    V3TBSCertificateGenerator generator = new V3TBSCertificateGenerator();
    generator.setSerialNumber(
        new ASN1Integer(new BigInteger(1, Hashes.sha256(keys.getPublic().getEncoded()))));
    generator.setSignature(ECDSA);
    generator.setIssuer(issuer);
    generator.setSubject(subject);
    generator.setStartDate(new Time(Date.from(start)));
    generator.setEndDate(new Time(Date.from(end)));
    generator.setSubjectPublicKeyInfo(
        SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
    generator.setExtensions(extensions.generate());
    return generator.generateTBSCertificate();
  }

  private static X509Certificate certificate(byte[] tbs, PrivateKey issuer) throws Exception {
    ASN1EncodableVector parts = new ASN1EncodableVector();
    parts.add(ASN1Primitive.fromByteArray(tbs));
    parts.add(ECDSA);
    parts.add(new DERBitString(sign("SHA256withECDSA", issuer, tbs)));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(new DERSequence(parts).getEncoded()));
  }

  /** A TimeStampResp; with the certificate inside if {@code sends}. */
  static byte[] timestamp(Holder by, byte[] stamped, Instant time, boolean sends) throws Exception {
    byte[] info =
        new TSTInfo(
                new ASN1ObjectIdentifier("1.2.3.4"),
                new MessageImprint(SHA256, Hashes.sha256(stamped)),
                new ASN1Integer(7),
                new ASN1GeneralizedTime(Date.from(time)),
                null,
                null,
                null,
                null,
                null)
            .getEncoded();
    ASN1ObjectIdentifier type = PKCSObjectIdentifiers.id_ct_TSTInfo;
    byte[] certificate = by.certificate().getEncoded();
    ASN1EncodableVector attributes = new ASN1EncodableVector();
    attributes.add(new Attribute(CMSAttributes.contentType, new DERSet(type)));
    attributes.add(
        new Attribute(
            CMSAttributes.messageDigest, new DERSet(new DEROctetString(Hashes.sha256(info)))));
    attributes.add(
        new Attribute(
            PKCSObjectIdentifiers.id_aa_signingCertificateV2,
            new DERSet(new SigningCertificateV2(new ESSCertIDv2(Hashes.sha256(certificate))))));
    DERSet signed = new DERSet(attributes);
    SignerInfo signer =
        new SignerInfo(
            new SignerIdentifier(
                new IssuerAndSerialNumber(
                    X500Name.getInstance(by.certificate().getIssuerX500Principal().getEncoded()),
                    by.certificate().getSerialNumber())),
            SHA256,
            signed,
            ECDSA,
            new DEROctetString(
                sign("SHA256withECDSA", by.keys().getPrivate(), signed.getEncoded())),
            null);
    SignedData data =
        new SignedData(
            new DERSet(SHA256),
            new ContentInfo(type, new DEROctetString(info)),
            sends ? new DERSet(ASN1Primitive.fromByteArray(certificate)) : null,
            null,
            new DERSet(signer));
    ASN1EncodableVector response = new ASN1EncodableVector();
    response.add(new DERSequence(new ASN1Integer(0)));
    response.add(new ContentInfo(CMSObjectIdentifiers.signedData, data));
    return new DERSequence(response).getEncoded();
  }

  /** An entry of a log among others, with its promise if {@code time} is not null. */
  static String entry(Log log, String kind, String version, String body, @Nullable Instant time)
      throws Exception {
    byte[] bytes = body.getBytes(UTF_8);
    long seconds = time == null ? 0 : time.getEpochSecond();
    byte[] leaf = Hashes.sha256(new byte[] {0}, bytes);
    byte[] left = Hashes.sha256("another".getBytes(UTF_8));
    byte[] right = Hashes.sha256("a third".getBytes(UTF_8));
    // Leaf 1 of three: its sibling is 0, and 2 stands alone.
    byte[] top = Hashes.sha256(new byte[] {1}, Hashes.sha256(new byte[] {1}, left, leaf), right);
    String note = log.name() + "\n3\n" + base64(top) + "\n";
    ByteArrayOutputStream signature = new ByteArrayOutputStream();
    signature.writeBytes(Arrays.copyOf(log.id(), 4));
    signature.writeBytes(log.sign(note.getBytes(UTF_8)));
    String checkpoint =
        note + "\n\u2014 " + log.name() + " " + base64(signature.toByteArray()) + "\n";
    return "{\"logIndex\":\"5\",\"logId\":{\"keyId\":\""
        + base64(log.id())
        + "\"},\"kindVersion\":{\"kind\":\""
        + kind
        + "\",\"version\":\""
        + version
        + "\"},\"integratedTime\":\""
        + seconds
        + "\""
        + (time == null
            ? ""
            : ",\"inclusionPromise\":{\"signedEntryTimestamp\":\""
                + base64(promise(log, bytes, seconds))
                + "\"}")
        + ",\"inclusionProof\":{\"logIndex\":\"1\",\"treeSize\":\"3\",\"rootHash\":\""
        + base64(top)
        + "\",\"hashes\":[\""
        + base64(left)
        + "\",\""
        + base64(right)
        + "\"],\"checkpoint\":{\"envelope\":\""
        + checkpoint.replace("\n", "\\n")
        + "\"}},\"canonicalizedBody\":\""
        + base64(bytes)
        + "\"}";
  }

  /** What cosign puts into an annotation. */
  static String annotation(Log log, String body, Instant time) throws Exception {
    byte[] bytes = body.getBytes(UTF_8);
    return "{\"SignedEntryTimestamp\":\""
        + base64(promise(log, bytes, time.getEpochSecond()))
        + "\",\"Payload\":{\"body\":\""
        + base64(bytes)
        + "\",\"integratedTime\":"
        + time.getEpochSecond()
        + ",\"logIndex\":5,\"logID\":\""
        + HexFormat.of().formatHex(log.id())
        + "\"}}";
  }

  private static byte[] promise(Log log, byte[] body, long seconds) throws Exception {
    return log.sign(
        ("{\"body\":\""
                + base64(body)
                + "\",\"integratedTime\":"
                + seconds
                + ",\"logID\":\""
                + HexFormat.of().formatHex(log.id())
                + "\",\"logIndex\":5}")
            .getBytes(UTF_8));
  }

  static byte[] sign(String algorithm, PrivateKey key, byte[] bytes) throws Exception {
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(bytes);
    return signature.sign();
  }

  static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  static KeyPair ec(String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyPair generate(String algorithm) {
    try {
      return KeyPairGenerator.getInstance(algorithm).generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
