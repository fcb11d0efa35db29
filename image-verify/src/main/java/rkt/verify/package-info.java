/**
 * The verdict on an image: trust store, signatures, rules. Must not know how images are fetched or
 * run.
 */
@NullMarked
package rkt.verify;

import org.jspecify.annotations.NullMarked;
