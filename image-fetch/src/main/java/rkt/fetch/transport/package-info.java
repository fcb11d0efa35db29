/** What every transport shares: failures, progress, patience. Must not know any protocol. */
@NullMarked
package rkt.fetch.transport;

import org.jspecify.annotations.NullMarked;
