package rkt.kernel;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Runs a test's namespace work on a thread of its own, and brings its failure back. */
final class OwnThread {
  interface Work {
    void run() throws Exception;
  }

  private OwnThread() {}

  static void run(Work work) throws Exception {
    loadAllClasses();
    Namespaces.prepare();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread thread =
        new Thread(() -> {
          try {
            work.run();
          } catch (Throwable e) {
            failure.set(e);
          }
        });
    thread.start();
    thread.join();
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new AssertionError(thrown.getMessage(), thrown);
    }
  }

  /**
   * Unit tests run from a directory of classes, which a thread with another root cannot find. The
   * product, and tests after packaging, run from jars that are open by then.
   */
  private static void loadAllClasses() throws Exception {
    Path classes =
        Path.of(Namespaces.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    if (!Files.isDirectory(classes)) {
      return;
    }
    try (var files = Files.newDirectoryStream(classes.resolve("rkt/kernel"), "*.class")) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (!name.startsWith("package-info")) {
          Class.forName("rkt.kernel." + name.substring(0, name.length() - ".class".length()));
        }
      }
    }
  }
}
