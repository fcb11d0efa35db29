package rkt.fetch.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.fetch.Fixtures;

final class RktFetchTest {
  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void makeImage() throws Exception {
    Files.write(directory.resolve("app.aci"), Fixtures.aci());
  }

  @Test
  void itPrintsOneIdentifierALine() throws Exception {
    String aci = directory.resolve("app.aci").toString();
    assertThat(run(aci, aci)).isZero();
    assertThat(text(out).lines()).hasSize(2).allMatch(line -> line.matches("sha512-[0-9a-f]{128}"));
  }

  @Test
  void itGoesOnAfterAFailureAndExitsWithItsStatus() throws Exception {
    assertThat(run("/nowhere.aci", directory.resolve("app.aci").toString())).isEqualTo(10);
    assertThat(text(out).lines()).hasSize(1);
    assertThat(text(err)).startsWith("not-found: no such file: /nowhere.aci\n");
  }

  @Test
  void jsonIsOneObjectALine() throws Exception {
    assertThat(run("--format=json", directory.resolve("app.aci").toString())).isZero();
    assertThat(text(out)).startsWith("{\"imageVersion\":1,\"id\":\"sha512-").endsWith("}\n");
    assertThat(run("--format=json", "/nowhere.aci")).isEqualTo(10);
    assertThat(text(err))
        .endsWith(
            "{\"error\":{\"class\":\"not-found\",\"message\":\"no such file: /nowhere.aci\"}}\n");
  }

  @Test
  void thePolicySaysWhetherTheSourceIsAsked() throws Exception {
    String aci = directory.resolve("app.aci").toString();
    assertThat(run("--offline", "--seed=10m", aci)).as("a file is no network").isZero();
    String id = text(out).strip();
    assertThat(run("--pull-policy=never", "example.com/app:1.0.0")).isZero();
    assertThat(run("--pull-policy=new", "example.com/app:1.0.0")).isZero();
    assertThat(run("--offline", "example.com/app:1.0.0")).isZero();
    assertThat(text(out).lines()).hasSize(4).containsOnly(id);
    assertThat(run("--pull-policy=never", aci)).isEqualTo(10);
    assertThat(run("--offline", "https://127.0.0.1:1/x.aci")).isEqualTo(10);
    assertThat(text(err)).contains("  fix: fetch it without --offline");
    assertThat(run("--pull-policy=sometimes", aci)).isEqualTo(2);
    assertThat(run("--seed=-5m", aci)).isEqualTo(2);
  }

  @Test
  void badUsageIsTwo() {
    assertThat(run()).isEqualTo(2);
    assertThat(run("--format=xml", "x")).isEqualTo(2);
    assertThat(run("--insecure-options=all", "x")).isEqualTo(2);
    assertThat(run("http://example.com/app.aci")).isEqualTo(2);
    assertThat(text(err).lines().filter(line -> line.startsWith("usage: "))).hasSize(4);
  }

  @Test
  void helpIsNoFailure() {
    assertThat(run("--help")).isZero();
    assertThat(text(out)).contains("Exit codes:", "Examples:", "integrity");
  }

  private int run(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "--dir=" + directory.resolve("data");
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return new RktFetch(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            Map.of())
        .run(all);
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }
}
