/**
 * The pod manifest of the appc spec: what a pod is made of, as a document that users write and that
 * a pod keeps. Knows its form. Must not know how a pod is run, nor where its images are.
 */
@NullMarked
package rkt.spec.pod;

import org.jspecify.annotations.NullMarked;
