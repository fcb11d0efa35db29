package rkt.stage1.pod;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import rkt.verify.audit.AuditEvent;

/** What happens to pods, as events of the audit log. spec/audit.md#events */
public final class PodEvents {
  private PodEvents() {}

  /** A pod that is about to run: what of, and what was switched off for it. */
  public static AuditEvent of(AuditEvent.Kind kind, PodRecord record) {
    List<String> apps = new ArrayList<>();
    List<String> images = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    for (PodRecord.App app : record.apps()) {
      apps.add(app.name());
      images.add(app.image().toString());
      names.add(app.imageName().text());
      for (String key : app.signers()) {
        if (!keys.contains(key)) {
          keys.add(key);
        }
      }
    }
    return AuditEvent.of(kind)
        .with("pod", record.id())
        .with("apps", apps)
        .with("images", images)
        .with("names", names)
        .with("keys", keys)
        .with("network", record.network())
        .with("insecure", record.insecure());
  }

  /** A pod that has ended, told when it is first seen to have; not of one that never started. */
  public static Optional<AuditEvent> exit(PodView pod) {
    if (pod.startedNanos().isEmpty()) {
      return Optional.empty();
    }
    AuditEvent event = AuditEvent.of(AuditEvent.Kind.EXIT).with("pod", pod.id());
    OptionalLong status = pod.number("exit-status");
    if (status.isPresent()) {
      event.with("status", status.getAsLong());
    } else {
      event.with("killed", true);
    }
    OptionalLong signal = pod.number("exit-signal");
    if (signal.isPresent()) {
      event.with("signal", signal.getAsLong());
    }
    OptionalLong at = pod.number("exited");
    if (at.isPresent()) {
      event.with("exitedAt", Instant.ofEpochSecond(0, at.getAsLong()).toString());
    }
    return Optional.of(event);
  }

  /**
   * A process that enters an app. Of its words only the program is told: the others may be secrets.
   */
  public static AuditEvent enter(PodView pod, String app, String program) {
    return AuditEvent.of(AuditEvent.Kind.ENTER)
        .with("pod", pod.id())
        .with("app", app)
        .with("program", program);
  }
}
