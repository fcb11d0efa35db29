/** Fetching, judging and running images, with the servers and tools that people use. */
@NullMarked
package rkt.tests.fetch;

import org.jspecify.annotations.NullMarked;
