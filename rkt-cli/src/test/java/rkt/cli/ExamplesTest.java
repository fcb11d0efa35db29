package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class ExamplesTest {
  @ParameterizedTest
  @EnumSource
  void everyCommandShowsTwoExamplesOfItself(CommandName name) {
    List<String> examples = Examples.of(name);
    assertThat(examples).hasSizeGreaterThanOrEqualTo(2).doesNotHaveDuplicates();
    for (String example : examples) {
      assertThat(example).startsWith("rkt ");
      assertThatCode(() -> parse(name, example)).as(example).doesNotThrowAnyException();
    }
  }

  private static void parse(CommandName name, String example) throws Exception {
    List<String> words = List.of(example.split(" ", -1));
    List<String> own = words.subList(1, words.size());
    assertThat(CommandName.find(own)).isEqualTo(name);
    Command command = name.create();
    command.parse(
        new CommandLine(Main.spec(name, command)), own.subList(name.length(), own.size()));
  }

  @ParameterizedTest
  @EnumSource
  void helpShowsASentenceTheUsageTheOptionsTheStatusesAndTheExamples(CommandName name) {
    String usage = HelpCommand.usage(name);
    assertThat(usage)
        .startsWith("Usage: rkt " + name.words())
        .contains("\n" + name.summary() + "\n")
        .contains("--dir=DIR")
        .contains("\nExit codes:\n")
        .contains("  254")
        .contains("\nExamples:\n");
    for (String example : Examples.of(name)) {
      assertThat(usage).contains("\n  " + example + "\n");
    }
  }
}
