package rkt.spec.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;

/**
 * A plain tar whose members are read by name, in any order. Nothing of it is unpacked, so no name
 * in it becomes a path of this machine. May be used by several threads.
 */
public final class TarFile {
  private static final int MOST_ENTRIES = 100_000;
  private static final int LONGEST_CHAIN = 8;

  private final Bytes bytes;
  private final String what;
  private final Map<String, Member> members = new HashMap<>();

  private TarFile(Bytes bytes, String what) {
    this.bytes = bytes;
    this.what = what;
  }

  /** Where the bytes of members come from. */
  private interface Bytes {
    InputStream from(long offset) throws IOException;
  }

  /** A file, or a link to the member that it names. */
  private record Member(long offset, long sizeBytes, String link) {}

  /**
   * Reads the headers of {@code file}.
   *
   * @param what names it in errors
   */
  public static TarFile open(Path file, String what) throws SpecException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return open(
          channel,
          what,
          offset -> {
            FileChannel own = FileChannel.open(file, StandardOpenOption.READ);
            own.position(offset);
            return Channels.newInputStream(own);
          });
    } catch (IOException e) {
      throw SpecException.system("cannot read " + what + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads the headers of an open file, which stays the caller's and must stay open.
   *
   * @param what names it in errors
   */
  public static TarFile open(FileChannel channel, String what) throws SpecException {
    try {
      return open(channel, what, offset -> new From(channel, offset));
    } catch (IOException e) {
      throw SpecException.system("cannot read " + what + ": " + e.getMessage(), e);
    }
  }

  private static TarFile open(FileChannel channel, String what, Bytes bytes)
      throws IOException, SpecException {
    TarFile tar = new TarFile(bytes, what);
    try {
      channel.position(0);
      tar.index(new TarHeaders(Channels.newInputStream(channel), what), channel);
    } catch (InvalidPathException e) {
      throw SpecException.integrity(what + " has a link with a name that is none", e);
    }
    return tar;
  }

  /** What a channel holds from a place on, whoever else reads it meanwhile. */
  private static final class From extends InputStream {
    private final FileChannel channel;
    private long position;

    From(FileChannel channel, long position) {
      this.channel = channel;
      this.position = position;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = channel.read(ByteBuffer.wrap(buffer, offset, length), position);
      position += Math.max(0, read);
      return read;
    }
  }

  private void index(TarHeaders headers, FileChannel channel) throws IOException, SpecException {
    int entries = 0;
    for (TarHeaders.Entry entry; (entry = headers.next()) != null; ) {
      if (++entries > MOST_ENTRIES) {
        throw SpecException.integrity(what + " has more than " + MOST_ENTRIES + " entries");
      }
      String link = entry.type() == '2' ? resolve(entry.plain(), entry.link()) : entry.link();
      if (entry.isFile() || entry.isLink()) {
        Member member = new Member(channel.position(), entry.sizeBytes(), link);
        if (members.put(entry.plain(), member) != null) {
          throw SpecException.integrity(what + " has \"" + entry.plain() + "\" twice");
        }
      }
    }
  }

  /** What a symbolic link at {@code name} leads to, as the name of a member. */
  private static String resolve(String name, String link) {
    Path from = Path.of("/", name).getParent();
    return from == null ? link : from.resolve(link).normalize().toString().substring(1);
  }

  /** The length of the member {@code name}; empty if there is none. */
  public Optional<Long> size(String name) throws SpecException {
    Member member = find(name);
    return member == null ? Optional.empty() : Optional.of(member.sizeBytes());
  }

  /** The bytes of the member {@code name}; the caller closes them. */
  public InputStream read(String name) throws IOException, SpecException {
    Member member = find(name);
    if (member == null) {
      throw SpecException.integrity(what + " has no \"" + name + "\"");
    }
    return new Part(bytes.from(member.offset()), member.sizeBytes());
  }

  private @Nullable Member find(String name) throws SpecException {
    Member member = members.get(name);
    for (int steps = 0; member != null && !member.link().isEmpty(); steps++) {
      if (steps == LONGEST_CHAIN) {
        throw SpecException.integrity(what + " has links that lead nowhere: " + name);
      }
      member = members.get(member.link());
    }
    return member;
  }

  /** The first bytes of a stream. */
  private static final class Part extends InputStream {
    private final InputStream in;
    private long left;

    Part(InputStream in, long left) {
      this.in = in;
      this.left = left;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int read = in.read(buffer, offset, (int) Math.min(length, left));
      left -= Math.max(0, read);
      return read;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
