package rkt.cli;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
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
    spec.addOption(
        OptionSpec.builder("--no-legend")
            .type(boolean.class)
            .description("Print no heading.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    List<PodView> pods = new Pods(settings.dir()).list();
    if (format.isJson()) {
      for (PodView pod : pods) {
        JsonWriter json = format.writer();
        PodJson.write(json, pod);
        caller.out().println(json);
      }
      return 0;
    }
    boolean full = parsed.hasMatchedOption("--full");
    Table table = new Table();
    if (!parsed.hasMatchedOption("--no-legend")) {
      table.row("UUID", "APP", "IMAGE NAME", "IMAGE ID", "STATE", "CREATED", "STARTED", "NETWORKS");
    }
    for (PodView pod : pods) {
      addRows(table, pod, full);
    }
    table.print(caller.out());
    return 0;
  }

  /** One row for each app; the pod's own columns on the first of them only. */
  private static void addRows(Table table, PodView pod, boolean full) throws RktException {
    Optional<PodRecord> record = pod.readableRecord();
    String id = full ? pod.id() : pod.id().substring(0, Math.min(SHORT_ID, pod.id().length()));
    String created = time(pod.createdNanos());
    String started = time(pod.startedNanos().orElse(0));
    if (record.isEmpty()) {
      table.row(id, "-", "-", "-", pod.state(), created, started, "");
      return;
    }
    boolean first = true;
    for (PodRecord.App app : record.get().apps()) {
      String image = app.image().toString();
      image = full ? image : image.substring(0, SHORT_IMAGE);
      if (first) {
        String network = record.get().network();
        table.row(
            id, app.name(), app.imageName().text(), image, pod.state(), created, started, network);
      } else {
        table.row("", app.name(), app.imageName().text(), image);
      }
      first = false;
    }
  }

  static String time(long nanos) {
    return nanos == 0
        ? ""
        : Instant.ofEpochSecond(0, nanos).truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
