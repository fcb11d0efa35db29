/** The store and what becomes of images in it, through the distribution. */
@NullMarked
package rkt.tests.store;

import org.jspecify.annotations.NullMarked;
