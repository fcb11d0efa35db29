/**
 * Strict JSON, as every document of the specification is read. Knows Jackson; must not know what
 * any document means.
 */
@NullMarked
package rkt.spec.json;

import org.jspecify.annotations.NullMarked;
