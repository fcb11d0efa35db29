/** Rendering, preparing, launching and cleaning up pods. Must not know where images come from. */
@NullMarked
package rkt.stage1;

import org.jspecify.annotations.NullMarked;
