/**
 * What {@code registries.conf} says: where the images of a registry are fetched instead. It changes
 * where bytes come from, never what they are judged as. docs/fetching.md#mirrors
 */
@NullMarked
package rkt.fetch.registries;

import org.jspecify.annotations.NullMarked;
