/**
 * Brings an OCI image from any source of documents and blobs into a transaction. Must not know
 * where the source is.
 */
@NullMarked
package rkt.fetch.oci;

import org.jspecify.annotations.NullMarked;
