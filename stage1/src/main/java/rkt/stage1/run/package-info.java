/** Turning images and flags into a running pod. Must not know how images were fetched. */
@NullMarked
package rkt.stage1.run;

import org.jspecify.annotations.NullMarked;
