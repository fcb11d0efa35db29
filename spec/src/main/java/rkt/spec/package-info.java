/**
 * The values that every tool shares: digests, names, identifiers, strict JSON, exit statuses and
 * failures.
 *
 * <p>Knows the written specification in {@code spec/}. Must not know how images are fetched,
 * verified or run.
 */
@NullMarked
package rkt.spec;

import org.jspecify.annotations.NullMarked;
