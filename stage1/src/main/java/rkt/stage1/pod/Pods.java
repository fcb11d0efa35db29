package rkt.stage1.pod;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.stage1.StageException;

/**
 * The pods of one data directory. There is no daemon and no database: a pod's state is the
 * directory that it stands in and whether a process holds its lock; a move is one {@code rename}.
 * spec/pod.md#states
 */
public final class Pods {
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final int SHORTEST_PREFIX = 2;

  /** Where pods are seen, in the order in which they move. */
  private static final List<PodPhase> VISIBLE =
      List.of(PodPhase.PREPARE, PodPhase.PREPARED, PodPhase.RUN, PodPhase.EXITED_GARBAGE);

  /** For how long a lock is waited for that others hold for a moment only. */
  private static final int LOOKS = 500;

  private static final Duration PAUSE = Duration.ofMillis(2);

  private final Path root;

  /**
   * @param dataDir the data directory; {@code pods/} below it is made when first needed
   */
  public Pods(Path dataDir) {
    this.root = dataDir.resolve("pods");
  }

  /** Makes an empty pod in {@code prepare/}, locked by this process. */
  public LockedPod create() throws StageException {
    String id = newId();
    Path embryo = path(PodPhase.EMBRYO, id);
    try {
      for (PodPhase phase : PodPhase.values()) {
        Files.createDirectories(root.resolve(phase.directory()), OWNER_ONLY);
      }
      // Shared by all who make pods, so that nobody sweeps an embryo before its maker has locked
      // it.
      try (DirFd nursery = DirFd.open(String.valueOf(embryo.getParent()))) {
        nursery.self().lock(false);
        Files.createDirectory(embryo, OWNER_ONLY);
        DirFd lock = DirFd.open(embryo.toString());
        lock.self().lock(true);
        LockedPod pod = new LockedPod(this, id, PodPhase.EMBRYO, lock);
        pod.moveTo(PodPhase.PREPARE);
        return pod;
      }
    } catch (IOException | KernelException e) {
      throw StageException.system("cannot make a pod in " + root, null, e);
    }
  }

  /** From the kernel: Java's own generator takes 5 ms to start. */
  private static String newId() {
    try {
      String id = Files.readString(Path.of("/proc/sys/kernel/random/uuid")).strip();
      return UUID.fromString(id).toString();
    } catch (IOException | IllegalArgumentException e) {
      return UUID.randomUUID().toString(); // no /proc, or one that hides this
    }
  }

  /** Every pod that can be seen: all but embryos and garbage; oldest first. */
  public List<PodView> list() throws StageException {
    // In the order in which pods move, so that none slips through; one may be met twice.
    Map<String, PodView> met = new HashMap<>();
    for (PodPhase phase : VISIBLE) {
      for (String id : idsIn(phase)) {
        Optional<PodView> view = view(phase, id);
        if (view.isPresent()) {
          met.put(id, view.get());
        }
      }
    }
    List<PodView> found = new ArrayList<>(met.values());
    found.sort(Comparator.comparingLong(PodView::createdNanos).thenComparing(PodView::id));
    return found;
  }

  /** The pod {@code pod} where it stands now; empty if it has been removed. */
  public Optional<PodView> again(PodView pod) throws StageException {
    for (PodPhase phase : VISIBLE) {
      Optional<PodView> view = view(phase, pod.id());
      if (view.isPresent()) {
        return view;
      }
    }
    return Optional.empty();
  }

  /** The names of the rendered trees that running pods are made of. */
  public Set<String> treesInUse() throws StageException {
    Set<String> names = new HashSet<>();
    for (PodView pod : list()) {
      if (pod.locked()) {
        Optional<PodRecord> record = pod.record();
        if (record.isPresent()) {
          for (PodRecord.App app : record.get().apps()) {
            names.addAll(app.trees());
          }
        }
      }
    }
    return names;
  }

  /**
   * The pod whose id is, or uniquely starts with, {@code prefix}.
   *
   * @throws StageException of class {@code not-found} if there is none, {@code usage} if there are
   *     several
   */
  public PodView find(String prefix) throws StageException {
    PodView match = null;
    if (prefix.length() >= SHORTEST_PREFIX) {
      for (PodView pod : list()) {
        if (pod.id().equals(prefix)) {
          return pod;
        }
        if (pod.id().startsWith(prefix)) {
          if (match != null) {
            throw StageException.usage(
                "several pods start with \"" + prefix + "\"", "give more of the UUID");
          }
          match = pod;
        }
      }
    }
    if (match == null) {
      throw StageException.notFound("no pod \"" + prefix + "\"", "rkt list shows the pods");
    }
    return match;
  }

  /** Removes what was left by a process that was killed before it could lock its new pod. */
  void sweepEmbryos() throws StageException {
    Path embryos = root.resolve(PodPhase.EMBRYO.directory());
    if (!Files.isDirectory(embryos)) {
      return;
    }
    try (DirFd nursery = DirFd.open(embryos.toString())) {
      nursery.self().lock(true);
      for (String id : idsIn(PodPhase.EMBRYO)) {
        nursery.removeTree(Names.of(id));
      }
    } catch (KernelException e) {
      throw StageException.system("cannot sweep " + embryos, null, e);
    }
  }

  /** The ids of the pods in {@code phase}, unsorted. */
  List<String> idsIn(PodPhase phase) throws StageException {
    List<String> ids = new ArrayList<>();
    Path directory = root.resolve(phase.directory());
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        ids.add(entry.getFileName().toString());
      }
    } catch (NoSuchFileException e) {
      return ids; // nothing was ever run here
    } catch (IOException e) {
      throw StageException.system("cannot read " + directory, null, e);
    }
    return ids;
  }

  /**
   * Takes the lock of the pod {@code id} in {@code phase}; empty if another process holds it, or
   * the pod has moved on.
   */
  Optional<LockedPod> tryLock(PodPhase phase, String id) throws StageException {
    Path directory = path(phase, id);
    try {
      for (int i = 0; ; i++) {
        DirFd lock = DirFd.open(directory.toString());
        // It may have been renamed between open and lock: only then is it where it was, and ours.
        if (lock.self().tryLock(true) && Files.isDirectory(directory)) {
          return Optional.of(new LockedPod(this, id, phase, lock));
        }
        // Who only looks at a pod shares its lock, and is gone at once.
        boolean isLookedAt = lock.self().tryLock(false) && Files.isDirectory(directory);
        lock.close();
        if (!isLookedAt || i == LOOKS) {
          return Optional.empty();
        }
        pause();
      }
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT) || !Files.isDirectory(directory)) {
        return Optional.empty();
      }
      throw StageException.system("cannot lock " + directory, null, e);
    }
  }

  /** What can be seen of one pod without changing it; empty if it has just moved on. */
  private Optional<PodView> view(PodPhase phase, String id) throws StageException {
    Path directory = path(phase, id);
    try {
      for (int i = 0; ; i++) {
        boolean locked;
        try (DirFd open = DirFd.open(directory.toString())) {
          locked = !open.self().tryLock(false);
        }
        PodView view = new PodView(id, phase, locked, directory);
        // Who collects a pod that has ended holds its lock too, but soon moves it on.
        if (!view.isRunning() || i == LOOKS || !view.hasEnded()) {
          return Files.isDirectory(directory) ? Optional.of(view) : Optional.empty();
        }
        pause();
      }
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT) || !Files.isDirectory(directory)) {
        return Optional.empty();
      }
      throw StageException.system("cannot look at " + directory, null, e);
    }
  }

  private static void pause() throws StageException {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StageException.system("the wait for a pod was interrupted", null, e);
    }
  }

  Path path(PodPhase phase, String id) {
    return root.resolve(phase.directory()).resolve(id);
  }

  void rename(String id, PodPhase from, PodPhase to) throws StageException {
    try {
      Files.move(path(from, id), path(to, id), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw StageException.system(
          "cannot move pod " + id + " from " + from.directory() + " to " + to.directory(), null, e);
    }
  }
}
