/**
 * The rkt command: words in, words out, exit status. Composes the other modules and decides nothing
 * else.
 */
@NullMarked
package rkt.cli;

import org.jspecify.annotations.NullMarked;
