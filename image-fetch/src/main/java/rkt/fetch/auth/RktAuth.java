package rkt.fetch.auth;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.transport.FetchException;
import rkt.spec.RktException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.StrictJson;

/**
 * Logins in {@code auth.d} of rkt's configuration directories: {@code dockerAuth} for registries,
 * {@code auth} for web servers. A later directory wins. spec/configuration.md#auth
 */
final class RktAuth {
  private final Map<String, Credentials> registries = new HashMap<>();
  private final Map<String, Credentials> domains = new HashMap<>();
  private final Map<String, AwsSigner> signers = new HashMap<>();

  static RktAuth read(List<Path> configuration) throws RktException {
    RktAuth all = new RktAuth();
    for (Path directory : configuration) {
      RktAuth own = new RktAuth();
      for (Path file : files(directory.resolve("auth.d"))) {
        own.add(file);
      }
      all.registries.putAll(own.registries);
      // A later directory's login of one kind displaces an earlier one's of the other.
      all.domains.keySet().removeAll(own.signers.keySet());
      all.signers.keySet().removeAll(own.domains.keySet());
      all.domains.putAll(own.domains);
      all.signers.putAll(own.signers);
    }
    return all;
  }

  Optional<Credentials> registry(String host) {
    return Optional.ofNullable(registries.get(host));
  }

  /**
   * @param host with its port, if that is not the usual one
   */
  Optional<Credentials> domain(String host) {
    return Optional.ofNullable(domains.get(host));
  }

  /** What signs requests to {@code host}, written like that of {@link #domain}. */
  Optional<AwsSigner> signer(String host) {
    return Optional.ofNullable(signers.get(host));
  }

  /** Regular files that end in .json, in order. */
  private static List<Path> files(Path directory) throws FetchException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.json")) {
      for (Path file : all) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          files.add(file);
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw FetchException.system("cannot read " + directory + ": " + e.getMessage(), e);
    }
    files.sort(null);
    return files;
  }

  private void add(Path file) throws RktException {
    byte[] bytes;
    try {
      if (Files.size(file) > StrictJson.MAX_BYTES) {
        throw FetchException.usage(file + " is too long for a configuration file", null);
      }
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
    JsonObject json = Secrets.parse(bytes, file.toString());
    if (!json.string("rktVersion").equals("v1")) {
      throw FetchException.usage(file + " is of an unknown rktVersion", "v1");
    }
    JsonObject secrets = json.object("credentials");
    switch (json.string("rktKind")) {
      case "dockerAuth" ->
          put(
              registries,
              json.strings("registries"),
              Credentials.password(
                  secrets.string("user"), secrets.string("password"), file.toString()),
              file);
      case "auth" -> {
        if (json.string("type").equals("aws")) {
          sign(json.strings("domains"), secrets, file);
          return;
        }
        Credentials credentials =
            switch (json.string("type")) {
              case "basic" ->
                  Credentials.password(
                      secrets.string("user"), secrets.string("password"), file.toString());
              case "oauth" -> Credentials.bearer(secrets.string("token"), file.toString());
              default ->
                  throw FetchException.usage(
                      file + " asks for a login of type " + json.string("type"),
                      "basic, oauth and aws are known");
            };
        for (String host : json.strings("domains")) {
          if (signers.containsKey(host)) {
            throw second(host, file);
          }
        }
        put(domains, json.strings("domains"), credentials, file);
      }
      default ->
          throw FetchException.usage(
              file + " is of rktKind " + json.string("rktKind"), "auth or dockerAuth");
    }
  }

  private void sign(List<String> hosts, JsonObject secrets, Path file) throws RktException {
    AwsSigner signer =
        new AwsSigner(
            secrets.string("accessKeyID"),
            secrets.string("secretAccessKey"),
            secrets.findString("awsRegion").orElse(""));
    for (String host : hosts) {
      if (domains.containsKey(host) || signers.put(host, signer) != null) {
        throw second(host, file);
      }
    }
  }

  private static FetchException second(String host, Path file) {
    return FetchException.usage(
        host + " has a second login in " + file, "one for each host in a directory");
  }

  private static void put(
      Map<String, Credentials> all, List<String> hosts, Credentials credentials, Path file)
      throws FetchException {
    for (String host : hosts) {
      if (all.put(host, credentials) != null) {
        throw second(host, file);
      }
    }
  }
}
