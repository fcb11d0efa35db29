package rkt.verify.policy;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * For which name a signature must have been made, as {@code signedIdentity} of
 * containers-policy.json(5) says it.
 */
sealed interface SignedIdentity {
  /** For exactly the reference of the image. */
  record MatchExact() implements SignedIdentity {}

  /** The same; of an image that was asked for by digest, for its repository. */
  record MatchRepoDigestOrExact() implements SignedIdentity {}

  /** For the repository of the image. */
  record MatchRepository() implements SignedIdentity {}

  /** For exactly this reference. */
  record ExactReference(DockerReference reference) implements SignedIdentity {}

  /** For this repository. */
  record ExactRepository(String repository) implements SignedIdentity {}

  /** Like {@link MatchRepoDigestOrExact}, with the beginning of the image's name replaced. */
  record RemapIdentity(String prefix, String signedPrefix) implements SignedIdentity {}

  /**
   * Whether a signature for {@code signed} is one for the image.
   *
   * @param image empty if its transport has no names
   */
  default boolean accepts(Optional<DockerReference> image, @Nullable String signed) {
    Optional<DockerReference> made =
        signed == null ? Optional.empty() : DockerReference.find(signed);
    if (made.isEmpty()) {
      return false;
    }
    return switch (this) {
      case MatchExact _ -> image.isPresent() && isExact(image.get(), made.get());
      case MatchRepoDigestOrExact _ ->
          image.isPresent() && isRepoDigestOrExact(image.get(), made.get());
      case MatchRepository _ -> image.isPresent() && image.get().name().equals(made.get().name());
      case ExactReference(DockerReference reference) -> isExact(reference, made.get());
      case ExactRepository(String repository) -> repository.equals(made.get().name());
      case RemapIdentity(String prefix, String signedPrefix) ->
          image.isPresent()
              && isRepoDigestOrExact(remapped(image.get(), prefix, signedPrefix), made.get());
    };
  }

  private static boolean isExact(DockerReference image, DockerReference made) {
    return !image.isNameOnly() && !made.isNameOnly() && image.toString().equals(made.toString());
  }

  private static boolean isRepoDigestOrExact(DockerReference image, DockerReference made) {
    if (!image.tag().isEmpty()) {
      return isExact(image, made);
    }
    return !image.digest().isEmpty() && !made.isNameOnly() && image.name().equals(made.name());
  }

  private static DockerReference remapped(
      DockerReference image, String prefix, String signedPrefix) {
    boolean covers = image.name().equals(prefix) || image.name().startsWith(prefix + "/");
    return covers
        ? new DockerReference(
            signedPrefix + image.name().substring(prefix.length()), image.tag(), image.digest())
        : image;
  }
}
