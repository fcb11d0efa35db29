package rkt.verify.policy;

import java.nio.file.Path;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustedKey.Layer;

/**
 * What is asked of the images below a name. spec/policy.md
 *
 * @param scope for which names
 * @param layer whether the distribution or the administrator put it there
 */
public record Policy(Scope scope, Layer layer, Path file, Requirement requirement) {}
