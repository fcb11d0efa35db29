package rkt.fetch.http;

import rkt.fetch.transport.Patience;
import rkt.fetch.transport.Surroundings;

/**
 * How to speak HTTP.
 *
 * @param insecureTls whether any certificate will do
 * @param surroundings where proxies and certificates are looked up
 */
public record HttpOptions(boolean insecureTls, Patience patience, Surroundings surroundings) {}
