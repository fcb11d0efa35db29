package rkt.fetch.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Retry;
import rkt.fetch.statement.FoundStatement;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;
import rkt.spec.json.StrictJson;
import rkt.spec.store.Statements;

/**
 * What a registry has of signatures and attestations beside an image: what refers to it, the tags
 * that cosign makes of its digest, and the signature extension. docs/fetching.md#statements
 */
public final class RegistryStatements {
  /** More than any image needs, and less than would keep us busy. */
  private static final int MOST = 32;

  private static final int AT_ONCE = 4;

  private static final int LARGEST_SIGNATURE = 4 << 20;

  private final RegistrySource registry;
  private final Referrers referrers;

  public RegistryStatements(RegistrySource registry) {
    this.registry = registry;
    this.referrers = new Referrers(registry);
  }

  /**
   * What was found.
   *
   * @param signature the detached OpenPGP signature that is listed last
   */
  public record Found(Optional<FoundStatement.Content> signature, List<FoundStatement> statements) {
    public Found {
      statements = List.copyOf(statements);
    }

    /** Whether there is nothing at all. */
    public boolean isEmpty() {
      return signature.isEmpty() && statements.isEmpty();
    }

    /** The same with the bytes of all that the store keeps, for when the registry is gone. */
    public Found loaded() throws RktException {
      Optional<FoundStatement.Content> signed = Optional.empty();
      if (signature.isPresent()) {
        byte[] bytes = signature.get().bytes();
        signed = Optional.of(() -> bytes);
      }
      List<FoundStatement> all = new ArrayList<>();
      long left = Statements.LARGEST_TOGETHER;
      for (FoundStatement statement : statements) {
        long size = statement.layer().sizeBytes();
        boolean kept = size <= Statements.LARGEST && size <= left;
        all.add(kept ? statement.loaded() : statement);
        left -= kept ? size : 0;
      }
      return new Found(signed, all);
    }
  }

  /**
   * Looks everywhere at once; what is not there is no error.
   *
   * @param subjects the digest of an image's manifest, then those of the indexes that led to it
   * @param attachments whether to look for what cosign attaches, referrers aside
   */
  public Found find(List<Digest> subjects, boolean attachments) throws RktException {
    List<Callable<Found>> places = new ArrayList<>();
    for (Digest subject : subjects) {
      String tag = subject.algorithm().label() + "-" + subject.hex();
      if (subject.equals(subjects.getFirst())) {
        places.add(() -> referring(subject));
      } else {
        places.add(() -> referringToIndex(subject));
      }
      if (attachments) {
        places.add(() -> tagged(tag + ".sig"));
        places.add(() -> tagged(tag + ".att"));
      }
      if (registry.keepsSignatures()) {
        places.add(() -> extension(subject));
      }
    }
    Optional<FoundStatement.Content> signature = Optional.empty();
    List<FoundStatement> all = new ArrayList<>();
    for (Found part : atOnce(places)) {
      signature = part.signature.isPresent() ? part.signature : signature;
      all.addAll(part.statements);
    }
    return new Found(signature, all);
  }

  private List<Found> atOnce(List<Callable<Found>> places) throws RktException {
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(AT_ONCE, places.size()));
    try {
      List<Future<Found>> started = new ArrayList<>();
      for (Callable<Found> place : places) {
        started.add(threads.submit(place));
      }
      List<Found> found = new ArrayList<>();
      for (Future<Found> future : started) {
        found.add(future.get());
      }
      return found;
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FetchException.network("interrupted while asking " + registry.what(), e);
    } finally {
      threads.shutdownNow();
    }
  }

  private RktException failure(@Nullable Throwable cause) {
    return switch (cause) {
      case RktException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> FetchException.network("cannot ask " + registry.what(), cause);
    };
  }

  private Found referring(Digest subject) throws RktException {
    List<FoundStatement> statements = new ArrayList<>();
    Optional<OciDescriptor> detached = referring(subject, statements);
    return new Found(detached.map(it -> () -> signature(it, subject)), statements);
  }

  /** A detached signature of an index is one statement among those about the image. */
  private Found referringToIndex(Digest index) throws RktException {
    List<FoundStatement> statements = new ArrayList<>();
    Optional<OciDescriptor> detached = referring(index, statements);
    if (detached.isPresent()) {
      OciDescriptor layer = onlyLayer(detached.get(), index);
      statements.add(
          new FoundStatement(
              Statements.ofIndex(index, layer), () -> referrers.content(layer, LARGEST_SIGNATURE)));
    }
    return new Found(Optional.empty(), statements);
  }

  /**
   * Adds the statements of what refers to {@code subject}, the newest first: who adds to the list
   * of a registry adds to its end. Gives the last detached signature.
   */
  private Optional<OciDescriptor> referring(Digest subject, List<FoundStatement> statements)
      throws RktException {
    Optional<OciDescriptor> signature = Optional.empty();
    int seen = 0;
    for (OciDescriptor artifact : referrers.list(subject).reversed()) {
      boolean detached = artifact.artifactType().equals(MediaType.PGP_SIGNATURE);
      if ((!detached && !Statements.isOne(artifact)) || seen == MOST) {
        continue;
      }
      seen++;
      if (detached && signature.isEmpty()) {
        signature = Optional.of(artifact);
      } else if (!detached) {
        for (OciDescriptor layer : referrers.layers(artifact, subject).reversed()) {
          statements.add(statement(layer));
        }
      }
    }
    return signature;
  }

  private byte[] signature(OciDescriptor artifact, Digest subject) throws RktException {
    return referrers.content(onlyLayer(artifact, subject), LARGEST_SIGNATURE);
  }

  private OciDescriptor onlyLayer(OciDescriptor artifact, Digest subject) throws RktException {
    List<OciDescriptor> layers = referrers.layers(artifact, subject);
    if (layers.size() != 1) {
      throw FetchException.integrity(
          "the artifact "
              + artifact.digest()
              + " of "
              + registry.what()
              + " is not about "
              + subject
              + " alone",
          null);
    }
    return layers.getFirst();
  }

  private FoundStatement statement(OciDescriptor layer) {
    return new FoundStatement(
        OciDescriptor.of(layer.mediaType(), layer.digest(), layer.sizeBytes())
            .annotated("", layer.annotations()),
        () -> referrers.content(layer, Statements.LARGEST));
  }

  /**
   * The layers of the manifest under a tag that cosign makes of the image's digest, the newest
   * first: cosign adds to the end.
   */
  private Found tagged(String tag) throws RktException {
    String what = "what " + registry.what() + " has under the tag " + tag;
    Optional<OciManifest> manifest =
        registry
            .retry()
            .run(() -> {
              Map<String, String> headers = Map.of("Accept", MediaType.OCI_MANIFEST);
              try (Answer answer = registry.raw("GET", "manifests/" + tag, headers)) {
                Retry.inspect(answer);
                boolean known =
                    answer.status() == 200 && MediaType.isManifest(answer.contentType());
                return known
                    ? Optional.of(
                        OciManifest.parse(
                            answer.bytes(StrictJson.MAX_BYTES), answer.contentType(), what))
                    : Optional.<OciManifest>empty();
              }
            });
    List<FoundStatement> statements = new ArrayList<>();
    if (manifest.isPresent()) {
      for (OciDescriptor layer : manifest.get().layers().reversed()) {
        statements.add(statement(layer));
      }
    }
    return new Found(Optional.empty(), statements);
  }

  /** The simple signing messages of a registry that keeps them itself, as OpenShift's does. */
  private Found extension(Digest subject) throws RktException {
    String what = "the signatures that " + registry.what() + " keeps";
    List<byte[]> messages =
        registry
            .retry()
            .run(() -> {
              try (Answer answer = registry.signatures(subject)) {
                Retry.inspect(answer);
                return answer.status() == 200
                    ? SignatureExtension.messages(answer.bytes(SignatureExtension.LARGEST), what)
                    : List.<byte[]>of();
              }
            });
    List<FoundStatement> statements = new ArrayList<>();
    for (byte[] message : messages) {
      statements.add(FoundStatement.of(MediaType.SIMPLE_SIGNING, message, Map.of()));
    }
    return new Found(Optional.empty(), statements);
  }
}
