package rkt.verify.sigstore;

import java.util.List;
import rkt.spec.SpecException;
import rkt.verify.claim.Claim;

/** What became of one statement. */
public sealed interface Result {
  /** The claims that hold: none if the statement was refused. */
  List<Claim> claims();

  /**
   * The statement holds: at least one claim, more if it was signed by several keys or names several
   * subjects.
   */
  record Holds(List<Claim> claims) implements Result {
    public Holds {
      claims = List.copyOf(claims);
      if (claims.isEmpty()) {
        throw new IllegalArgumentException("a statement that holds makes a claim");
      }
    }
  }

  /**
   * The statement proves nothing.
   *
   * @param rule which rule of spec/sigstore.md#rules refused it
   * @param why one sentence for people, without a full stop
   */
  record Refused(Refusal rule, String why) implements Result {
    /** What follows from a failure to read or to verify. */
    static Refused of(Exception e) {
      if (e instanceof SigstoreException refusal) {
        return new Refused(refusal.rule(), String.valueOf(e.getMessage()));
      }
      // A parser that stumbles over hostile bytes has not shown that they hold.
      return new Refused(
          Refusal.MALFORMED,
          e instanceof SpecException
              ? String.valueOf(e.getMessage())
              : "the statement cannot be read: " + e);
    }

    @Override
    public List<Claim> claims() {
      return List.of();
    }
  }
}
