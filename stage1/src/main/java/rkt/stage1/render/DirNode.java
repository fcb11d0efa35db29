package rkt.stage1.render;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A directory that a layer has, while the layer is being placed. */
final class DirNode {
  final byte[] name;
  final @Nullable DirNode parent;
  final int depth;

  /** What the layer says of it; null while it is only implied by what is in it. */
  @Nullable TarEntry entry;

  /** Whether owner, mode and times must still be set, or be set again. */
  boolean dirty = true;

  /** Whether they were set once: a new file may then inherit the group. */
  boolean applied;

  /** Whether it hides everything that lower layers have in it. */
  boolean opaque;

  /** Whether the layer also removes what lower layers have in its place, whatever that is. */
  boolean replaced;

  private @Nullable Map<NameKey, DirNode> children;
  private @Nullable Map<NameKey, byte[]> hidden;

  DirNode(byte[] name, @Nullable DirNode parent) {
    this.name = name;
    this.parent = parent;
    this.depth = parent == null ? 0 : parent.depth + 1;
  }

  @Nullable DirNode child(byte[] childName) {
    return children == null ? null : children.get(new NameKey(childName));
  }

  /** Records that the directory {@code childName} was made in this. */
  DirNode add(byte[] childName) {
    if (children == null) {
      children = new HashMap<>();
    }
    DirNode child = new DirNode(childName, this);
    children.put(new NameKey(childName), child);
    return child;
  }

  Iterable<DirNode> children() {
    return children == null ? List.of() : children.values();
  }

  /** Records that {@code childName} of lower layers is hidden; false if it was already. */
  boolean hide(byte[] childName) {
    if (hidden == null) {
      hidden = new LinkedHashMap<>();
    }
    return hidden.put(new NameKey(childName), childName) == null;
  }

  /** What is hidden of lower layers, in the order of the tar. */
  Collection<byte[]> hidden() {
    return hidden == null ? List.of() : hidden.values();
  }

  /** From the root of the layer to this; empty for the root. */
  List<byte[]> path() {
    List<byte[]> path = new ArrayList<>();
    for (DirNode node = this; node.parent != null; node = node.parent) {
      path.add(node.name);
    }
    return path.reversed();
  }
}
