/** Where pods stand on disk, and how they move between states. Must not know how one is started. */
@NullMarked
package rkt.stage1.pod;

import org.jspecify.annotations.NullMarked;
