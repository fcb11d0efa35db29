package rkt.fetch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorOutputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorOutputStream;
import rkt.fetch.transport.Patience;
import rkt.spec.Digest;
import rkt.spec.image.Compression;

/** Small images, and what tests of fetching share. */
public final class Fixtures {
  /** Waits long for a loaded machine, and not at all between tries. */
  public static final Patience BRISK =
      new Patience(
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          1024,
          Duration.ofSeconds(60),
          5,
          Duration.ofMillis(1));

  /** Gives up soon: only for a source that is meant to be given up. */
  public static final Patience HASTY =
      new Patience(
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          1024,
          Duration.ofMillis(1500),
          5,
          Duration.ofMillis(1));

  /** Gives up soon on a body that does not come, and waits long for everything before it. */
  public static final Patience HASTY_BODY =
      new Patience(
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Duration.ofSeconds(3),
          1024,
          Duration.ofSeconds(3),
          5,
          Duration.ofMillis(1));

  /** The manifest of an ACI called example.com/app, version 1.0.0. */
  public static final String MANIFEST =
      """
      {"acKind":"ImageManifest","acVersion":"0.8.11","name":"example.com/app",
       "labels":[{"name":"version","value":"1.0.0"},{"name":"os","value":"linux"},
                 {"name":"arch","value":"amd64"}],
       "app":{"exec":["/bin/app"],"user":"0","group":"0"}}\
      """;

  private Fixtures() {}

  /** Entries of a tar, in order. */
  public static final class Tar {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream out = new TarArchiveOutputStream(bytes);

    public Tar() {
      out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    }

    public Tar file(String name, String content) throws IOException {
      byte[] data = content.getBytes(StandardCharsets.UTF_8);
      TarArchiveEntry entry = new TarArchiveEntry(name);
      entry.setModTime(0);
      entry.setSize(data.length);
      out.putArchiveEntry(entry);
      out.write(data);
      out.closeArchiveEntry();
      return this;
    }

    public Tar directory(String name) throws IOException {
      return special(name + "/", '5', "");
    }

    public Tar special(String name, char type, String link) throws IOException {
      TarArchiveEntry entry = new TarArchiveEntry(name, (byte) type);
      entry.setModTime(0);
      entry.setLinkName(link);
      out.putArchiveEntry(entry);
      out.closeArchiveEntry();
      return this;
    }

    public byte[] bytes() throws IOException {
      out.close();
      return bytes.toByteArray();
    }
  }

  /** A whole and honest ACI, not compressed. */
  public static byte[] aci() throws IOException {
    return new Tar()
        .file("manifest", MANIFEST)
        .directory("rootfs")
        .directory("rootfs/bin")
        .file("rootfs/bin/app", "#!/bin/sh\n")
        .bytes();
  }

  public static byte[] compress(byte[] plain, Compression compression) throws IOException {
    ByteArrayOutputStream sink = new ByteArrayOutputStream();
    OutputStream out =
        switch (compression) {
          case NONE -> sink;
          case GZIP -> new GZIPOutputStream(sink);
          case XZ -> new XZCompressorOutputStream(sink);
          case BZIP2 -> new BZip2CompressorOutputStream(sink);
          case ZSTD -> new ZstdCompressorOutputStream(sink);
        };
    out.write(plain);
    out.close();
    return sink.toByteArray();
  }

  /** Every file below {@code directory}, with the digest of its bytes. */
  public static Map<String, String> snapshot(Path directory) throws IOException {
    Map<String, String> files = new TreeMap<>();
    if (!Files.exists(directory)) {
      return files;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.toList()) {
        if (Files.isRegularFile(path)) {
          try (InputStream in = Files.newInputStream(path)) {
            files.put(path.toString(), Digest.sha256(in.readAllBytes()).toString());
          }
        } else {
          files.put(path.toString(), "directory");
        }
      }
    }
    return files;
  }

  public static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
