package rkt.verify.policy;

import java.nio.file.Path;
import rkt.spec.RktException;
import rkt.verify.trust.GuardedFiles;

/** Reads a policy file and judges by it, for those outside of the package who break it. */
public final class PolicyProbe {
  private PolicyProbe() {}

  /** Whether an image that nobody signed meets the policy. */
  public static boolean acceptsUnsigned(byte[] document) throws RktException {
    PolicyReader reader =
        new PolicyReader(new GuardedFiles(GuardedFiles.Kind.POLICY), Path.of("/nowhere"));
    Requirement requirement = reader.read(document, Path.of("/nowhere/policy.json"));
    Explanation explanation = Evaluation.of(requirement, new NoProofs(), true);
    explanation.lines();
    explanation.asks();
    explanation.reason();
    return explanation.met();
  }
}
