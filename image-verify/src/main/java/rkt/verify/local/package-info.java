/**
 * Images where users have them, which are judged there and enter no store. Must not know how an
 * image is fetched, nor what an OCI layout is.
 */
@NullMarked
package rkt.verify.local;

import org.jspecify.annotations.NullMarked;
