package rkt.fetch;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.transport.Patience;
import rkt.fetch.transport.Progress;
import rkt.spec.ImageName;
import rkt.spec.image.Platform;

/**
 * How to fetch.
 *
 * @param insecureHttp whether {@code --insecure-options=http} lets plain HTTP be used
 * @param insecureTls whether {@code --insecure-options=tls} lets any certificate do
 * @param signature a file with a detached signature, instead of the one beside the image
 * @param imageName the name to judge an image of an OCI layout under
 * @param environment where DOCKER_CONFIG, HOME, SSL_CERT_FILE and the proxies are looked up
 */
public record FetchOptions(
    boolean insecureHttp,
    boolean insecureTls,
    Optional<Path> signature,
    Optional<ImageName> imageName,
    Platform platform,
    Patience patience,
    Progress progress,
    Map<String, String> environment) {

  public FetchOptions {
    environment = Map.copyOf(environment);
  }

  /** Everything secure, for this machine, in silence. */
  public static FetchOptions of(Map<String, String> environment) {
    return new FetchOptions(
        false,
        false,
        Optional.empty(),
        Optional.empty(),
        Platform.host(),
        Patience.DEFAULT,
        Progress.NONE,
        environment);
  }

  public FetchOptions withInsecure(boolean http, boolean tls) {
    return new FetchOptions(
        http, tls, signature, imageName, platform, patience, progress, environment);
  }

  public FetchOptions withSignature(Path file) {
    return new FetchOptions(
        insecureHttp,
        insecureTls,
        Optional.of(file),
        imageName,
        platform,
        patience,
        progress,
        environment);
  }

  public FetchOptions withImageName(ImageName name) {
    return new FetchOptions(
        insecureHttp,
        insecureTls,
        signature,
        Optional.of(name),
        platform,
        patience,
        progress,
        environment);
  }

  public FetchOptions withPatience(Patience patience) {
    return new FetchOptions(
        insecureHttp, insecureTls, signature, imageName, platform, patience, progress, environment);
  }

  public FetchOptions withProgress(Progress progress) {
    return new FetchOptions(
        insecureHttp, insecureTls, signature, imageName, platform, patience, progress, environment);
  }
}
