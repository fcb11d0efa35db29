/** The commands of this module as programs: words in, words out, exit status. */
@NullMarked
package rkt.stage1.main;

import org.jspecify.annotations.NullMarked;
