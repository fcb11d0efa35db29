/**
 * Makes signatures and attestations: keys, payloads, envelopes. Knows nothing of commands, and
 * writes no file but a key that was just made. spec/signing.md
 */
@NullMarked
package rkt.verify.signing;

import org.jspecify.annotations.NullMarked;
