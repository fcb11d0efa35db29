/**
 * The image: appc (ACI) and OCI images resolved into one model. Knows the manifests of both
 * formats. Must not know where images come from, who signed them, or how they are run.
 */
@NullMarked
package rkt.spec.image;

import org.jspecify.annotations.NullMarked;
