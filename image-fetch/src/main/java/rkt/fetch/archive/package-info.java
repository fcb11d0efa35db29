/** Tar files: their headers, and their members by name. Must not know what an image is. */
@NullMarked
package rkt.fetch.archive;

import org.jspecify.annotations.NullMarked;
