package rkt.stage1.run;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Fd;
import rkt.kernel.IdMap;
import rkt.kernel.Ids;
import rkt.kernel.KernelException;
import rkt.kernel.UserNamespaces;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/**
 * Who the users of a pod are outside of it: ids of a private range, which nobody else on this host
 * has; or, where rkt itself runs in a user namespace and has no ranges to give, the ids of that
 * one; or, when the user switched user namespaces off, the host's own. spec/pod.md#ids
 */
final class PodUsers implements AutoCloseable {
  /** The {@code --insecure-options} value that switches user namespaces off. */
  static final String INSECURE = "userns";

  private final @Nullable IdMap users;
  private final @Nullable IdMap groups;
  private final IdRanges.@Nullable Range range;

  private PodUsers(@Nullable IdMap users, @Nullable IdMap groups, IdRanges.@Nullable Range range) {
    this.users = users;
    this.groups = groups;
    this.range = range;
  }

  /** Those of the host. */
  static PodUsers ofHost() {
    return new PodUsers(null, null, null);
  }

  /**
   * Chooses, and takes a range where one is to be had.
   *
   * @param insecure the {@code --insecure-options} in force
   */
  static PodUsers of(String podId, Set<String> insecure) throws StageException {
    if (insecure.contains(INSECURE)) {
      return ofHost();
    }
    try {
      if (Ids.inUserNamespace()) {
        return new PodUsers(IdMap.ownUsers().unchanged(), IdMap.ownGroups().unchanged(), null);
      }
    } catch (KernelException e) {
      throw StageException.system(
          "cannot see in which user namespace this is",
          "mount /proc, or run a kernel with user namespaces",
          e);
    }
    IdRanges.Range range = IdRanges.ofThisHost().take(podId);
    IdMap ids = IdMap.of(range.first(), IdRanges.SIZE);
    return new PodUsers(ids, ids, range);
  }

  /** Whether the pod has a user namespace of its own. */
  boolean inNamespace() {
    return users != null;
  }

  /** Whether ids of the pod are other numbers outside: then what it sees on disk is id-mapped. */
  boolean arePrivate() {
    return range != null;
  }

  /** The ids outside that are the pod's own. */
  Optional<PodRecord.IdRange> range() {
    return range == null
        ? Optional.empty()
        : Optional.of(new PodRecord.IdRange(range.first(), IdRanges.SIZE));
  }

  /** The id outside of the id {@code inside} of the pod. */
  int outside(int inside) {
    return range == null ? inside : (int) range.first() + inside;
  }

  /** The id of the pod of the id {@code outside}; empty for one that is nobody there. */
  OptionalInt inside(int outside) {
    int id = range == null ? outside : outside - (int) range.first();
    return hasUser(id) ? OptionalInt.of(id) : OptionalInt.empty();
  }

  boolean hasUser(int id) {
    return users == null || users.outside(id).isPresent();
  }

  boolean hasGroup(int id) {
    return groups == null || groups.outside(id).isPresent();
  }

  /** Gives the user namespace of the process {@code maker} its ids. */
  void map(int maker) throws KernelException {
    if (users != null && groups != null) {
      UserNamespaces.map(maker, users, groups);
    }
  }

  /** What holds the range: every process that must not see it given away keeps it open. */
  @Nullable Fd lock() {
    return range == null ? null : range.lock();
  }

  @Override
  public void close() {
    if (range != null) {
      range.close();
    }
  }
}
