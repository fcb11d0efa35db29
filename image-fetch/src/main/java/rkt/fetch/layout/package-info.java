/** OCI image layouts in a directory, as a source. */
@NullMarked
package rkt.fetch.layout;

import org.jspecify.annotations.NullMarked;
