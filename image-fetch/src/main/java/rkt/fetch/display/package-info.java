/** What a person, or a program, sees of a fetch. Must not know how anything is fetched. */
@NullMarked
package rkt.fetch.display;

import org.jspecify.annotations.NullMarked;
