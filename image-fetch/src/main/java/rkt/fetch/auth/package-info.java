/**
 * Logins of this machine and this user, as other tools left them. Must not know what they are used
 * for. docs/fetching.md#credentials
 */
@NullMarked
package rkt.fetch.auth;

import org.jspecify.annotations.NullMarked;
