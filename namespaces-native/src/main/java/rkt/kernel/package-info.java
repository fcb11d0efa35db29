/**
 * Linux as Java types: one method a system call, errno as a typed exception, no policy. The only
 * package that knows jnr-ffi and the jffi dispatcher underneath it. Must not know images, pods or
 * trust.
 */
@NullMarked
package rkt.kernel;

import org.jspecify.annotations.NullMarked;
