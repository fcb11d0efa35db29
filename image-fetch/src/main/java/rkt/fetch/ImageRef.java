package rkt.fetch;

import java.net.URI;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;

/** What a user calls an image on the command line. spec/image.md#references */
public sealed interface ImageRef {

  /** An identifier, or the beginning of one; only the store knows it. */
  record StoreId(String text) implements ImageRef {
    @Override
    public String lookup() {
      return text;
    }
  }

  /** An ACI in a file; the path is absolute. */
  record AciFile(Path file) implements ImageRef {
    @Override
    public String lookup() {
      return "";
    }
  }

  /** An ACI that a program of another protocol fetches. */
  record Transported(URI url) implements ImageRef {
    @Override
    public String lookup() {
      return url.toString();
    }
  }

  /** An ACI on a web server. */
  record AciUrl(URI url) implements ImageRef {
    @Override
    public String lookup() {
      return url.toString();
    }
  }

  /**
   * An image in an OCI layout.
   *
   * @param tag empty for none
   */
  record OciLayout(Path directory, String tag, Optional<Digest> digest) implements ImageRef {
    @Override
    public String lookup() {
      return "";
    }
  }

  /**
   * An image in a tar of an OCI layout, compressed or not.
   *
   * @param tag empty for none
   */
  record OciArchive(Path file, String tag, Optional<Digest> digest) implements ImageRef {
    @Override
    public String lookup() {
      return "";
    }
  }

  /**
   * An image in what {@code docker save} writes.
   *
   * @param reference {@code NAME:TAG}, or {@code @} and an index; empty for the only one
   */
  record DockerArchive(Path file, String reference) implements ImageRef {
    @Override
    public String lookup() {
      return "";
    }
  }

  /** An image in the plain files of a directory. */
  record DirectoryImage(Path directory) implements ImageRef {
    @Override
    public String lookup() {
      return "";
    }
  }

  /**
   * An image in a registry.
   *
   * @param host with its port, as in image names: {@code docker.io}, {@code localhost:5000}
   * @param tag {@code latest} if there is neither a tag nor a digest; empty if only a digest
   */
  record Registry(String host, String repository, String tag, Optional<Digest> digest)
      implements ImageRef {

    /** The name that the image is judged under. */
    public ImageName name() {
      return new ImageName(host + "/" + repository);
    }

    @Override
    public String lookup() {
      return host + "/" + repository + (digest.isPresent() ? "@" + digest.get() : ":" + tag);
    }
  }

  /**
   * An appc name.
   *
   * @param labels that the image must have; {@code version} for one, in the order of writing
   */
  record AppcName(ImageName name, Map<String, String> labels) implements ImageRef {
    public AppcName {
      labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    /** Whether its first component is a host that could be asked. */
    public boolean isDiscoverable() {
      String host = name.components().getFirst();
      return host.indexOf('.') > 0 && URI.create("https://" + host).getHost() != null;
    }

    /** Whether an image of this name and these labels is what is meant. */
    public boolean isMetBy(ImageName name, Map<String, String> labels) {
      return name.equals(this.name) && labels.entrySet().containsAll(this.labels.entrySet());
    }

    @Override
    public String lookup() {
      return labels.containsKey("version") ? name + ":" + labels.get("version") : name.toString();
    }

    /** {@code NAME[:VERSION][,LABEL=VALUE]…}, with all the labels. */
    public String text() {
      StringBuilder text = new StringBuilder(lookup());
      for (Map.Entry<String, String> label : labels.entrySet()) {
        if (!label.getKey().equals("version")) {
          text.append(',').append(label.getKey()).append('=').append(label.getValue());
        }
      }
      return text.toString();
    }
  }

  /** Whether it is fetched over a network. */
  default boolean isRemote() {
    return switch (this) {
      case AciUrl _, Transported _, Registry _, AppcName _ -> true;
      case StoreId _, AciFile _, OciLayout _, OciArchive _, DockerArchive _, DirectoryImage _ ->
          false;
    };
  }

  /**
   * Reads a reference.
   *
   * @param cwd what relative paths are relative to
   * @throws RktException of class usage
   */
  static ImageRef parse(String text, Path cwd) throws RktException {
    return ImageRefParser.parse(text, cwd);
  }

  /**
   * What {@code Store.find} finds this under once it is fetched; empty for a file or a layout. No
   * {@code switch}, which Java would make anew at each start.
   */
  String lookup();
}
