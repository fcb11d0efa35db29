package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import rkt.spec.image.App;
import rkt.stage1.StageException;

final class ArgumentsTest {
  @Test
  void withoutArgumentsTheOnesOfTheImageFollowItsProgram() throws Exception {
    assertThat(of(List.of("/p", "a"), List.of("b"), "")).containsExactly("/p", "a", "b");
  }

  @Test
  void givenOnesReplaceThoseOfTheImageAndFollowItsProgram() throws Exception {
    assertThat(of(List.of("/p", "a"), List.of("b"), "", "c")).containsExactly("/p", "a", "c");
    assertThat(of(List.of("/p", "a"), List.of(), "", "c")).containsExactly("/p", "a", "c");
  }

  @Test
  void withoutAProgramTheFirstArgumentIsIt() throws Exception {
    assertThat(of(List.of(), List.of("/p", "a"), "")).containsExactly("/p", "a");
    assertThat(of(List.of(), List.of("/p", "a"), "", "/q")).containsExactly("/q");
  }

  @Test
  void anotherProgramGetsNothingFromTheImage() throws Exception {
    assertThat(of(List.of("/p", "a"), List.of("b"), "/q")).containsExactly("/q");
    assertThat(of(List.of("/p", "a"), List.of("b"), "/q", "c")).containsExactly("/q", "c");
  }

  @Test
  void nothingAtAllIsRefused() {
    assertThatThrownBy(() -> of(List.of(), List.of(), ""))
        .isInstanceOf(StageException.class)
        .hasMessageContaining("names no program");
  }

  private static List<String> of(
      List<String> exec, List<String> defaults, String program, String... given)
      throws StageException {
    App image =
        new App(exec, defaults, "0", "0", List.of(), "/", Map.of(), List.of(), Map.of(), 15);
    return ContextBuilder.arguments(
        "web", image, program.isEmpty() ? Optional.empty() : Optional.of(program), List.of(given));
  }
}
