/**
 * The record of what was decided: append-only, hash-chained lines that show when one was altered,
 * removed, reordered or cut off. Knows neither images nor pods, only what it is told of them.
 */
@NullMarked
package rkt.verify.audit;

import org.jspecify.annotations.NullMarked;
