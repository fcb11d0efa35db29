package rkt.stage1.render;

import java.util.Arrays;

/** A name as the key of a map: equal if its bytes are. */
final class NameKey {
  private final byte[] name;
  private final int hash;

  NameKey(byte[] name) {
    this.name = name;
    this.hash = Arrays.hashCode(name);
  }

  /** The bytes, not copied: not to be changed. */
  byte[] name() {
    return name;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NameKey key && Arrays.equals(name, key.name);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
