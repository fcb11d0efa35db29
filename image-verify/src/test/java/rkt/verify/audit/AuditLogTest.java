package rkt.verify.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;

final class AuditLogTest {
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.parse("2026-11-28T12:00:00.123456789Z"));

  @TempDir Path data;
  private AuditLog log;

  @BeforeEach
  void open() {
    log = new AuditLog(data, CLOCK);
  }

  private static AuditEvent event(String image) {
    return AuditEvent.of(AuditEvent.Kind.RUN).with("image", image).with("bypassed", false);
  }

  private void append(int count) throws RktException {
    for (int i = 1; i <= count; i++) {
      log.append(List.of(event("image-" + i)));
    }
  }

  private Path segment(int number) {
    return data.resolve("audit/0000000" + number + ".jsonl");
  }

  private List<String> lines() throws IOException {
    return new ArrayList<>(Files.readAllLines(segment(1)));
  }

  private void replace(List<String> lines) throws IOException {
    Files.write(segment(1), lines);
  }

  private List<String> problems() throws RktException {
    return AuditCheck.of(data).problems();
  }

  @Test
  void aCheckFindsNothingWrongWithALogThatJustBegins() throws Exception {
    try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
      for (int round = 0; round < 40; round++) {
        Path fresh = data.resolve("fresh-" + round);
        Future<?> writer =
            pool.submit(() -> new AuditLog(fresh, CLOCK).append(List.of(event("first"))));
        while (!writer.isDone()) {
          assertThat(AuditCheck.of(fresh).problems()).isEmpty();
        }
        writer.get();
      }
    }
  }

  @Test
  void aRecordSaysWhenByWhomAndWhat() throws Exception {
    log.append(List.of(event("sha256:abc")));
    assertThat(lines()).hasSize(1);
    assertThat(lines().get(0))
        .startsWith(
            "{\"version\":1,\"seq\":1,\"prev\":\""
                + "0".repeat(64)
                + "\",\"at\":\"2026-11-28T12:00:00.123456Z\",\"pid\":"
                + ProcessHandle.current().pid()
                + ",\"uid\":")
        .endsWith("\"event\":\"run\",\"image\":\"sha256:abc\",\"bypassed\":false}");
  }

  @Test
  void aRoundMomentHasItsSeconds() throws Exception {
    for (String at : List.of("2026-11-28T12:00:00Z", "2026-11-28T12:00:01Z")) {
      Path other = Files.createTempDirectory(data, "other");
      new AuditLog(other, InstantSource.fixed(Instant.parse(at))).append(List.of(event("a")));
      assertThat(Files.readString(other.resolve("audit/00000001.jsonl")))
          .contains("\"at\":\"" + at + "\"");
    }
  }

  @Test
  void whoReadsWhileCheckingIsToldOfEveryRecord() throws Exception {
    append(3);
    List<String> told = new ArrayList<>();
    AuditCheck check = AuditCheck.of(data, (record, line) -> told.add(line));
    assertThat(check.problems()).isEmpty();
    assertThat(told).isEqualTo(lines());
  }

  @Test
  void nobodyElseMayReadIt() throws Exception {
    append(1);
    assertThat(mode(data.resolve("audit"))).isEqualTo("rwx------");
    assertThat(mode(segment(1))).isEqualTo("rw-------");
    assertThat(mode(data.resolve("audit/head"))).isEqualTo("rw-------");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void anUntouchedLogHasNoProblem() throws Exception {
    assertThat(AuditCheck.of(data)).isEqualTo(new AuditCheck(0, 0, AuditHead.EMPTY, List.of()));
    append(5);
    AuditHead head = log.append(List.of(event("a"), event("b")));
    assertThat(head.sequence()).isEqualTo(7);
    AuditCheck check = AuditCheck.of(data);
    assertThat(check.problems()).isEmpty();
    assertThat(check.records()).isEqualTo(7);
    assertThat(check.end()).isEqualTo(head);
    assertThat(AuditCheck.of(data, head).problems()).isEmpty();
  }

  @Test
  void anAlteredRecordIsFoundWhereverItStands() throws Exception {
    append(5);
    List<String> good = lines();
    for (int i = 0; i < 5; i++) {
      List<String> altered = new ArrayList<>(good);
      altered.set(i, altered.get(i).replace("image-", "other-"));
      replace(altered);
      assertThat(problems()).as("record %d", i + 1).hasSize(1);
      assertThat(problems().get(0)).contains("record " + (i + 1) + " was altered");
    }
  }

  @Test
  void aRemovedRecordIsFoundWhereverItStands() throws Exception {
    append(5);
    List<String> good = lines();
    for (int i = 0; i < 4; i++) {
      List<String> shorter = new ArrayList<>(good);
      shorter.remove(i);
      replace(shorter);
      assertThat(problems()).containsExactly("record " + (i + 1) + " was removed");
    }
    replace(List.of(good.get(0), good.get(4)));
    assertThat(problems()).containsExactly("records 2 to 4 were removed");
  }

  @Test
  void aLogThatWasCutOffIsFound() throws Exception {
    append(5);
    List<String> good = lines();
    replace(good.subList(0, 4));
    assertThat(problems()).containsExactly("record 5 was cut off");
    replace(good.subList(0, 2));
    assertThat(problems()).containsExactly("records 3 to 5 were cut off");
    Files.delete(segment(1));
    assertThat(problems()).containsExactly("records 1 to 5 were cut off");
  }

  @Test
  void reorderedRecordsAreFound() throws Exception {
    append(5);
    List<String> swapped = lines();
    Collections.swap(swapped, 1, 3);
    replace(swapped);
    assertThat(problems()).anyMatch(problem -> problem.contains("out of order"));
  }

  @Test
  void aRecordThatWasPutInIsFound() throws Exception {
    append(3);
    List<String> more = lines();
    more.add(1, more.get(1));
    replace(more);
    assertThat(problems()).anyMatch(problem -> problem.contains("record 2 is out of order"));
    more.set(1, "not a record");
    replace(more);
    assertThat(problems()).anyMatch(problem -> problem.contains("was altered"));
  }

  @Test
  void whoRewritesTheWholeChainIsFoundByAnEndKeptElsewhere() throws Exception {
    append(3);
    AuditHead kept = AuditCheck.of(data).end();
    Files.delete(segment(1));
    Files.delete(data.resolve("audit/head"));
    append(2);
    log.append(List.of(event("forged")));
    assertThat(problems()).isEmpty();
    assertThat(AuditCheck.of(data, kept).problems()).hasSize(1);
  }

  @Test
  void aMissingHeadIsFound() throws Exception {
    append(2);
    Files.delete(data.resolve("audit/head"));
    assertThat(problems()).hasSize(1);
    assertThat(problems().get(0)).contains("head");
  }

  @Test
  void nothingIsAddedToALogThatWasAltered() throws Exception {
    append(3);
    List<String> altered = lines();
    altered.set(2, altered.get(2).replace("image-", "other-"));
    replace(altered);
    assertThatThrownBy(() -> append(1))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY))
        .hasMessageContaining("record 3 was altered");
    assertThat(lines()).isEqualTo(altered);
  }

  @Test
  void whatAWriterThatDiedLeftIsTakenOffAndSaid() throws Exception {
    append(2);
    Files.writeString(segment(1), "{\"version\":1,\"se", StandardOpenOption.APPEND);
    assertThat(problems()).isEmpty();
    append(1);
    assertThat(lines()).hasSize(4);
    assertThat(lines().get(2)).contains("\"event\":\"recovered\",\"tornBytes\":16");
    assertThat(problems()).isEmpty();
  }

  @Test
  void aWriterThatDiedBeforeTheHeadLosesNothing() throws Exception {
    append(2);
    byte[] head = Files.readAllBytes(data.resolve("audit/head"));
    append(2);
    Files.write(data.resolve("audit/head"), head);
    append(1);
    assertThat(lines()).hasSize(5);
    assertThat(problems()).isEmpty();
  }

  @Test
  void theChainGoesOnInTheNextSegment() throws Exception {
    AuditLog small = new AuditLog(data, CLOCK, 1000);
    for (int i = 0; i < 20; i++) {
      small.append(List.of(event("image-" + i)));
    }
    AuditCheck check = AuditCheck.of(data);
    assertThat(check.problems()).isEmpty();
    assertThat(check.records()).isEqualTo(20);
    assertThat(check.segments()).isGreaterThan(3);
    log.rotate();
    log.rotate();
    append(1);
    assertThat(problems()).isEmpty();
    Files.delete(segment(2));
    assertThat(problems()).anyMatch(p -> p.contains("segment 00000002.jsonl is missing"));
  }

  @Test
  void writersAtTheSameTimeDoNotMixTheirRecords() throws Exception {
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    for (int t = 0; t < 8; t++) {
      String name = "writer-" + t;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  AuditLog own = new AuditLog(data, CLOCK);
                  for (int i = 0; i < 20; i++) {
                    own.append(List.of(event(name), event(name)));
                  }
                } catch (RktException | RuntimeException e) {
                  failures.add(e);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    assertThat(AuditCheck.of(data).records()).isEqualTo(320);
    assertThat(problems()).isEmpty();
    List<String> images = new ArrayList<>();
    new AuditRecords(data).forEach((record, line) -> images.add(record.string("image")));
    for (int i = 0; i < images.size(); i += 2) {
      assertThat(images.get(i)).isEqualTo(images.get(i + 1));
    }
  }

  @Test
  void aRecordThatIsTooLongIsRefusedAndNothingIsWritten() throws Exception {
    append(1);
    byte[] before = Files.readAllBytes(segment(1));
    assertThatThrownBy(() -> log.append(List.of(event("x".repeat(70_000)))))
        .isInstanceOf(RktException.class);
    assertThat(Files.readAllBytes(segment(1))).isEqualTo(before);
  }

  @Test
  void aLogHasItsHeadBeforeItsFirstRecord() throws Exception {
    assertThatThrownBy(() -> log.append(List.of(event("x".repeat(70_000)))))
        .isInstanceOf(RktException.class);
    byte[] head = Files.readAllBytes(data.resolve("audit/head"));
    assertThat(problems()).isEmpty();
    append(1);
    Files.write(data.resolve("audit/head"), head); // as after a kill before the second head
    assertThat(problems()).isEmpty();
    append(1);
    assertThat(lines()).hasSize(2);
    assertThat(problems()).isEmpty();
  }

  @Test
  void whoeverAddsToALogWithoutItsHeadSaysSoInIt() throws Exception {
    append(3);
    List<String> kept = lines().subList(0, 2);
    for (String left : List.of("", "not a head")) {
      replace(kept);
      if (left.isEmpty()) {
        Files.delete(data.resolve("audit/head"));
      } else {
        Files.writeString(data.resolve("audit/head"), left);
      }
      assertThat(problems()).hasSize(1);
      append(1);
      assertThat(lines()).hasSize(4);
      assertThat(lines().get(2)).endsWith("\"event\":\"recovered\",\"head\":\"missing\"}");
    }
  }

  @Test
  void whatCannotGetAHeadIsTakenBack() throws Exception {
    append(2);
    List<String> before = lines();
    Path head = data.resolve("audit/head");
    Files.writeString(head, Files.readString(head).strip() + "\n"); // which is to be made anew
    Path draft = Files.createDirectory(data.resolve("audit/head.new"));
    assertThatThrownBy(() -> append(1))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.SYSTEM));
    assertThat(lines()).isEqualTo(before);
    assertThat(problems()).isEmpty();
    Files.delete(draft);
    append(1);
    assertThat(lines()).hasSize(3);
    assertThat(problems()).isEmpty();
  }

  /** So that a power loss leaves the old one or the new one without a sync. */
  @Test
  void theHeadIsOverwrittenWhereItIs() throws Exception {
    append(1);
    Path head = data.resolve("audit/head");
    Object file = Files.getAttribute(head, "unix:ino");
    for (int i = 0; i < 12; i++) {
      append(1);
      assertThat(Files.size(head)).isEqualTo(96);
      assertThat(Files.getAttribute(head, "unix:ino")).isEqualTo(file);
      assertThat(problems()).isEmpty();
    }
    assertThat(Files.readString(head)).startsWith("13:").endsWith(" \n");
    Files.writeString(head, Files.readString(head).strip() + "\n"); // another version's
    assertThat(problems()).isEmpty();
    append(1);
    assertThat(Files.size(head)).isEqualTo(96);
    assertThat(lines()).hasSize(14);
    assertThat(problems()).isEmpty();
  }

  @Test
  void aLogWithoutNumbersLeftIsRefused() throws Exception {
    append(1);
    Files.move(segment(1), data.resolve("audit/99999999.jsonl"));
    assertThatThrownBy(log::rotate)
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY));
  }

  @Test
  void whyTheLogCannotBeWrittenIsSaid() throws Exception {
    Files.createDirectories(segment(1));
    assertThatThrownBy(() -> append(1))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.SYSTEM))
        .hasMessage("cannot write the audit log in " + data.resolve("audit") + ": Is a directory");
  }

  @Test
  void aLinkInPlaceOfASegmentIsNotFollowed() throws Exception {
    Path outside = data.resolve("outside");
    Files.writeString(outside, "");
    Files.createDirectory(data.resolve("audit"));
    Files.createSymbolicLink(segment(1), outside);
    assertThatThrownBy(() -> append(1)).isInstanceOf(RktException.class);
    assertThat(Files.size(outside)).isZero();
  }

  @Test
  void anEndIsReadAsItIsWritten() {
    AuditHead head = new AuditHead(17, "ab".repeat(32));
    assertThat(AuditHead.parse(head.toString())).contains(head);
    for (String wrong :
        List.of("", "17", ":", "17:", "x:" + "0".repeat(64), "1:" + "A".repeat(64))) {
      assertThat(AuditHead.parse(wrong)).as(wrong).isEqualTo(Optional.empty());
    }
  }
}
