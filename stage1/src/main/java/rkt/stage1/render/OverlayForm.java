package rkt.stage1.render;

import rkt.kernel.Names;

/** How a tree says that it hides something of the layers below. spec/rendering.md#whiteouts */
enum OverlayForm {
  /** For overlays that the initial user namespace mounts. */
  TRUSTED("trusted.overlay.opaque"),
  /** For overlays mounted inside a user namespace, with the option {@code userxattr}. */
  USER("user.overlay.opaque"),
  /** Not at all: the tree is merged at once, and nothing of it may stay. */
  NONE("");

  private final String opaqueAttribute;

  OverlayForm(String opaqueAttribute) {
    this.opaqueAttribute = opaqueAttribute;
  }

  byte[] opaqueAttribute() {
    return Names.of(opaqueAttribute);
  }
}
