package rkt.spec.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;

/**
 * What a blob's file looked like when its digest was last known to be right. Writing to a file
 * changes its times, and the change time cannot be set back. spec/store.md#admission
 */
record BlobStat(Digest digest, long sizeBytes, long mtimeNanos, long ctimeNanos, long inode) {

  /** How {@code file} looks now. */
  static BlobStat of(Digest digest, Path file) throws IOException {
    Map<String, Object> attributes =
        Files.readAttributes(
            file, "unix:size,lastModifiedTime,ctime,ino", LinkOption.NOFOLLOW_LINKS);
    return new BlobStat(
        digest,
        number(attributes.get("size")),
        nanos(attributes.get("lastModifiedTime")),
        nanos(attributes.get("ctime")),
        number(attributes.get("ino")));
  }

  private static long number(@Nullable Object value) {
    return ((Number) Objects.requireNonNull(value)).longValue();
  }

  private static long nanos(@Nullable Object value) {
    return ((FileTime) Objects.requireNonNull(value)).to(TimeUnit.NANOSECONDS);
  }

  /** Whether the file has not changed since {@code before}. */
  boolean isUnchangedSince(BlobStat before) {
    // Not equals: the one that the compiler writes for a record costs 20 ms of a start.
    return digest.equals(before.digest)
        && sizeBytes == before.sizeBytes
        && mtimeNanos == before.mtimeNanos
        && ctimeNanos == before.ctimeNanos
        && inode == before.inode;
  }
}
