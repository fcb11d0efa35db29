package rkt.tests.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import rkt.spec.RktException;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rules;
import rkt.verify.openpgp.SignatureFacts;
import rkt.verify.openpgp.SimpleSigning;

/**
 * OpenPGP files, with what must be true of them. Nobody can make a signature by chance: what is
 * accepted holds, byte for byte, one that the owner of the key made. spec/trust.md#exactness
 */
final class Signatures {
  private static final Instant NOW = Instant.parse("2024-03-01T00:00:00Z");
  private static final List<Case> CASES = cases();

  /** A vector: who signed what, and how. */
  private record Case(Optional<KeyFacts> certificate, String data, List<byte[]> packets) {}

  private Signatures() {}

  private static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    try {
      for (Path directory : vectors()) {
        byte[] key = Files.readAllBytes(directory.resolve("key.asc"));
        byte[] signature = Files.readAllBytes(directory.resolve("data.asc"));
        cases.add(
            new Case(
                facts(key),
                Files.readString(directory.resolve("data")),
                signatures(binary(signature))));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return cases;
  }

  /** The packets of a file of signatures; none of one that is something else. */
  private static List<byte[]> signatures(byte[] file) {
    return packets(file).stream()
        .filter(body -> body.length > 60)
        .filter(Signatures::isModern)
        .toList();
  }

  private static boolean isModern(byte[] body) {
    return body[0] == 4 || body[0] == 6;
  }

  private static Optional<KeyFacts> facts(byte[] key) {
    try {
      return Optional.of(KeyFacts.parse(key, "key.asc"));
    } catch (RktException e) {
      return Optional.empty(); // one of those that are to be refused
    }
  }

  private static List<Path> vectors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("../spec/vectors/trust"))) {
      return all.filter(Files::isDirectory).sorted().toList();
    }
  }

  /** A file of every vector, as it is and without its armor. */
  static List<byte[]> both(String name) throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (Path directory : vectors()) {
      byte[] file = Files.readAllBytes(directory.resolve(name));
      seeds.add(file);
      seeds.add(binary(file));
    }
    return seeds;
  }

  /** The evidence of every vector that has one. */
  static List<byte[]> evidence() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (Path directory : vectors()) {
      Path signature = directory.resolve("data.asc");
      evidence(Files.readAllBytes(signature), directory.resolve("data")).ifPresent(seeds::add);
    }
    return seeds;
  }

  private static Optional<byte[]> evidence(byte[] signature, Path data) {
    try {
      return Optional.of(Evidence.collect(signature, data).toJson());
    } catch (RktException e) {
      return Optional.empty(); // one of those that are to be refused
    }
  }

  /** Messages that hold what they sign, none of which is of an image. */
  static List<byte[]> messages() throws IOException {
    Path file = Path.of("../spec/vectors/trust/inline/data.asc");
    return List.of(binary(Files.readAllBytes(file)), both("data.asc").get(1));
  }

  static void message(byte[] input) {
    Statement statement = new Statement(Statement.Kind.OPENPGP_MESSAGE, input, Map.of());
    List<KeyFacts> certificates =
        CASES.stream().flatMap(one -> one.certificate().stream()).distinct().toList();
    SimpleSigning.Checked checked = SimpleSigning.check(statement, certificates, NOW);
    FuzzTarget.require(checked.claim().isEmpty(), "accepted, and nobody made it");
  }

  static void certificate(byte[] input) throws RktException {
    KeyFacts facts = KeyFacts.parse(input, "the input");
    FuzzTarget.require(
        KeyFacts.fromJson(facts.toJson()).equals(Optional.of(facts)), "its JSON says another");
    byte[] kept = KeyFacts.minimal(input, "the input");
    KeyFacts again = KeyFacts.parse(kept, "what is kept");
    FuzzTarget.require(
        again.components().equals(facts.components()) && again.userIds().equals(facts.userIds()),
        "what is kept of it says another");
    Rules.state(facts, NOW);
    Rules.expires(facts, NOW);
  }

  static void signature(byte[] input) throws RktException {
    for (Case one : CASES) {
      if (one.certificate().isEmpty()) {
        continue;
      }
      Evidence evidence = Evidence.collect(input, one.data().getBytes(UTF_8));
      Evidence stored = Evidence.fromJson(evidence.toJson(), "what was written");
      FuzzTarget.require(stored.equals(evidence), "its JSON says another");
      for (int i = 0; i < evidence.signatures().size(); i++) {
        SignatureFacts signature = evidence.signatures().get(i);
        for (KeyFacts.Component key : one.certificate().get().components()) {
          if (Rules.judge(signature, one.certificate().get(), key, NOW).isValid()) {
            requireOfTheOwner(packets(isArmored(input) ? binary(input) : input).get(i), key);
          }
        }
      }
    }
  }

  /** But for the names of its issuer, the packet is one of the vectors; and those are the key's. */
  private static void requireOfTheOwner(byte[] packet, KeyFacts.Component key) {
    boolean known = false;
    for (Case one : CASES) {
      for (byte[] vector : one.packets()) {
        known |= Arrays.equals(signed(packet), signed(vector));
      }
    }
    FuzzTarget.require(known, "accepted, and nobody made it");
    byte[] issuers = unsigned(packet);
    for (int at = 0; at < issuers.length; at += 1 + issuers[at]) {
      byte[] named = Arrays.copyOfRange(issuers, at + 1, at + 1 + issuers[at]);
      String issuer = HexFormat.of().formatHex(named);
      FuzzTarget.require(
          issuer.equals("10" + key.keyId())
              || issuer.equals("21%02x%s".formatted(key.version(), key.fingerprint())),
          "accepted, with an issuer that nobody compared: " + issuer);
    }
  }

  /** Where the unsigned part of a signature packet begins, behind its length. */
  private static int unsignedAt(byte[] packet) {
    boolean isLong = packet[0] == 6;
    ByteBuffer bytes = ByteBuffer.wrap(packet).position(4);
    int hashed = isLong ? bytes.getInt() : bytes.getShort();
    return bytes.position() + hashed + (isLong ? 4 : 2);
  }

  private static byte[] unsigned(byte[] packet) {
    int at = unsignedAt(packet);
    ByteBuffer bytes = ByteBuffer.wrap(packet);
    int length = packet[0] == 6 ? bytes.getInt(at - 4) : bytes.getShort(at - 2);
    return Arrays.copyOfRange(packet, at, at + length);
  }

  /** A packet without its unsigned part. */
  private static byte[] signed(byte[] packet) {
    int at = unsignedAt(packet);
    int length = unsigned(packet).length;
    int before = at - (packet[0] == 6 ? 4 : 2);
    return ByteBuffer.allocate(packet.length - length - at + before)
        .put(packet, 0, before)
        .put(packet, at + length, packet.length - at - length)
        .array();
  }

  private static boolean isArmored(byte[] file) {
    return (file[0] & 0x80) == 0;
  }

  /** The bytes in the first armor of a file. */
  private static byte[] binary(byte[] file) {
    StringBuilder text = new StringBuilder();
    boolean hasBegun = false;
    boolean inBody = false;
    for (String line : new String(file, UTF_8).lines().toList()) {
      if (inBody && (line.startsWith("=") || line.startsWith("-----END"))) {
        break;
      }
      if (inBody) {
        text.append(line.strip());
      }
      hasBegun |= line.startsWith("-----BEGIN");
      inBody |= hasBegun && line.isBlank();
    }
    int whole = text.length() / 4 * 4; // a broken one is a seed too
    try {
      return Base64.getMimeDecoder().decode(text.substring(0, whole));
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  /** The bodies of the packets; none of those that are of no definite length. */
  private static List<byte[]> packets(byte[] file) {
    List<byte[]> packets = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(file);
    while (bytes.remaining() > 5) {
      int head = bytes.get() & 0xff;
      int length = (head & 0x40) == 0 ? oldLength(head & 3, bytes) : length(bytes);
      if (length < 0 || length > bytes.remaining()) {
        break;
      }
      byte[] body = new byte[length];
      bytes.get(body);
      packets.add(body);
    }
    return packets;
  }

  private static int oldLength(int form, ByteBuffer bytes) {
    return switch (form) {
      case 0 -> bytes.get() & 0xff;
      case 1 -> bytes.getShort() & 0xffff;
      case 2 -> bytes.getInt();
      default -> -1;
    };
  }

  private static int length(ByteBuffer bytes) {
    int first = bytes.get() & 0xff;
    if (first < 192) {
      return first;
    }
    if (first < 224) {
      return ((first - 192) << 8) + (bytes.get() & 0xff) + 192;
    }
    return first == 255 ? bytes.getInt() : -1;
  }
}
