package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;

final class LayoutVectorsTest {
  @TempDir Path directory;

  static List<Path> layouts() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("../spec/vectors/store/layouts"))) {
      return all.sorted().map(Path::toAbsolutePath).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void aLayoutIsTakenOrRefusedAsItsNameSays(Path layout) throws Exception {
    Store store = Store.at(directory);
    store.begin().close();
    Map<String, String> before = Fixtures.snapshot(directory);
    boolean good = String.valueOf(layout.getFileName()).startsWith("accept");
    try (Fetched fetched =
        fetcher(store).fetch(new ImageRef.OciLayout(layout, "1", Optional.empty()))) {
      assertThat(good).as("was taken: " + fetched.image()).isTrue();
      fetched.commit(false, Map.of());
      assertThat(store.list()).hasSize(1);
    } catch (RktException e) {
      assertThat(good).as(e.getMessage()).isFalse();
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(ErrorClass.INTEGRITY);
      assertThat(Fixtures.snapshot(directory)).isEqualTo(before);
    }
  }

  @Test
  void anImageFromALayoutIsJudgedUnderTheNameThatTheUserGives() throws Exception {
    Store store = Store.at(directory);
    Path layout = Path.of("../spec/vectors/store/layouts/accept-plain").toAbsolutePath();
    FetchOptions options =
        FetchOptions.of(Map.of()).withImageName(new ImageName("example.com/app"));
    try (Fetched fetched =
        new Fetcher(store, options).fetch(new ImageRef.OciLayout(layout, "", Optional.empty()))) {
      fetched.commit(true, Map.of());
    }
    ImageId id = store.find("example.com/app:latest").orElseThrow();
    assertThat(store.image(id).name()).isEqualTo(new ImageName("example.com/app"));
    assertThat(store.admission(id).insecure()).isTrue();
  }

  private static Fetcher fetcher(Store store) {
    return new Fetcher(store, FetchOptions.of(Map.of()));
  }
}
