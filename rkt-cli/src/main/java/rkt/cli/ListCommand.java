package rkt.cli;

import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** {@code rkt list}: the pods. */
final class ListCommand implements Command {
  private static final int SHORT_ID = 8;
  private static final int SHORT_IMAGE = 19;

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addOption(
        OptionSpec.builder("--full")
            .type(boolean.class)
            .description("Print whole UUIDs and image identifiers.")
            .build());
    Table.describe(spec);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    Pods pods = new Pods(settings.dir());
    List<PodView> list = pods.list();
    if (format.isJson()) {
      for (PodView pod : list) {
        whole(
            pods,
            pod,
            it -> {
              JsonWriter json = format.writer();
              PodJson.write(json, it);
              return () -> caller.out().println(json);
            });
      }
      return 0;
    }
    boolean full = parsed.hasMatchedOption("--full");
    Table table = new Table();
    table.heading(
        parsed, "UUID", "APP", "IMAGE NAME", "IMAGE ID", "STATE", "CREATED", "STARTED", "NETWORKS");
    for (PodView pod : list) {
      whole(
          pods,
          pod,
          it -> {
            List<String[]> rows = rows(it, full);
            return () -> rows.forEach(table::row);
          });
    }
    table.print(caller.out());
    return 0;
  }

  /** Reads what is to be shown of a pod; what that gives shows it. */
  private interface Reader {
    Runnable read(PodView pod) throws RktException;
  }

  /**
   * Shows a pod as it was at one moment: read again if it moved on meanwhile, unless it is gone.
   */
  private static void whole(Pods pods, PodView pod, Reader reader) throws RktException {
    Optional<PodView> now = Optional.of(pod);
    while (now.isPresent()) {
      Runnable shown = reader.read(now.get());
      if (Files.isDirectory(now.get().directory())) {
        shown.run();
        return;
      }
      now = pods.again(now.get());
    }
  }

  /** One row for each app; the pod's own columns on the first of them only. */
  private static List<String[]> rows(PodView pod, boolean full) {
    List<String[]> rows = new ArrayList<>();
    Optional<PodRecord> record = pod.readableRecord();
    String id = full ? pod.id() : pod.id().substring(0, Math.min(SHORT_ID, pod.id().length()));
    String created = time(pod.createdNanos());
    String started = time(pod.startedNanos().orElse(0));
    if (record.isEmpty()) {
      rows.add(new String[] {id, "-", "-", "-", pod.state(), created, started, ""});
      return rows;
    }
    boolean first = true;
    for (PodRecord.App app : record.get().apps()) {
      String image = app.image().toString();
      image = full ? image : image.substring(0, SHORT_IMAGE);
      if (first) {
        String network = record.get().network();
        rows.add(
            new String[] {
              id, app.name(), app.imageName().text(), image, pod.state(), created, started, network
            });
      } else {
        rows.add(new String[] {"", app.name(), app.imageName().text(), image});
      }
      first = false;
    }
    return rows;
  }

  static String time(long nanos) {
    return nanos == 0
        ? ""
        : Instant.ofEpochSecond(0, nanos).truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
