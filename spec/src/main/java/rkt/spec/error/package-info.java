/**
 * How failures are told to whoever called a tool. Knows what a failure is and how JSON is written;
 * must not know which tool failed, nor where its output goes.
 */
@NullMarked
package rkt.spec.error;

import org.jspecify.annotations.NullMarked;
