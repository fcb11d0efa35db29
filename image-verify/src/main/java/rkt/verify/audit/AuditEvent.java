package rkt.verify.audit;

import java.util.ArrayList;
import java.util.List;
import rkt.spec.json.JsonWriter;

/**
 * Something that happened, as it is told to the {@link AuditLog}, which adds when, by whom, and the
 * chain. spec/audit.md#events
 */
public final class AuditEvent {
  /** What kinds there are. A name never changes its meaning. */
  public enum Kind {
    FETCH("fetch"),
    VERDICT("verdict"),
    PREPARE("prepare"),
    RUN("run"),
    ENTER("enter"),
    EXIT("exit"),
    TRUST("trust"),
    SIGN("sign"),
    RECOVERED("recovered");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /** The value of {@code event}. */
    public String label() {
      return label;
    }
  }

  private record Member(String name, Object value) {}

  private final Kind kind;
  private final List<Member> members = new ArrayList<>();

  private AuditEvent(Kind kind) {
    this.kind = kind;
  }

  public static AuditEvent of(Kind kind) {
    return new AuditEvent(kind);
  }

  /** Adds a member; an empty text is left out, since there is nothing to tell then. */
  public AuditEvent with(String name, String value) {
    if (!value.isEmpty()) {
      members.add(new Member(name, value));
    }
    return this;
  }

  public AuditEvent with(String name, long value) {
    members.add(new Member(name, value));
    return this;
  }

  public AuditEvent with(String name, boolean value) {
    members.add(new Member(name, value));
    return this;
  }

  /** Adds an array of texts; an empty one is left out. */
  public AuditEvent with(String name, List<String> values) {
    if (!values.isEmpty()) {
      members.add(new Member(name, List.copyOf(values)));
    }
    return this;
  }

  Kind kind() {
    return kind;
  }

  /** The members of this event, into an object that is open. */
  void writeTo(JsonWriter json) {
    json.put("event", kind.label());
    for (Member member : members) {
      Object value = member.value();
      if (value instanceof String text) {
        json.put(member.name(), text);
      } else if (value instanceof Long number) {
        json.put(member.name(), number.longValue());
      } else if (value instanceof Boolean flag) {
        json.put(member.name(), flag.booleanValue());
      } else if (value instanceof List<?> list) {
        json.array(member.name());
        for (Object element : list) {
          json.add((String) element);
        }
        json.end();
      }
    }
  }
}
