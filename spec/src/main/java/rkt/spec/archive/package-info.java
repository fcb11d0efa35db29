/**
 * Archives as users have them: the headers of a tar, its members by name, and the structure of an
 * ACI. Must not know what the manifest of an image says.
 */
@NullMarked
package rkt.spec.archive;

import org.jspecify.annotations.NullMarked;
