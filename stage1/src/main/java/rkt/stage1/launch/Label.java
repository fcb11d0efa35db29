package rkt.stage1.launch;

/**
 * What a step does, for the error line of pod-init: {@code run: cannot WHAT: ERRNO}, and optionally
 * what to do about it.
 *
 * @param fix empty when there is no advice
 */
public record Label(String what, String fix) {
  public static Label of(String what) {
    return new Label(what, "");
  }
}
