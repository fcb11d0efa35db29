/**
 * The keys that an administrator trusts, and for which names: the directories of spec/trust.md.
 * Must not know what was signed.
 */
@NullMarked
package rkt.verify.trust;

import org.jspecify.annotations.NullMarked;
