package rkt.stage1.render;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;

/**
 * The open directories from the root of a tree to where the last entry was placed. Entries come
 * sorted in nearly every tar, so most of them find their directory open. A directory is opened by
 * its one name in its parent, and never if it is a symbolic link.
 */
final class DirStack implements AutoCloseable {
  /** Told when a directory is left, with its descriptor still open. */
  interface Leaving {
    void leave(DirNode node, DirFd dir) throws KernelException;
  }

  private final DirFd root;
  private final DirNode rootNode;
  private final Leaving leaving;
  private final List<DirNode> nodes = new ArrayList<>();
  private final List<DirFd> dirs = new ArrayList<>();

  /**
   * @param root stays the caller's to close
   */
  DirStack(DirFd root, DirNode rootNode, Leaving leaving) {
    this.root = root;
    this.rootNode = rootNode;
    this.leaving = leaving;
  }

  /** The descriptor of {@code node}, open until the next call. */
  DirFd enter(DirNode node) throws KernelException {
    while (!nodes.isEmpty() && !isAtOrAbove(nodes.getLast(), node)) {
      pop();
    }
    DirNode top = nodes.isEmpty() ? rootNode : nodes.getLast();
    if (top != node) {
      push(node, top);
    }
    return dirs.isEmpty() ? root : dirs.getLast();
  }

  /** Leaves every directory below the root. */
  void leaveAll() throws KernelException {
    while (!nodes.isEmpty()) {
      pop();
    }
  }

  @Override
  public void close() {
    for (DirFd dir : dirs) {
      dir.close();
    }
    dirs.clear();
    nodes.clear();
  }

  private void push(DirNode node, DirNode top) throws KernelException {
    List<DirNode> way = new ArrayList<>();
    for (@Nullable DirNode at = node; at != null && at != top; at = at.parent) {
      way.add(at);
    }
    for (DirNode next : way.reversed()) {
      DirFd above = dirs.isEmpty() ? root : dirs.getLast();
      dirs.add(above.openDir(next.name));
      nodes.add(next);
    }
  }

  private void pop() throws KernelException {
    try (DirFd dir = dirs.removeLast()) {
      leaving.leave(nodes.removeLast(), dir);
    }
  }

  private static boolean isAtOrAbove(DirNode upper, DirNode node) {
    @Nullable DirNode at = node;
    while (at != null && at.depth > upper.depth) {
      at = at.parent;
    }
    return at == upper;
  }
}
