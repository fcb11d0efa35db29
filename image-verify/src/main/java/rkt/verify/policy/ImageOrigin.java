package rkt.verify.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.ImageName;

/**
 * Where an image came from, as containers-policy.json(5) calls it. spec/policy.md#containers
 *
 * @param transport {@code docker}, {@code oci} and so on; empty for one that only rkt has
 * @param references by which name and tag, or digest, it was asked for; empty if its transport has
 *     no names. Several if one image was fetched under several: each of them must be accepted
 * @param path where it is, for a transport of files; else empty
 */
public record ImageOrigin(String transport, List<DockerReference> references, String path) {
  public ImageOrigin {
    references = List.copyOf(references);
  }

  /** An image that other tools know no transport for. */
  public static final ImageOrigin OTHER = new ImageOrigin("", List.of(), "");

  /**
   * The origin of an image.
   *
   * @param source where it came from, as the store has it: {@code docker://…}, {@code oci:…}
   * @param name that it is judged under
   * @param references under which the store finds it
   * @param manifest the digest of its manifest: how it was asked for, if no reference leads to it
   */
  public static ImageOrigin of(
      String source, ImageName name, List<String> references, Digest manifest) {
    if (source.startsWith("docker://")) {
      List<DockerReference> asked = new ArrayList<>();
      for (String text : references) {
        Optional<DockerReference> reference = DockerReference.find(text);
        if (reference.isPresent() && reference.get().name().equals(name.text())) {
          asked.add(reference.get());
        }
      }
      if (asked.isEmpty()) {
        asked.add(new DockerReference(name.text(), "", manifest.toString()));
      }
      return new ImageOrigin("docker", asked, "");
    }
    for (String transport : List.of("oci", "oci-archive", "docker-archive", "dir")) {
      if (source.startsWith(transport + ":")) {
        return new ImageOrigin(transport, List.of(), source.substring(transport.length() + 1));
      }
    }
    return OTHER;
  }

  /** Each identity of the image, with all scopes that cover it, the most specific first. */
  List<Identity> identities() {
    List<Identity> identities = new ArrayList<>();
    for (DockerReference reference : references) {
      List<String> scopes = new ArrayList<>();
      scopes.add(reference.toString());
      for (String name = reference.name(); !name.isEmpty(); name = parent(name)) {
        scopes.add(name);
      }
      addWildcards(reference.name(), scopes);
      identities.add(new Identity(Optional.of(reference), scopes));
    }
    if (identities.isEmpty()) {
      List<String> scopes = new ArrayList<>();
      for (String at = path; at.startsWith("/") && at.length() > 1; at = parent(at)) {
        scopes.add(at);
        int tag = scopes.size() == 1 && transport.startsWith("oci") ? at.lastIndexOf(':') : -1;
        if (tag > at.lastIndexOf('/')) {
          scopes.add(at.substring(0, tag));
        }
      }
      identities.add(new Identity(Optional.empty(), scopes));
    }
    return identities;
  }

  /**
   * One way to call the image.
   *
   * @param reference empty if its transport has no names
   */
  record Identity(Optional<DockerReference> reference, List<String> scopes) {
    Identity {
      scopes = List.copyOf(scopes);
    }
  }

  private static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  /** {@code *.example.com} and {@code *.com} for a name on {@code reg.example.com:5000}. */
  private static void addWildcards(String name, List<String> scopes) {
    int slash = name.indexOf('/');
    String host = slash < 0 ? name : name.substring(0, slash);
    int port = host.indexOf(':');
    String domain = port < 0 ? host : host.substring(0, port);
    for (int dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.')) {
      domain = domain.substring(dot + 1);
      scopes.add("*." + domain);
    }
  }
}
