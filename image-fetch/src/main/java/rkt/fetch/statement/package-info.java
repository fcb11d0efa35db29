/**
 * Signatures and attestations that lie beside images, as sources keep them: found, bounded, staged.
 * Must not know what any of them proves.
 */
@NullMarked
package rkt.fetch.statement;

import org.jspecify.annotations.NullMarked;
