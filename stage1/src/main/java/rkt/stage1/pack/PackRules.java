package rkt.stage1.pack;

import java.util.OptionalLong;
import rkt.kernel.Stat;

/**
 * What is written of a file instead of what it has, so that the same files give the same tar on any
 * machine. spec/packing.md#trees
 *
 * @param mtime the modification time of everything, in seconds since the epoch
 * @param uid the owner of everything
 * @param gid the group of everything
 */
public record PackRules(OptionalLong mtime, OptionalLong uid, OptionalLong gid) {
  /** Everything as it is. */
  public static final PackRules AS_IS =
      new PackRules(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());

  long uid(Stat stat) {
    return uid.orElse(Integer.toUnsignedLong(stat.uid()));
  }

  long gid(Stat stat) {
    return gid.orElse(Integer.toUnsignedLong(stat.gid()));
  }

  long mtimeSeconds(Stat stat) {
    return mtime.orElse(stat.mtimeSeconds());
  }

  int mtimeNanos(Stat stat) {
    return mtime.isPresent() ? 0 : stat.mtimeNanos();
  }
}
