package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;

/** The report as a browser shows it. spec/audit.md#report */
@Tag("privileged")
final class AuditReportIT extends PodTests {
  private static final String READY = "document.documentElement.dataset.ready === 'yes'";
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final List<String> HOSTILE =
      List.of(
          "</script><script>window.owned = 1</script>",
          "\"><img src=x onerror=window.owned=1>",
          "'-window.owned-'",
          "<!--<script>",
          "</noscript><iframe src=javascript:parent.owned=1>",
          "</style><svg onload=owned=1>");

  private Browser browser;

  @BeforeAll
  void startBrowser() throws Exception {
    browser = Browser.start(Files.createDirectory(rkt.home().resolve("browser")));
  }

  @AfterAll
  void endBrowser() {
    if (browser != null) {
      browser.close();
    }
  }

  private Path report(Rkt of, String... filters) throws Exception {
    Path file = rkt.home().resolve("report.html");
    List<String> words = new ArrayList<>(List.of("audit", "report", "--html=" + file));
    words.addAll(List.of(filters));
    of.ok(words.toArray(new String[0]));
    return file;
  }

  /** A data directory whose log holds these events, a minute apart. */
  private Rkt log(String name, List<AuditEvent> events) throws Exception {
    Rkt other = rkt.withData(Files.createDirectory(rkt.home().resolve(name)));
    Files.setPosixFilePermissions(other.data(), PosixFilePermissions.fromString("rwx------"));
    long[] minute = {0};
    AuditLog log = new AuditLog(other.data(), () -> START.plusSeconds(60 * minute[0]++));
    for (AuditEvent event : events) {
      log.append(List.of(event));
    }
    return other;
  }

  private static AuditEvent refused(String name) {
    return AuditEvent.of(AuditEvent.Kind.VERDICT)
        .with("purpose", "run")
        .with("name", name)
        .with("accepted", false)
        .with("bypassed", false)
        .with("rule", "unknown-key")
        .with("why", "no trusted key signed " + name);
  }

  private static AuditEvent accepted(String name) {
    return AuditEvent.of(AuditEvent.Kind.VERDICT)
        .with("purpose", "run")
        .with("name", name)
        .with("image", "sha512-" + "0".repeat(128))
        .with("accepted", true)
        .with("bypassed", false)
        .with("rule", "valid")
        .with("key", "a".repeat(40))
        .with("scope", "root");
  }

  private String text(String selector) throws Exception {
    return browser.eval(
        "[...document.querySelectorAll(\"" + selector + "\")].map(e => e.innerText).join('|')");
  }

  private String names(String table) throws Exception {
    return text("#" + table + " tbody td[data-label=Name]");
  }

  @Test
  void aPodIsShownWithWhoVouchedForItAndHowItEnded() throws Exception {
    assertThat(sh("exit 7").status()).isEqualTo(7);
    assertThat(sh("true", "--insecure-options=image").status()).isZero();
    rkt.ok("gc", "--mark-only");
    String keys = rkt.ok("trust", "list", "--format=json").out();
    String key = keys.replaceAll("(?s).*?\"fingerprint\":\"([0-9a-f]+)\".*", "$1");
    String head = rkt.ok("audit", "verify").out().strip();
    Path file = report(rkt);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    browser.open(file, "", READY);
    assertThat(text(".chain h2")).isEqualTo("The log is intact");
    assertThat(text(".chain .headline")).isEqualTo(head);
    assertThat(text("#runs td[data-label=Status]")).contains("7");
    assertThat(text("#runs td[data-label=Pod]")).contains(rkt.uuids().get(0));
    assertThat(text("#runs td[data-label='Signed by']")).contains(key);
    assertThat(text("#runs td[data-label=Outcome]")).contains("accepted", "bypassed");
    assertThat(text("#attention td[data-label=Outcome]")).contains("bypassed");
    assertThat(text("#trust td[data-label=Key]")).contains(key);
    assertThat(text("#signers td[data-label=Signer]")).isEqualTo(key);
    assertThat(text("#fetches td[data-label=Name]")).contains("example.com/it/busybox");
  }

  @Test
  void tablesSortByClickAndByKeyAndSaySo() throws Exception {
    Rkt other = log("sort", List.of(refused("b"), refused("c"), refused("a")));
    browser.open(report(other), "", READY);
    assertThat(names("attention")).as("the latest first").isEqualTo("a|c|b");
    String header = "#attention th:nth-child(4)";
    browser.click(header + " button");
    assertThat(names("attention")).isEqualTo("a|b|c");
    assertThat(browser.eval("document.querySelector('" + header + "').ariaSort"))
        .isEqualTo("ascending");
    browser.click(header + " button");
    assertThat(names("attention")).isEqualTo("c|b|a");
    assertThat(browser.eval("location.hash")).isEqualTo("#sort.attention=-Name");
    browser.open(report(other), "#sort.attention=Name&find=unknown", READY);
    assertThat(names("attention")).as("from the address").isEqualTo("a|b|c");
  }

  @Test
  void whatIsTypedAndClickedFilters() throws Exception {
    Rkt other =
        log("filter", List.of(refused("bad/one"), accepted("good/one"), accepted("good/two")));
    browser.open(report(other), "", READY);
    assertThat(names("records")).isEqualTo("good/two|good/one|bad/one");
    browser.click("[data-outcome='1']");
    assertThat(names("records")).isEqualTo("bad/one");
    browser.click("[data-outcome='1']");
    browser.click("#find");
    browser.type("ONE good");
    browser.await("document.querySelectorAll('#records tbody tr').length === 1");
    assertThat(names("records")).isEqualTo("good/one");
    assertThat(text("#records .total")).isEqualTo("1 of 3");
    browser.click("#reset");
    assertThat(names("records")).isEqualTo("good/two|good/one|bad/one");
  }

  @Test
  void aSpanOfTheTimelineChoosesWhatTheTablesShow() throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      events.add(refused("name-" + i));
    }
    browser.open(report(log("timeline", events)), "", READY);
    assertThat(browser.eval("document.querySelectorAll('#plot rect.refused').length"))
        .isEqualTo("20");
    browser.drag("#plot", 0.6, 0.99);
    browser.await("document.querySelectorAll('#attention tbody tr').length < 15");
    assertThat(names("attention")).contains("name-19").doesNotContain("name-1|", "name-5|");
    assertThat(browser.eval("location.hash")).contains("from=2026-01-01T00");
    browser.key("0");
    assertThat(browser.eval("document.activeElement.id")).isEqualTo("plot");
    browser.await("document.querySelectorAll('#attention tbody tr').length === 20");
  }

  @Test
  void hostileNamesAreShownAndDoNothingAndNothingLeavesThePage() throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    for (String name : HOSTILE) {
      events.add(refused(name));
      events.add(AuditEvent.of(AuditEvent.Kind.TRUST).with("action", name).with("scope", name));
    }
    Rkt other = log("hostile", events);
    Path file = report(other, "--until=2027-01-01", "--name=" + HOSTILE.get(0).split("/")[0]);
    browser.open(file, "", READY); // the filters are shown too
    file = report(other);
    browser.open(file, "#find=" + "%3Cscript%3E&sort.records=%3Cimg", READY);
    browser.open(file, "", READY);
    for (String name : HOSTILE) {
      assertThat(names("attention")).contains(name);
      assertThat(text("#trust td[data-label=Change]")).contains(name);
    }
    assertThat(browser.eval("typeof window.owned")).isEqualTo("undefined");
    assertThat(browser.eval("document.querySelectorAll('img, iframe, object, [onload]').length"))
        .isEqualTo("0");
    assertThat(browser.eval("document.scripts.length"))
        .as("the data and the program")
        .isEqualTo("2");
    assertThat(browser.requests()).containsExactly(file.toUri().toString());
    assertThat(
            browser.eval(
                "new Promise(done => { addEventListener('securitypolicyviolation',"
                    + " e => done(e.effectiveDirective)); fetch('http://127.0.0.1:9/').catch(() => 0); })"))
        .as("what keeps even a program inside")
        .isEqualTo("connect-src");
  }

  @Test
  void withoutScriptsThereArePlainTables() throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    HOSTILE.forEach(name -> events.add(refused(name)));
    Path file = report(log("plain", events));
    browser.scripts(false);
    try {
      browser.open(file, "", "document.querySelector('#attention noscript table')");
      assertThat(text("#attention noscript td[data-label=Name]"))
          .isEqualTo(String.join("|", HOSTILE));
      assertThat(browser.eval("document.querySelector('.controls').offsetHeight")).isEqualTo("0");
      assertThat(browser.eval("document.querySelectorAll('img, iframe, [onload]').length"))
          .isEqualTo("0");
    } finally {
      browser.scripts(true);
    }
  }

  @Test
  void aChangedLogIsReportedLoudlyAndFails() throws Exception {
    Rkt other = log("changed", List.of(refused("a"), refused("b"), refused("c")));
    Path segment = other.data().resolve("audit/00000001.jsonl");
    List<String> lines = new ArrayList<>(Files.readAllLines(segment));
    lines.remove(1);
    Files.write(segment, lines);
    Path file = rkt.home().resolve("changed.html");
    Result result = other.run("audit", "report", "--html=" + file);
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).startsWith("integrity: the audit log in ");
    browser.open(file, "", READY);
    assertThat(text("[role=alert] h2")).isEqualTo("The log was changed");
    assertThat(text("[role=alert] li")).isEqualTo("record 2 was removed");
    assertThat(names("attention")).isEqualTo("c|a");
  }

  @Test
  void aHundredThousandRecordsAreSortedAndFiltered() throws Exception {
    Rkt other = log("large", List.of(refused("first")));
    AuditLog log = new AuditLog(other.data(), () -> START.plusSeconds(86_400));
    List<AuditEvent> batch = new ArrayList<>();
    for (int i = 1; i < 100_000; i++) {
      batch.add(i % 10 == 0 ? refused("app-" + i) : accepted("app-" + i));
      if (batch.size() == 9_999 || i == 99_999) {
        log.append(batch);
        batch.clear();
      }
    }
    browser.open(report(other), "", READY);
    assertThat(text("#records .total")).isEqualTo("100,000");
    assertThat(text("#records .pager span")).isEqualTo("1–25 of 100,000");
    browser.click("#records th:nth-child(5) button");
    assertThat(names("records")).startsWith("app-1|app-10|app-100|app-1000|app-10000|");
    browser.click("#records .pager button:last-child");
    assertThat(names("records")).endsWith("|app-99999|first");
    browser.click("#find");
    browser.type("app-4242");
    browser.await("document.querySelector('#records .total').textContent === '11 of 100,000'");
  }
}
