package rkt.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.FetchOptions;
import rkt.fetch.Fetched;
import rkt.fetch.Fetcher;
import rkt.fetch.ImageRef;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;

/** The image that a command names: from the store, or fetched into it through the gate. */
final class ImageFinder {
  private static final String SIGNATURE = "--signature";
  private static final String IMAGE_NAME = "--image-name";
  private static final String PULL_POLICY = "--pull-policy";

  private final Store store;
  private final ImageGate gate;
  private final Settings settings;
  private final Caller caller;

  ImageFinder(Store store, ImageGate gate, Settings settings, Caller caller) {
    this.store = store;
    this.gate = gate;
    this.settings = settings;
    this.caller = caller;
  }

  /** When a source is asked, rather than the store. */
  enum PullPolicy {
    /** Never: the store has it, or the command fails. */
    NEVER,
    /** If the store does not have it. */
    NEW,
    /** Always. */
    UPDATE;

    static PullPolicy of(ParseResult parsed, PullPolicy usual) throws UsageException {
      String wanted = parsed.matchedOptionValue(PULL_POLICY, usual.label());
      for (PullPolicy policy : values()) {
        if (policy.label().equals(wanted)) {
          return policy;
        }
      }
      throw new UsageException(
          PULL_POLICY + " does not know \"" + wanted + "\"", "name never, new or update");
    }

    private String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Options that are about one image, where a command takes several. */
  static final List<String> OF_ONE_IMAGE = List.of(SIGNATURE, IMAGE_NAME);

  /**
   * What an image must come with.
   *
   * @param signature the file with its signature; usually the one beside the image
   * @param name what it must be called, and is judged under
   */
  record Expected(Optional<Path> signature, Optional<ImageName> name) {
    static Expected of(ParseResult parsed) throws UsageException {
      return of(
          parsed.matchedOptionValue(SIGNATURE, ""), parsed.matchedOptionValue(IMAGE_NAME, ""));
    }

    /** From the values of {@link #OF_ONE_IMAGE}, by the option's name. */
    static Expected of(Map<String, String> options) throws UsageException {
      return of(options.getOrDefault(SIGNATURE, ""), options.getOrDefault(IMAGE_NAME, ""));
    }

    private static Expected of(String signature, String name) throws UsageException {
      try {
        return new Expected(
            signature.isEmpty()
                ? Optional.empty()
                : Optional.of(Path.of(signature).toAbsolutePath()),
            name.isEmpty() ? Optional.empty() : Optional.of(new ImageName(name)));
      } catch (IllegalArgumentException e) {
        throw new UsageException(IMAGE_NAME + ": " + e.getMessage(), null);
      }
    }
  }

  /** Adds the options of a fetch to a command. */
  static void describe(CommandSpec spec, PullPolicy usual) {
    spec.addOption(
        OptionSpec.builder(PULL_POLICY)
            .type(String.class)
            .paramLabel("POLICY")
            .description(
                "Ask the source never, for what is new, or to update. Usually "
                    + usual.label()
                    + ".")
            .build());
    spec.addOption(
        OptionSpec.builder(SIGNATURE)
            .type(String.class)
            .paramLabel("FILE")
            .description("The detached signature. Usually the one beside the image.")
            .build());
    spec.addOption(
        OptionSpec.builder(IMAGE_NAME)
            .type(String.class)
            .paramLabel("NAME")
            .description("The name that the image must have, and is judged under.")
            .build());
  }

  /** The image called {@code text}, from where the policy says. */
  Image find(String text, PullPolicy policy, Expected expected) throws RktException, IOException {
    if (policy != PullPolicy.UPDATE) {
      Optional<ImageId> found = store.find(text);
      if (found.isPresent()) {
        return stored(found.get(), expected);
      }
    }
    ImageRef reference = ImageRef.parse(text, Path.of("").toAbsolutePath());
    if (policy != PullPolicy.UPDATE || isStoreOnly(reference)) {
      Optional<ImageId> found =
          reference.lookup().isEmpty() ? Optional.empty() : store.find(reference.lookup());
      if (found.isPresent()) {
        return stored(found.get(), expected);
      }
    }
    if (policy == PullPolicy.NEVER || isStoreOnly(reference)) {
      throw SpecException.notFound(
          "no image \"" + text + "\" in the store",
          "rkt image list shows what is there; rkt fetch takes a path, a URL, docker:// or oci:");
    }
    return fetch(reference, expected);
  }

  /** An image that is here already must have the name that is expected, like one that arrives. */
  private Image stored(ImageId id, Expected expected) throws RktException {
    Image image = store.image(id);
    ImageGate.requireName(image, expected.name());
    return image;
  }

  private static boolean isStoreOnly(ImageRef reference) {
    return reference instanceof ImageRef.StoreId || reference instanceof ImageRef.AppcName;
  }

  private Image fetch(ImageRef reference, Expected expected) throws RktException {
    caller.compilers().requireFor(Long.MAX_VALUE); // nobody knows before it is here
    try (Fetched fetched = new Fetcher(store, options(expected)).fetch(reference)) {
      return gate.admit(fetched, expected.name());
    }
  }

  private FetchOptions options(Expected expected) {
    FetchOptions options =
        FetchOptions.of(caller.environment())
            .withInsecure(
                settings.insecure().contains(Settings.Insecure.HTTP),
                settings.insecure().contains(Settings.Insecure.TLS))
            .withProgress((what, bytes, reused) ->
                caller
                    .err()
                    .println(what + ": " + bytes + " bytes" + (reused ? ", here already" : "")));
    if (expected.signature().isPresent()) {
      options = options.withSignature(expected.signature().get());
    }
    return expected.name().isPresent() ? options.withImageName(expected.name().get()) : options;
  }
}
