package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;

/**
 * What the library writes, our reader reads as the library does; and no damaged archive makes it do
 * anything but refuse.
 */
class LibraryAgreementTest {
  @ParameterizedTest
  @ValueSource(ints = {TarArchiveOutputStream.LONGFILE_GNU, TarArchiveOutputStream.LONGFILE_POSIX})
  void honestArchivesReadAlike(int longNames) throws Exception {
    for (long seed = 1; seed <= 20; seed++) {
      byte[] tar = archive(new Random(seed), longNames);
      assertThat(ours(tar)).as("seed " + seed).isEqualTo(theirs(tar)).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void damagedArchivesAreReadOrRefusedAndNothingElse(int seed) throws Exception {
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 300; i++) {
      byte[] tar = archive(random, TarArchiveOutputStream.LONGFILE_POSIX);
      for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
        tar[random.nextInt(tar.length)] = (byte) random.nextInt();
      }
      try {
        ours(tar);
      } catch (LayerFormatException | IOException e) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  private static List<String> ours(byte[] tar) throws Exception {
    List<String> entries = new ArrayList<>();
    try (LayerStream in =
        new LayerStream(new ByteArrayInputStream(tar), Digest.Algorithm.SHA256, 1L << 30)) {
      TarReader reader = new TarReader(in);
      for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        long left = entry.stored;
        while (left > 0 && in.fill()) {
          int part = (int) Math.min(left, in.available());
          content.write(in.bytes(), in.position(), part);
          in.advance(part);
          left -= part;
        }
        entries.add(
            new String(entry.name, StandardCharsets.UTF_8)
                + " -> "
                + new String(entry.link, StandardCharsets.UTF_8)
                + (" " + (char) entry.type + " " + entry.mode + " " + entry.uid + ":" + entry.gid)
                + (" " + entry.size + " " + entry.mtimeSeconds + " ")
                + content.toString(StandardCharsets.ISO_8859_1));
      }
    }
    return entries;
  }

  private static List<String> theirs(byte[] tar) throws IOException {
    List<String> entries = new ArrayList<>();
    try (var in = new TarArchiveInputStream(new ByteArrayInputStream(tar), "UTF-8")) {
      for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        String content = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        char type = (char) entry.getLinkFlag();
        entries.add(
            entry.getName()
                + (" -> " + entry.getLinkName())
                + (" " + type + " " + (entry.getMode() & 07777))
                + (" " + entry.getLongUserId() + ":" + entry.getLongGroupId())
                + (" " + entry.getSize() + " " + entry.getLastModifiedTime().toMillis() / 1000)
                + (" " + content));
      }
    }
    return entries;
  }

  private static byte[] archive(Random random, int longNames) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var out = new TarArchiveOutputStream(bytes, "UTF-8")) {
      out.setLongFileMode(longNames);
      out.setBigNumberMode(
          longNames == TarArchiveOutputStream.LONGFILE_GNU
              ? TarArchiveOutputStream.BIGNUMBER_STAR
              : TarArchiveOutputStream.BIGNUMBER_POSIX);
      out.setAddPaxHeadersForNonAsciiNames(random.nextBoolean());
      for (int i = 0; i < 12; i++) {
        String name = "dir/" + "näme".repeat(random.nextInt(1, 50)) + i;
        byte[] content = new byte[random.nextInt(3000)];
        random.nextBytes(content);
        boolean link = random.nextInt(4) == 0;
        TarArchiveEntry entry =
            link ? new TarArchiveEntry(name, TarConstants.LF_SYMLINK) : new TarArchiveEntry(name);
        entry.setMode(random.nextInt(010000));
        entry.setUserId((long) random.nextInt(Integer.MAX_VALUE));
        entry.setGroupId((long) random.nextInt(Integer.MAX_VALUE));
        entry.setModTime(random.nextInt() * 1000L * (random.nextInt(9) == 0 ? -1 : 1));
        if (link) {
          entry.setLinkName("../" + "x".repeat(random.nextInt(1, 300)));
        } else {
          entry.setSize(content.length);
        }
        out.putArchiveEntry(entry);
        if (!link) {
          out.write(content);
        }
        out.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }
}
