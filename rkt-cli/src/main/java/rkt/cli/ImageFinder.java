package rkt.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.FetchOptions;
import rkt.fetch.Fetched;
import rkt.fetch.Fetcher;
import rkt.fetch.ImageRef;
import rkt.fetch.display.Display;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.AciDependency;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.spec.store.StoredImage;
import rkt.verify.openpgp.TrustException;

/** The image that a command names: from the store, or fetched into it through the gate. */
final class ImageFinder {
  private static final String SIGNATURE = "--signature";
  private static final String IMAGE_NAME = "--image-name";

  /** What files grow by when they are unpacked, mostly. */
  private static final int UNPACKED = 4;

  private final Store store;
  private final ImageGate gate;
  private final Settings settings;
  private final Caller caller;
  private final Dependencies dependencies;
  private final boolean isAlone;
  private boolean hasBegun;

  /**
   * @param isAlone whether one image is looked for, and nothing was done before
   */
  ImageFinder(Store store, ImageGate gate, Settings settings, Caller caller, boolean isAlone) {
    this.store = store;
    this.isAlone = isAlone;
    this.gate = gate;
    this.settings = settings;
    this.caller = caller;
    this.dependencies = new Dependencies(store);
  }

  /** Options that are about one image, where a command takes several. */
  static final List<String> OF_ONE_IMAGE = List.of(SIGNATURE, IMAGE_NAME);

  /**
   * What an image must come with.
   *
   * @param signature the file with its signature; usually the one beside the image
   * @param name what it must be called, and is judged under
   * @param mostBytes how long its file may be, if somebody says so
   */
  record Expected(Optional<Path> signature, Optional<ImageName> name, OptionalLong mostBytes) {
    static Expected of(ParseResult parsed) throws UsageException {
      return of(
          parsed.matchedOptionValue(SIGNATURE, ""), parsed.matchedOptionValue(IMAGE_NAME, ""));
    }

    /** From the values of {@link #OF_ONE_IMAGE}, by the option's name. */
    static Expected of(Map<String, String> options) throws UsageException {
      return of(options.getOrDefault(SIGNATURE, ""), options.getOrDefault(IMAGE_NAME, ""));
    }

    /** Refuses what is about one image where there are {@code images}. */
    void requireOne(int images) throws UsageException {
      if (images > 1 && (signature.isPresent() || name.isPresent())) {
        throw new UsageException(
            (signature.isPresent() ? SIGNATURE : IMAGE_NAME)
                + " is about one image, and "
                + images
                + " are named",
            "name one at a time, each with its own");
      }
    }

    private static Expected of(String signature, String name) throws UsageException {
      try {
        return new Expected(
            signature.isEmpty()
                ? Optional.empty()
                : Optional.of(Path.of(signature).toAbsolutePath()),
            name.isEmpty() ? Optional.empty() : Optional.of(new ImageName(name)),
            OptionalLong.empty());
      } catch (IllegalArgumentException e) {
        throw new UsageException(IMAGE_NAME + ": " + e.getMessage(), null);
      }
    }
  }

  /** Adds the options of a fetch to a command. */
  static void describe(CommandSpec spec, FetchFlags.PullPolicy usual) {
    FetchFlags.describe(spec, usual);
    FetchFlags.text(spec, SIGNATURE, "FILE", "The signature. Usually the one beside the image.");
    FetchFlags.text(spec, IMAGE_NAME, "NAME", "What the image must be called, and is judged as.");
  }

  /** The image called {@code text}, from where the policy says. */
  Image find(String text, FetchFlags flags, Expected expected) throws RktException, IOException {
    boolean update = flags.policy() == FetchFlags.PullPolicy.UPDATE;
    if (!update) {
      Image image = unlessRemoved(store.find(text), text, expected);
      if (image != null) {
        return image;
      }
    }
    return find(ImageRef.parse(text, Path.of("").toAbsolutePath()), text, flags, expected);
  }

  /** What an ACI builds on: an appc name, even if a path is spelled like it. */
  private Image find(AciDependency dependency, FetchFlags flags) throws RktException {
    return find(
        new ImageRef.AppcName(dependency.name(), dependency.labels()),
        dependency.reference(),
        flags,
        new Expected(Optional.empty(), Optional.empty(), dependency.sizeBytes()));
  }

  private Image find(ImageRef wanted, String text, FetchFlags flags, Expected expected)
      throws RktException {
    boolean update = flags.policy() == FetchFlags.PullPolicy.UPDATE;
    ImageRef reference = expanded(wanted, flags);
    boolean offline = flags.offline() && reference.isRemote();
    if (!update || offline || isStoreOnly(reference)) {
      Image image = unlessRemoved(stored(reference), reference.lookup(), expected);
      if (image != null) {
        return image;
      }
    }
    if (flags.policy() == FetchFlags.PullPolicy.NEVER || offline || isStoreOnly(reference)) {
      throw SpecException.notFound(
          "no image \"" + text + "\" in the store",
          offline
              ? "fetch it without --offline"
              : "rkt image list shows what is there; rkt fetch takes a path, a URL, docker:// or"
                  + " oci:");
    }
    return fetch(reference, flags, expected);
  }

  /** A name without a host may be an alias. */
  private ImageRef expanded(ImageRef reference, FetchFlags flags) throws RktException {
    return reference instanceof ImageRef.AppcName name && !name.isDiscoverable()
        ? new Fetcher(store, flags.options(settings, caller)).expand(name)
        : reference;
  }

  /** The stored image that {@code reference} means. */
  private Optional<ImageId> stored(ImageRef reference) throws RktException {
    Optional<ImageId> found =
        reference.lookup().isEmpty() ? Optional.empty() : store.find(reference.lookup());
    if (!(reference instanceof ImageRef.AppcName name) || name.labels().isEmpty()) {
      return found;
    }
    if (found.isPresent() && isMet(name, store.image(found.get()))) {
      return found;
    }
    // Several images of one name and version differ in other labels: the newest that fits.
    List<StoredImage> images = store.list();
    for (int i = images.size() - 1; i >= 0; i--) {
      if (isMet(name, images.get(i).image())) {
        return Optional.of(images.get(i).image().id());
      }
    }
    return Optional.empty();
  }

  /** The image that was found; null if none was, or somebody has removed it since. */
  private @Nullable Image unlessRemoved(Optional<ImageId> found, String asked, Expected expected)
      throws RktException {
    if (found.isEmpty()) {
      return null;
    }
    try {
      return stored(found.get(), asked, expected);
    } catch (SpecException e) {
      if (store.isHere(found.get())) {
        throw e;
      }
      return null;
    }
  }

  private static boolean isMet(ImageRef.AppcName name, Image image) {
    return name.isMetBy(image.name(), image.labels());
  }

  /**
   * An image that is here already must have the name that is expected, like one that arrives. An
   * OCI image may be here under several: it is judged under the one that it is asked for by, not
   * under the last that it was fetched by.
   */
  private Image stored(ImageId id, String asked, Expected expected) throws RktException {
    if (expected.name().isEmpty()) {
      return store.image(id, asked);
    }
    Image image = store.image(id);
    ImageName name = expected.name().get();
    if (id.kind() == ImageId.Kind.OCI && isCalled(store.stored(id), name)) {
      image = image.called(name);
    }
    gate.requireStoredName(image, expected.name());
    return image;
  }

  private static boolean isCalled(StoredImage image, ImageName name) {
    for (String reference : image.references()) {
      if (name.equals(ImageName.inReference(reference))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isStoreOnly(ImageRef reference) {
    return reference instanceof ImageRef.StoreId
        || (reference instanceof ImageRef.AppcName name && !name.isDiscoverable());
  }

  private Image fetch(ImageRef reference, FetchFlags flags, Expected expected) throws RktException {
    // Of one image that is asked for again, most is here, and not worth a second compiler. Where
    // there are several, the first would be recorded twice if the second made this start over.
    boolean mayBeHere =
        isAlone && flags.policy() == FetchFlags.PullPolicy.UPDATE && !flags.trustKeys();
    if (!mayBeHere) {
      beginWorkOn(reference);
    }
    try (Display display = flags.display(caller)) {
      FetchOptions options = options(flags, expected).withProgress(display);
      if (flags.trustKeys() && reference instanceof ImageRef.AppcName name) {
        gate.trustPublishedKeys(name.name(), options);
      }
      return fetch(reference, flags, expected, options);
    }
  }

  private Image fetch(ImageRef reference, FetchFlags flags, Expected expected, FetchOptions options)
      throws RktException {
    Fetcher fetcher = new Fetcher(store, options, caller.clock());
    if (flags.policy() == FetchFlags.PullPolicy.UPDATE) {
      Image image = unlessRemoved(fetcher.current(reference), reference.lookup(), expected);
      if (image != null && isStillGood(image, reference)) {
        return image;
      }
      beginWorkOn(reference);
    }
    try (Fetched fetched = fetcher.fetch(reference)) {
      Image image =
          gate.admit(
              fetched,
              nameOf(reference, expected),
              (parent, wanted) ->
                  dependencies.of(parent, wanted, one -> find(one, flags.forDependency())));
      fetched.share(options.seed());
      return image;
    }
  }

  /** This process may start over here, once, and never after it has begun to bring an image. */
  private void beginWorkOn(ImageRef reference) throws RktException {
    if (!hasBegun) {
      caller.compilers().requireFor(isAlone ? workOf(reference) : Long.MAX_VALUE);
      hasBegun = true;
    }
  }

  /** How many bytes there are to hash and to unpack, about; nobody knows of what is elsewhere. */
  private static long workOf(ImageRef reference) {
    return switch (reference) {
      case ImageRef.AciFile(Path file) -> workOf(file);
      case ImageRef.OciArchive(Path file, _, _) -> workOf(file);
      case ImageRef.DockerArchive(Path file, _) -> workOf(file);
      default -> Long.MAX_VALUE;
    };
  }

  private static long workOf(Path file) {
    return Files.isRegularFile(file) ? UNPACKED * file.toFile().length() : Long.MAX_VALUE;
  }

  /** Whether an image that is current may be taken as it is, and is still here. */
  private boolean isStillGood(Image image, ImageRef reference) throws RktException {
    try {
      gate.recheck(store, image, hasDigest(reference));
      return true;
    } catch (TrustException e) {
      if (!hasDigest(reference)) {
        throw e; // What its registry knows of signatures is here.
      }
      return false; // Nobody has asked its registry, which may know of signatures that are newer.
    } catch (SpecException e) {
      if (store.isHere(image.id())) {
        throw e;
      }
      return false;
    }
  }

  private static boolean hasDigest(ImageRef reference) {
    return reference instanceof ImageRef.Registry registry && registry.digest().isPresent();
  }

  /** The name that the user said, if there is one that the image itself may only confirm. */
  private static Optional<ImageName> nameOf(ImageRef reference, Expected expected) {
    return expected.name().isEmpty() && reference instanceof ImageRef.AppcName appc
        ? Optional.of(appc.name())
        : expected.name();
  }

  private FetchOptions options(FetchFlags flags, Expected expected) throws RktException {
    FetchOptions options = flags.options(settings, caller);
    if (expected.signature().isPresent()) {
      options = options.withSignature(expected.signature().get());
    }
    if (expected.mostBytes().isPresent()) {
      options = options.withMostBytes(expected.mostBytes().getAsLong());
    }
    return expected.name().isPresent() ? options.withImageName(expected.name().get()) : options;
  }
}
