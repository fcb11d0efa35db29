package rkt.fetch.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Surroundings;

/**
 * Certificates for one host in {@code certs.d/HOST[:PORT]}, where podman and docker have theirs:
 * {@code *.crt} of authorities that are believed for this host, and {@code *.cert} with {@code
 * *.key}, by which it knows us. docs/fetching.md#certificates
 */
final class HostCertificates {
  private static final int LARGEST = 1 << 20;

  private final Path directory;
  private final List<Path> files;

  private HostCertificates(Path directory, List<Path> files) {
    this.directory = directory;
    this.files = files;
  }

  /** What there is for a host; empty if nothing is. The first directory that exists counts. */
  static Optional<HostCertificates> find(Origin origin, Surroundings surroundings)
      throws FetchException {
    List<Path> places = new ArrayList<>(surroundings.containers("certs.d"));
    places.add(surroundings.etc().resolve("docker/certs.d"));
    String host = origin.host();
    List<String> names = new ArrayList<>(List.of(host + ":" + origin.port()));
    if (origin.port() == 443) {
      names.add(host);
    }
    for (Path place : places) {
      for (String name : names) {
        Path directory = place.resolve(name);
        if (Files.isDirectory(directory)) {
          return Optional.of(new HostCertificates(directory, list(directory)));
        }
      }
    }
    return Optional.empty();
  }

  private static List<Path> list(Path directory) throws FetchException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
      for (Path file : all) {
        files.add(file);
      }
    } catch (IOException e) {
      throw FetchException.system("cannot read " + directory + ": " + e.getMessage(), e);
    }
    files.sort(null);
    return files;
  }

  /** The authorities. */
  List<Certificate> authorities() throws FetchException {
    List<Certificate> authorities = new ArrayList<>();
    for (Path file : files) {
      if (file.toString().endsWith(".crt")) {
        authorities.addAll(certificates(file));
      }
    }
    return authorities;
  }

  /** A key by which the host knows us, and its certificates, our own first. */
  record Client(PrivateKey key, List<Certificate> chain) {
    Client {
      chain = List.copyOf(chain);
    }
  }

  List<Client> clients() throws FetchException {
    List<Client> clients = new ArrayList<>();
    for (Path file : files) {
      if (file.toString().endsWith(".cert")) {
        String name = String.valueOf(file.getFileName());
        Path key = directory.resolve(name.substring(0, name.length() - 5) + ".key");
        if (!Files.exists(key)) {
          throw FetchException.usage(
              "there is a certificate " + file + ", but not its key",
              "put the key there as " + key.getFileName());
        }
        clients.add(new Client(key(key), List.copyOf(certificates(file))));
      }
    }
    return clients;
  }

  private static Collection<? extends Certificate> certificates(Path file) throws FetchException {
    try {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(bytes(file)));
    } catch (GeneralSecurityException e) {
      throw FetchException.usage(file + " holds no certificates: " + e.getMessage(), null);
    }
  }

  private static PrivateKey key(Path file) throws FetchException {
    return PrivateKeys.read(new String(bytes(file), StandardCharsets.ISO_8859_1), file);
  }

  private static byte[] bytes(Path file) throws FetchException {
    try {
      if (Files.size(file) > LARGEST) {
        throw FetchException.usage(file + " is too long", null);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
