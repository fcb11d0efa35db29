package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.fetch.transport.Patience;
import rkt.fetch.transport.Surroundings;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.json.JsonObject;
import rkt.spec.store.Store;

/** Programs that fetch, good and bad. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class TransportTest {
  private static final String URL = "shelf://here/app,1";

  @TempDir Path home;
  private Patience patience = Fixtures.BRISK;
  private Path programs;
  private Store store;

  @BeforeEach
  void start() throws Exception {
    programs = Files.createDirectories(home.resolve("programs"));
    Files.setPosixFilePermissions(programs, PosixFilePermissions.fromString("rwxr-xr-x"));
    store = Store.at(home.resolve("data"));
    store.begin().close();
    Files.write(home.resolve("app.aci"), Fixtures.aci());
  }

  private void program(String script) throws IOException {
    Path file = programs.resolve("rkt-transport-shelf");
    Files.writeString(
        file,
        "#!/bin/sh\nread -r request\nHOME="
            + home
            + "\noutput=$(echo \"$request\" | sed 's/.*\"output\":\"\\([^\"]*\\)\".*/\\1/')\n"
            + script
            + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void whatAProgramBringsIsAnImageLikeAnyOther() throws Exception {
    program(
        "echo \"$request\" >$HOME/request; echo '{\"event\":\"progress\",\"bytes\":3,\"x\":[]}'\n"
            + "cp $HOME/app.aci \"$output\"");
    try (Fetched fetched = fetcher().fetch(reference(URL))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
      assertThat(fetched.signature()).isEmpty();
      assertThat(fetched.source()).isEqualTo(URL);
      fetched.commit(true, Map.of());
    }
    assertThat(store.find(URL)).isEqualTo(store.find("example.com/app:1.0.0")).isPresent();
    JsonObject request =
        JsonObject.parse(Files.readAllBytes(home.resolve("request")), "the request");
    assertThat(request.integer("transportVersion")).isEqualTo(1);
    assertThat(request.string("url")).isEqualTo(URL);
    assertThat(request.integer("limitBytes")).isEqualTo(20L << 30);
    assertThat(request.findBoolean("seed")).contains(false);
    assertThat(request.string("output")).startsWith(home.resolve("data/store/tmp").toString());
    assertThat(home.resolve("data/store/tmp")).isEmptyDirectory();
  }

  @Test
  void theExampleOfTheSpecificationWorksAsItIs() throws Exception {
    String spec = Files.readString(Path.of("../spec/transport.md"));
    int begin = spec.indexOf("```sh\n") + "```sh\n".length();
    Path file = programs.resolve("rkt-transport-shelf");
    Files.writeString(file, spec.substring(begin, spec.indexOf("```", begin)));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    ImageRef there = reference("shelf://here" + home.resolve("app.aci"));
    try (Fetched fetched = fetcher().fetch(there)) {
      assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
    }
    try (Fetched fetched =
        new Fetcher(store, options().withSeed(Duration.ofMinutes(5))).fetch(there)) {
      assertThat(fetched.image().name()).hasToString("example.com/app");
      assertThat(ProcessHandle.current().children().count()).as("it shares").isPositive();
    }
    assertThatThrownBy(() -> new Fetcher(store, options().withMostBytes(100)).fetch(there).close())
        .hasMessageContaining("app.aci has " + Fixtures.aci().length + " bytes");
    assertThatThrownBy(() -> fetcher().fetch(reference("shelf://here/absent.aci")).close())
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.NOT_FOUND))
        .hasMessageContaining("there is no /absent.aci");
    assertThat(home.resolve("data/store/tmp")).isEmptyDirectory();
  }

  @Test
  void itsStatusSaysWhatWentWrong() throws Exception {
    Map<Integer, ErrorClass> classes = new HashMap<>();
    classes.put(10, ErrorClass.NOT_FOUND);
    classes.put(11, ErrorClass.NETWORK);
    classes.put(13, ErrorClass.INTEGRITY);
    classes.put(2, ErrorClass.USAGE);
    classes.put(1, ErrorClass.NETWORK);
    for (Map.Entry<Integer, ErrorClass> entry : classes.entrySet()) {
      program("echo one >&2; echo 'the \u001b reason' >&2; exit " + entry.getKey());
      assertThat(refused(entry.getValue())).hasMessageContaining("the \\x1b reason");
    }
    program("kill -9 $$");
    refused(ErrorClass.NETWORK);
  }

  @Test
  void nothingButAPlainFileIsTaken() throws Exception {
    program("ln -s /etc/passwd \"$output\"");
    refused(ErrorClass.INTEGRITY);
    program("mkfifo \"$output\"");
    refused(ErrorClass.INTEGRITY);
    program("true");
    refused(ErrorClass.INTEGRITY);
  }

  @Test
  void aProgramThatBringsTooMuchOrNonsenseIsEnded() throws Exception {
    program("echo '{\"bytes\":99999999999999}'; echo $$ >$HOME/pid; exec sleep 600");
    refused(ErrorClass.INTEGRITY);
    program("echo 'hello'; cp $HOME/app.aci \"$output\"");
    refused(ErrorClass.INTEGRITY);
    program("head -c 1000000 /dev/zero | tr '\\0' x");
    refused(ErrorClass.NETWORK);
  }

  @Test
  void aProgramThatBringsNothingIsEndedWithItsChildren() throws Exception {
    patience = Fixtures.HASTY;
    program("sleep 600 & echo $! >$HOME/child; wait");
    Path written = home.resolve("child");
    do { // again where it was ended before it got that far
      assertThat(refused(ErrorClass.NETWORK)).hasMessageContaining("brought nothing");
    } while (!Files.exists(written) || Files.size(written) == 0);
    long child = Long.parseLong(Files.readString(written).strip());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (ProcessHandle.of(child).map(ProcessHandle::isAlive).orElse(false)) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  @Test
  void aProgramThatOthersMayHaveWrittenIsNotRun() throws Exception {
    program("touch $HOME/ran; cp $HOME/app.aci \"$output\"");
    Path file = programs.resolve("rkt-transport-shelf");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxr-x"));
    refused(ErrorClass.USAGE);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(programs, PosixFilePermissions.fromString("rwxr-xrwx"));
    refused(ErrorClass.USAGE);
    Files.setPosixFilePermissions(programs, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path real = programs.resolve("real");
    Files.move(file, real);
    Files.createSymbolicLink(file, real);
    refused(ErrorClass.USAGE);
    assertThat(home.resolve("ran")).doesNotExist();
    Files.delete(file);
    assertThat(refused(ErrorClass.USAGE)).hasMessageContaining("rkt-transport-shelf");
  }

  private Fetcher fetcher() {
    return new Fetcher(store, options());
  }

  private FetchOptions options() {
    Map<String, String> environment = Map.of("PATH", Objects.requireNonNull(System.getenv("PATH")));
    return FetchOptions.of(environment)
        .withSurroundings(
            new Surroundings(environment, home.resolve("etc"), List.of(), List.of(programs)))
        .withPatience(patience);
  }

  private ImageRef reference(String text) throws Exception {
    return ImageRef.parse(text, home);
  }

  private RktException refused(ErrorClass expected) throws Exception {
    Map<String, String> before = Fixtures.snapshot(store.root());
    try (Fetched fetched = fetcher().fetch(reference(URL))) {
      throw new AssertionError("was fetched: " + fetched.image());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
      return e;
    }
  }
}
