/**
 * Sigstore: signatures and attestations made with a bare key, or with a key that a certificate
 * authority vouched for and a transparency log recorded. Pure functions over bytes: must not know
 * the store, the network, or what a policy asks for. spec/sigstore.md
 */
@NullMarked
package rkt.verify.sigstore;

import org.jspecify.annotations.NullMarked;
