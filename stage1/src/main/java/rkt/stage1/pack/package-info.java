/**
 * Images on their way out: trees packed into tars, ACIs built, stored images exported and
 * converted. Knows tars, trees and the store; fetches nothing and judges nobody.
 */
@org.jspecify.annotations.NullMarked
package rkt.stage1.pack;
