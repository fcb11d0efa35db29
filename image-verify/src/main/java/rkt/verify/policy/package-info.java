/**
 * What is asked of an image before it may run, by its name: policies, and what they make of the
 * claims that were proven. Must not know how a claim is proven, nor the store. spec/policy.md
 */
@NullMarked
package rkt.verify.policy;

import org.jspecify.annotations.NullMarked;
