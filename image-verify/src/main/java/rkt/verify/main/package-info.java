/** The command rkt-verify: words in, words out, exit status. */
@NullMarked
package rkt.verify.main;

import org.jspecify.annotations.NullMarked;
