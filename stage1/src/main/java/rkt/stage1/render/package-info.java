/**
 * Layers into directory trees: a strict tar reader, an extractor that works through directory
 * descriptors alone, and the cache of trees that pods use as overlay lower directories.
 *
 * <p>Knows the image model and the kernel's file calls. Must not know where blobs come from, who
 * signed them, or what a pod is. spec/rendering.md
 */
@NullMarked
package rkt.stage1.render;

import org.jspecify.annotations.NullMarked;
