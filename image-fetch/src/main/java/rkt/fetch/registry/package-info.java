/** OCI registries, as a source, and the credentials for them. */
@NullMarked
package rkt.fetch.registry;

import org.jspecify.annotations.NullMarked;
