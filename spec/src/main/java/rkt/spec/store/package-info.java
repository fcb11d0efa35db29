/**
 * The store: images on disk as a valid OCI image layout, and what is derived from them. Knows
 * digests, manifests and how to survive a crash. Must not know where images come from, who is
 * trusted, or how images are run.
 */
@NullMarked
package rkt.spec.store;

import org.jspecify.annotations.NullMarked;
