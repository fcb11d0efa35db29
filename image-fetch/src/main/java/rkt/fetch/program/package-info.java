/**
 * Transports that are programs of their own: the Java side of spec/transport.md. Must not know what
 * is in the files that they bring.
 */
@NullMarked
package rkt.fetch.program;

import org.jspecify.annotations.NullMarked;
