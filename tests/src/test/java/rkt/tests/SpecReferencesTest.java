package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** That every reference to the specification leads to a section that exists. */
class SpecReferencesTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Pattern REFERENCE =
      Pattern.compile(
          "(spec/[a-z-]+\\.md|(?:spec/)?schemas/[a-z-]+\\.schema\\.json)(#[a-z0-9-]+)?");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]*)(#[^)]+)?\\)");

  @Test
  void sourcesReferToSectionsThatExist() throws IOException {
    Set<String> broken = new TreeSet<>();
    int references = 0;
    for (Path source : files("java", "c", "h")) {
      if (!source.toString().contains("/src/main/")) {
        continue;
      }
      Matcher matcher = REFERENCE.matcher(Files.readString(source));
      while (matcher.find()) {
        references++;
        String file = matcher.group(1).startsWith("spec/") ? "" : "spec/";
        if (!exists(ROOT.resolve(file + matcher.group(1)), matcher.group(2))) {
          broken.add(matcher.group() + " in " + ROOT.relativize(source));
        }
      }
    }
    assertThat(broken).isEmpty();
    assertThat(references).isGreaterThan(100);
  }

  @Test
  void documentsLinkToWhatExists() throws IOException {
    Set<String> broken = new TreeSet<>();
    for (Path document : files("md")) {
      Matcher matcher = LINK.matcher(Files.readString(document));
      while (matcher.find()) {
        String file = matcher.group(1);
        Path target = file.isEmpty() ? document : document.resolveSibling(file).normalize();
        if (!exists(target, matcher.group(2))) {
          broken.add(matcher.group() + " in " + ROOT.relativize(document));
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void everySchemaIsNamedByADocument() throws IOException {
    StringBuilder documents = new StringBuilder();
    for (Path document : files("md")) {
      documents.append(Files.readString(document));
    }
    try (Stream<Path> schemas = Files.list(ROOT.resolve("spec/schemas"))) {
      assertThat(schemas.map(schema -> "schemas/" + schema.getFileName()))
          .isNotEmpty()
          .allSatisfy(schema -> assertThat(documents).contains(schema));
    }
  }

  private static boolean exists(Path file, String anchor) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    return anchor == null || anchors(file).contains(anchor.substring(1));
  }

  /** The anchors of a document's headings, as they are made for the web. */
  private static Set<String> anchors(Path document) throws IOException {
    Set<String> anchors = new HashSet<>();
    for (String line : Files.readAllLines(document)) {
      if (line.startsWith("#")) {
        anchors.add(
            line.replaceFirst("^#+ *", "")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                .replace(' ', '-'));
      }
    }
    return anchors;
  }

  private static List<Path> files(String... extensions) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : (Iterable<Path>) modules::iterator) {
        String name = module.getFileName().toString();
        if (!name.startsWith(".") && !name.equals("target")) {
          try (Stream<Path> paths = Files.walk(module)) {
            paths
                .filter(path -> !path.toString().contains("/target/"))
                .filter(
                    path -> Stream.of(extensions).anyMatch(e -> path.toString().endsWith("." + e)))
                .forEach(files::add);
          }
        }
      }
    }
    return files;
  }
}
