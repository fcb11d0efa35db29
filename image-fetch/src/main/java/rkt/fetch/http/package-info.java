/**
 * HTTP as we trust it: own redirects, bounded in time and size, no credential for a stranger. Must
 * not know what an image is.
 */
@NullMarked
package rkt.fetch.http;

import org.jspecify.annotations.NullMarked;
