/**
 * The launch plan between Java and {@code pod-init}, as values and as bytes: spec/launch-plan.md.
 * Knows the plan's form and rules. Must not know why a step is in it, nor call the kernel.
 */
@NullMarked
package rkt.stage1.launch;

import org.jspecify.annotations.NullMarked;
