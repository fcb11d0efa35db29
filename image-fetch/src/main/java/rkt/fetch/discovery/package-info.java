/**
 * Where an appc name leads: the pages that its owner publishes. Must not know what lies behind the
 * URLs that it finds.
 */
@NullMarked
package rkt.fetch.discovery;

import org.jspecify.annotations.NullMarked;
