package rkt.stage1.render;

import java.util.List;

/**
 * What a check of one rendered tree found. spec/rendering.md#check
 *
 * @param name the name of the tree below {@code trees/}
 * @param state what is to be said of it
 * @param findings what differs, at most {@link #MOST_FINDINGS}; empty unless it is damaged
 */
public record TreeReport(String name, State state, List<Finding> findings) {
  /** More are not told of one tree. */
  public static final int MOST_FINDINGS = 100;

  public TreeReport {
    findings = List.copyOf(findings);
  }

  /** How a tree compares with what its layer makes. */
  public enum State {
    /** It is exactly what the layer makes. */
    INTACT("intact"),
    /** Nobody can say, because the blob of its layer is damaged. */
    UNCHECKED("unchecked"),
    /** There is none: the next start makes it. */
    ABSENT("absent"),
    /** It is something else than the layer makes. */
    DAMAGED("damaged");

    private final String label;

    State(String label) {
      this.label = label;
    }

    /** The word in reports. */
    public String label() {
      return label;
    }
  }

  /**
   * One difference.
   *
   * @param path from the root of the tree, made safe to print; {@code .} is the root
   * @param what is wrong with it
   */
  public record Finding(String path, String what) {}
}
