/** The command rkt-fetch: words in, words out, exit status. */
@NullMarked
package rkt.fetch.main;

import org.jspecify.annotations.NullMarked;
