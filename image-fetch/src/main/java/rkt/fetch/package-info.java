/** Image references and transports. Must not know who is trusted or how images are run. */
@NullMarked
package rkt.fetch;

import org.jspecify.annotations.NullMarked;
