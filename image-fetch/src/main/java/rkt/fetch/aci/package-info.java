/** ACIs from files and URLs, and what is in them. */
@NullMarked
package rkt.fetch.aci;

import org.jspecify.annotations.NullMarked;
