/** What others say about an image, as kept beside it and as proven. spec/trust.md#statements */
@NullMarked
package rkt.verify.claim;

import org.jspecify.annotations.NullMarked;
