package rkt.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.StringTokenizer;

/**
 * Which ids of a user namespace are which ids of its parent; ids that no extent holds do not exist
 * in it. user_namespaces(7)
 */
public record IdMap(List<Extent> extents) {
  private static final long IDS = 0xffff_ffffL; // the last number of 32 bits is no id
  private static final int MOST_EXTENTS = 340;

  /**
   * {@code count} ids that follow one another.
   *
   * @param inside the first in the namespace
   * @param outside the first in its parent
   */
  public record Extent(long inside, long outside, long count) {
    public Extent {
      if (inside < 0 || outside < 0 || count < 1 || inside + count > IDS || outside + count > IDS) {
        throw new IllegalArgumentException(
            "no ids: " + inside + " to " + outside + ", " + count + " of them");
      }
    }
  }

  public IdMap {
    extents = List.copyOf(extents);
    if (extents.isEmpty() || extents.size() > MOST_EXTENTS) {
      throw new IllegalArgumentException("a map of ids has 1 to " + MOST_EXTENTS + " extents");
    }
    for (int i = 0; i < extents.size(); i++) {
      for (int k = 0; k < i; k++) {
        Extent a = extents.get(i);
        Extent b = extents.get(k);
        if (overlap(a.inside, b.inside, a.count, b.count)
            || overlap(a.outside, b.outside, a.count, b.count)) {
          throw new IllegalArgumentException("extents overlap: " + a + " and " + b);
        }
      }
    }
  }

  private static boolean overlap(long a, long b, long ofA, long ofB) {
    return a < b + ofB && b < a + ofA;
  }

  /** The ids from 0 up are those from {@code outside} up. */
  public static IdMap of(long outside, long count) {
    return new IdMap(List.of(new Extent(0, outside, count)));
  }

  /** Reads what {@code /proc/PID/uid_map} and {@code gid_map} hold. */
  public static IdMap parse(String text) {
    List<Extent> extents = new ArrayList<>();
    StringTokenizer words = new StringTokenizer(text);
    try {
      while (words.hasMoreTokens()) {
        long inside = Long.parseLong(words.nextToken());
        long outside = Long.parseLong(words.nextToken());
        extents.add(new Extent(inside, outside, Long.parseLong(words.nextToken())));
      }
    } catch (NumberFormatException | java.util.NoSuchElementException e) {
      throw new IllegalArgumentException("not a map of ids: \"" + text + "\"", e);
    }
    return new IdMap(extents);
  }

  /**
   * The users of the user namespace of process {@code pid}, by their ids in ours.
   *
   * @throws KernelException if there is no such process, or nobody gave it ids
   */
  public static IdMap users(int pid) throws KernelException {
    return parse(TextFiles.read("/proc/" + pid + "/uid_map"));
  }

  /** The users of the calling process's user namespace. */
  public static IdMap ownUsers() throws KernelException {
    return parse(TextFiles.read("/proc/self/uid_map"));
  }

  /** The groups of the calling process's user namespace. */
  public static IdMap ownGroups() throws KernelException {
    return parse(TextFiles.read("/proc/self/gid_map"));
  }

  /** A map for a child of a namespace with this map, in which every id is what it is here. */
  public IdMap unchanged() {
    List<Extent> same = new ArrayList<>(extents.size());
    for (Extent extent : extents) {
      same.add(new Extent(extent.inside, extent.inside, extent.count));
    }
    return new IdMap(same);
  }

  /** The parent's id for {@code inside}; empty if the namespace has no such id. */
  public OptionalLong outside(long inside) {
    for (int i = 0; i < extents.size(); i++) {
      Extent extent = extents.get(i);
      if (inside >= extent.inside && inside < extent.inside + extent.count) {
        return OptionalLong.of(extent.outside + (inside - extent.inside));
      }
    }
    return OptionalLong.empty();
  }

  /** What the kernel takes: a line for each extent. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (Extent extent : extents) {
      text.append(extent.inside).append(' ').append(extent.outside).append(' ');
      text.append(extent.count).append('\n');
    }
    return text.toString();
  }
}
