/** What an image, an app or a neighbour might try, each test a hole that once was open. */
@NullMarked
package rkt.tests.attack;

import org.jspecify.annotations.NullMarked;
