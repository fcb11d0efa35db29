package rkt.verify.policy;

import org.jspecify.annotations.Nullable;
import rkt.spec.ImageName;

/**
 * For which name a statement must have been made: one that was made for another is a replay.
 * spec/policy.md#names
 */
public sealed interface SignedAs {
  /**
   * For the name of the image.
   *
   * @param unnamed whether a statement that names nothing will do
   */
  record SameName(boolean unnamed) implements SignedAs {}

  /** For this name, whatever the image is called here. */
  record OtherName(ImageName name) implements SignedAs {}

  /** For the name of the image once {@code prefix} of it is replaced by {@code signedPrefix}. */
  record Renamed(ImageName prefix, ImageName signedPrefix) implements SignedAs {}

  /** Why a statement made for {@code reference} says nothing of an image; empty if it does. */
  default String objection(ImageName image, @Nullable String reference) {
    String wanted =
        switch (this) {
          case SameName _ -> image.text();
          case OtherName(ImageName name) -> name.text();
          case Renamed(ImageName prefix, ImageName signed) ->
              prefix.covers(image)
                  ? signed.text() + image.text().substring(prefix.text().length())
                  : image.text();
        };
    if (reference == null) {
      return this instanceof SameName(boolean unnamed) && unnamed
          ? ""
          : "it does not say for which name it was made, and must be for " + wanted;
    }
    String made = DockerReference.find(reference).map(DockerReference::name).orElse("");
    return made.equals(wanted)
        ? ""
        : "it was made for \"" + reference + "\" and must be for " + wanted;
  }
}
