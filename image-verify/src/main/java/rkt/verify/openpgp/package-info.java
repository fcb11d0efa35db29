/**
 * OpenPGP: signatures and certificates as plain facts, and the rules that judge them. Reading
 * packets and judging facts are apart: a start judges facts that were written earlier and never
 * loads the packet layer. Must not know where trusted keys are kept, or what an image is.
 */
@NullMarked
package rkt.verify.openpgp;

import org.jspecify.annotations.NullMarked;
