package rkt.fetch.registries;

/**
 * A place where the image of a reference may be.
 *
 * @param host with its port, as in image names
 * @param insecure whether the configuration gives up security there: any certificate, or none
 */
public record Endpoint(String host, String repository, boolean insecure) {
  @Override
  public String toString() {
    return host + "/" + repository;
  }
}
