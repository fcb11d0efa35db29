package rkt.fetch.program;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.fetch.aci.AciSource;
import rkt.fetch.aci.RemoteAci;
import rkt.fetch.http.Freshness;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Patience;
import rkt.fetch.transport.Progress;
import rkt.spec.RktException;
import rkt.spec.store.Blob;
import rkt.spec.store.Transaction;

/**
 * An ACI that a program brings. What it brings is staged, hashed and judged like what comes by
 * https. Belongs to one thread; whoever made it closes it. spec/transport.md
 */
public final class ProgramAci implements AciSource, AutoCloseable {
  /** Peers are slower to be found than servers. */
  private static final int PATIENCE = 4;

  private final TransportProgram program;
  private final URI url;
  private final Optional<RemoteAci> beside;
  private final Patience patience;
  private final boolean seed;
  private @Nullable Running running;

  /**
   * An ACI at {@code url}.
   *
   * @param beside the web server that has the signature, and the description of a torrent if that
   *     is what {@code url} leads to
   * @param seed whether to share it afterwards, until this is closed
   */
  public ProgramAci(
      TransportProgram program,
      URI url,
      Optional<RemoteAci> beside,
      Patience patience,
      boolean seed) {
    this.program = program;
    this.url = url;
    this.beside = beside;
    this.patience = patience;
    this.seed = seed;
  }

  @Override
  public Blob file(Transaction transaction, Progress progress, long limit) throws RktException {
    Path output = transaction.scratch("transported");
    Running started;
    try {
      started = program.start(source(transaction), output, limit, seed);
    } catch (IllegalArgumentException e) {
      throw FetchException.usage(String.valueOf(e.getMessage()), "choose another --dir");
    }
    running = started;
    started.await(progress.started(what(), -1), patience.idle().multipliedBy(PATIENCE));
    if (!Files.isRegularFile(output, LinkOption.NOFOLLOW_LINKS)) {
      throw FetchException.integrity("the transport brought no file for " + what(), null);
    }
    try (InputStream in =
        Channels.newInputStream(
            FileChannel.open(output, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      return transaction.add(in, limit);
    } catch (IOException e) {
      throw FetchException.system("cannot read " + output + ": " + e.getMessage(), e);
    }
  }

  /** The description of a torrent is fetched here, so that our rules hold for it too. */
  private URI source(Transaction transaction) throws RktException {
    if (!TransportProgram.isTorrentFile(url) || beside.isEmpty()) {
      return url;
    }
    Path file = transaction.scratch("description.torrent");
    try {
      Files.write(file, beside.get().document(url, MAX_SIGNATURE_BYTES));
    } catch (IOException e) {
      throw FetchException.system("cannot write " + file + ": " + e.getMessage(), e);
    }
    return file.toUri();
  }

  @Override
  public Optional<byte[]> signature() throws RktException {
    return beside.isPresent() ? beside.get().signature() : Optional.empty();
  }

  @Override
  public Optional<Freshness> freshness() {
    return Optional.empty();
  }

  @Override
  public String what() {
    return url.toString();
  }

  /** Shares the file with others for so long. */
  public void share(Duration time) {
    if (running != null && seed) {
      running.share(time);
    }
  }

  @Override
  public void close() {
    if (running != null) {
      running.close();
    }
  }
}
