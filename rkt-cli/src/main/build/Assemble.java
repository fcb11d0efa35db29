import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.constant.ClassDesc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Assembles the distribution, target/rkt, and its tar.gz. Run by Maven at package, on the JDK that
 * the distribution will ship. Why it is shaped like this: docs/adr/0001-start-up.md
 *
 * <pre>
 *   bin/rkt, bin/rkt-fetch ...   launchers
 *   lib/*.jar                    the class path
 *   lib/native/*.so              what jffi and zstd-jni would otherwise unpack into /tmp
 *   lib/rkt-HASH-*.aot           the AOT caches, named after everything that they depend on
 *   libexec/pod-init             PID 1 of a pod
 *   libexec/rootless             what the launchers read for ordinary users
 *   share/apparmor.d/            the profile of apps, for hosts that load it
 *   runtime/                     Java
 * </pre>
 *
 * Same inputs, same bytes, the AOT cache excepted: what the JVM compiles and in which order differs
 * from run to run.
 */
public final class Assemble {
  /** The commands of bin/ and their main classes. */
  private static final Map<String, String> TOOLS =
      new TreeMap<>(
          Map.of(
              "rkt", "rkt.cli.Main",
              "rkt-fetch", "rkt.fetch.main.RktFetch",
              "rkt-verify", "rkt.verify.main.Main",
              "rkt-render", "rkt.stage1.main.RktRender",
              "rkt-run", "rkt.stage1.main.RktRun"));

  /** Those that are done before Java's second compiler is of use. rkt.stage1.main.BothCompilers */
  private static final Set<String> ONE_COMPILER = Set.of("rkt", "rkt-run");

  /** What the libraries need beyond what jdeps finds in our own jars. */
  private static final List<String> LIBRARY_MODULES =
      List.of("java.base", "java.logging", "jdk.unsupported");

  /** The security providers of java.base. */
  private static final List<String> PROVIDERS =
      List.of("SUN", "SunRsaSign", "SunEC", "SunJSSE", "SunJCE");

  /** Only annotations: nothing loads them at run time. */
  private static final List<String> NOT_SHIPPED = List.of("jspecify-");

  /** Classes of libraries on the way of a start whose initializers cost it milliseconds. */
  private static final Set<String> AMENDED =
      Set.of(
          "org/bouncycastle/crypto/CryptoServicesRegistrar.class",
          "com/kenai/jffi/internal/StubLoader.class",
          "com/kenai/jffi/internal/Cleaner.class",
          "com/fasterxml/jackson/core/base/ParserMinimalBase.class");

  /**
   * What every start of Java is given. The AOT cache is trained with exactly these: it does not
   * load, or loads without its module graph, under others.
   */
  private static final List<String> JVM_FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-Xmx256m",
          "-XX:-UsePerfData",
          // With -Xrs Java would make a socket in /tmp at each start, and a pod never removes it.
          "-XX:+DisableAttachMechanism",
          "-XX:-MaxFDLimit",
          // A signal ends a command at once, until a pod has a supervisor that passes it on.
          "-Xrs",
          "-Djdk.reflect.useNativeAccessorOnly=true",
          // jnr-ffi binds with plain proxies then: ASM is too old to be archived.
          "-Djnr.ffi.asm.enabled=false",
          // picocli asks for classes that are not there, for which Java then opens every jar.
          "-Dpicocli.disable.closures=true",
          "-Dpicocli.converters.excludes=java.sql.*,java.time.*",
          "--enable-native-access=ALL-UNNAMED");

  private final String version;
  private final Instant time;
  private final Path target;
  private final Path mainJar;
  private final Path podInit;
  private final Path fixtures;
  private final Path home;
  private final Path cache;

  private Assemble(
      String version, Instant time, Path target, Path mainJar, Path podInit, Path fixtures) {
    this.version = version;
    this.time = time;
    this.target = target;
    this.mainJar = mainJar;
    this.podInit = podInit;
    this.fixtures = fixtures;
    this.home = target.resolve("rkt");
    this.cache = target.resolve("assembly");
  }

  public static void main(String[] args) throws Exception {
    new Assemble(
            args[0],
            Instant.parse(args[1]),
            Path.of(args[2]),
            Path.of(args[3]),
            Path.of(args[4]).normalize(),
            Path.of(args[5]))
        .run();
  }

  private void run() throws Exception {
    delete(home);
    Files.createDirectories(home.resolve("lib/native"));
    Files.createDirectories(home.resolve("bin"));
    Files.createDirectories(cache);

    List<String> jars = jars();
    runtime(jars);
    podInit();
    transports();
    profiles();
    String hash = hash(jars);
    String aot = "rkt-" + hash.substring(0, 16);
    for (var tool : TOOLS.entrySet()) {
      launcher(tool.getKey(), tool.getValue(), jars, aot);
    }
    touch(home);
    train(jars, aot);
    touch(home);
    archive();
  }

  // ---- jars

  /** Ships the class path and returns the names of its jars, in order. */
  private List<String> jars() throws Exception {
    var inputs = new ArrayList<Path>();
    inputs.add(mainJar);
    String classPath = Files.readString(target.resolve("class-path")).strip();
    for (String entry : classPath.split(":")) {
      inputs.add(Path.of(entry));
    }
    var names = new ArrayList<String>();
    for (Path input : inputs) {
      String name = input.getFileName().toString();
      if (Files.isDirectory(input)) {
        throw new IllegalStateException(
            input + " is not a jar: build with ./mvnw package, not compile");
      }
      if (NOT_SHIPPED.stream().anyMatch(name::startsWith)) {
        continue;
      }
      if (name.startsWith("jffi-") && name.endsWith("-native.jar")) {
        unpack(input, "jni/x86_64-Linux/libjffi-1.2.so", "libjffi-1.2.so");
        continue;
      }
      Path source = name.startsWith("picocli-") ? picocli(input) : input;
      verifySignature(source);
      repack(source, home.resolve("lib").resolve(name));
      names.add(name);
    }
    return names;
  }

  /** Reads every entry of a signed jar, which throws if one does not match its signature. */
  private static void verifySignature(Path jar) throws IOException {
    try (var file = new JarFile(jar.toFile(), true)) {
      boolean signed = file.stream().anyMatch(e -> isSignature(e.getName()));
      for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
        try (InputStream in = file.getInputStream(entry)) {
          in.transferTo(OutputStream.nullOutputStream());
        }
        boolean covered = !entry.isDirectory() && !entry.getName().startsWith("META-INF/");
        if (signed && covered && entry.getCodeSigners() == null) {
          throw new SecurityException(jar + " is signed, but " + entry.getName() + " is not");
        }
      }
    }
  }

  /**
   * Copies a jar with fixed times and sorted entries, without signatures (the class of a signed jar
   * is never archived) and without what only build tools read.
   */
  private void repack(Path from, Path to) throws IOException {
    var entries = new TreeMap<String, byte[]>();
    try (var file = new JarFile(from.toFile(), false)) {
      for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
        String name = entry.getName();
        if (entry.isDirectory() || isSignature(name) || name.startsWith("META-INF/maven/")) {
          continue;
        }
        if (name.endsWith(".so") && name.contains("libzstd-jni")) {
          if (name.startsWith("linux/amd64/")) {
            unpack(from, name, "libzstd-jni.so");
          }
          continue;
        }
        try (InputStream in = file.getInputStream(entry)) {
          byte[] bytes =
              name.equals(JarFile.MANIFEST_NAME) ? withoutDigests(in) : in.readAllBytes();
          entries.put(name, AMENDED.contains(name) ? amended(bytes) : bytes);
        }
      }
    }
    jar(entries, to);
  }

  /**
   * The class, without what its initializer asks for and nobody here wants: loggers and a class
   * that is not there, for which Java opens every jar; decimal numbers, for which it raises 5 to
   * the power of 65,536. docs/adr/0001-start-up.md
   */
  private static byte[] amended(byte[] bytes) {
    ClassModel model = ClassFile.of().parse(bytes);
    ClassDesc logger = ClassDesc.of("java.util.logging.Logger");
    ClassDesc decimal = ClassDesc.of("java.math.BigDecimal");
    int[] replaced = {0};
    boolean[] inDecimal = {false};
    byte[] result =
        ClassFile.of()
            .transformClass(
                model,
                ClassTransform.transformingMethodBodies(
                    method -> method.methodName().equalsString("<clinit>"),
                    (code, element) -> {
                      if (inDecimal[0]) {
                        inDecimal[0] =
                            !(element instanceof InvokeInstruction call
                                && call.owner().asSymbol().equals(decimal));
                      } else if (element instanceof NewObjectInstruction made
                          && made.className().asSymbol().equals(decimal)) {
                        // The bounds of what fits an integer; our documents have no fractions.
                        code.aconst_null();
                        inDecimal[0] = true;
                        replaced[0]++;
                      } else if (element instanceof InvokeInstruction call
                          && call.owner().asSymbol().equals(logger)
                          && call.name().equalsString("getLogger")) {
                        // Has no handler, and does not look for its configuration.
                        code.pop().getstatic(logger, "global", logger);
                        replaced[0]++;
                      } else if (element instanceof ConstantInstruction constant
                          && "sun.misc.Cleaner".equals(constant.constantValue())) {
                        // Has no method clean() either, as its caller finds sooner.
                        code.loadConstant("java.lang.ref.Cleaner");
                        replaced[0]++;
                      } else {
                        code.with(element);
                      }
                    }));
    if (replaced[0] == 0) {
      throw new IllegalStateException(
          model.thisClass().asInternalName() + " is not what it was: look again");
    }
    return result;
  }

  private void jar(Map<String, byte[]> entries, Path to) throws IOException {
    try (var zip = new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(to)))) {
      byte[] manifest = entries.get(JarFile.MANIFEST_NAME);
      if (manifest != null) {
        put(zip, JarFile.MANIFEST_NAME, manifest); // JarInputStream wants it first.
      }
      for (var entry : entries.entrySet()) {
        if (!entry.getKey().equals(JarFile.MANIFEST_NAME)) {
          put(zip, entry.getKey(), entry.getValue());
        }
      }
    }
  }

  /** Stored, not compressed: what the AOT cache lacks is read without inflating it. */
  private void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    var entry = new ZipEntry(name);
    entry.setTimeLocal(LocalDateTime.ofInstant(time, ZoneOffset.UTC));
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    var crc = new CRC32();
    crc.update(bytes);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  private static boolean isSignature(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return upper.startsWith("META-INF/")
        && (upper.endsWith(".SF")
            || upper.endsWith(".RSA")
            || upper.endsWith(".DSA")
            || upper.endsWith(".EC"));
  }

  private static byte[] withoutDigests(InputStream in) throws IOException {
    var manifest = new Manifest(in);
    manifest.getEntries().clear();
    Attributes main = manifest.getMainAttributes();
    // A sealed package wants to know its jar again, and Java does not load the cache, nor start,
    // where
    // the jar that it was made with is not: in every distribution that was moved.
    main.remove(Attributes.Name.SEALED);
    // What names the tools of a build, such as the JDK that ran Maven, must not matter.
    main.keySet()
        .removeIf(key -> key.toString().matches("Bnd-.*|Build-.*|Built-By|Created-By|Tool"));
    var out = new ByteArrayOutputStream();
    manifest.write(out);
    return out.toByteArray();
  }

  private void unpack(Path jar, String name, String as) throws IOException {
    try (var file = new JarFile(jar.toFile(), false)) {
      JarEntry entry = file.getJarEntry(name);
      if (entry == null) {
        throw new IOException(jar + " holds no " + name);
      }
      try (InputStream in = file.getInputStream(entry)) {
        Path to = home.resolve("lib/native").resolve(as);
        Files.copy(in, to, StandardCopyOption.REPLACE_EXISTING);
        permit(to, "rwxr-xr-x");
      }
    }
  }

  /**
   * picocli compiled from its sources. Its own jar has class files of Java 5, which no archive
   * takes. The resources are those of its jar.
   */
  private Path picocli(Path original) throws Exception {
    Path sources = target.resolve("sources/picocli-sources.jar");
    String key = sha256(Files.readAllBytes(sources), Runtime.version().toString().getBytes(UTF_8));
    Path made = cache.resolve("picocli-" + key.substring(0, 16) + ".jar");
    if (Files.exists(made)) {
      return made;
    }
    Path work = cache.resolve("picocli");
    delete(work);
    Path classes = Files.createDirectories(work.resolve("classes"));
    var files = new ArrayList<String>();
    try (var jar = new JarFile(sources.toFile(), false)) {
      for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
        // The groovy part needs groovy.
        if (entry.getName().startsWith("picocli/")
            && entry.getName().endsWith(".java")
            && !entry.getName().contains("groovy")) {
          Path file = work.resolve("src").resolve(entry.getName());
          Files.createDirectories(file.getParent());
          try (InputStream in = jar.getInputStream(entry)) {
            Files.copy(in, file);
          }
          files.add(file.toString());
        }
      }
    }
    var args =
        new ArrayList<>(
            List.of(
                "-XDstringConcat=inline",
                "--release",
                "25",
                "-g:source,lines",
                "-nowarn",
                "-proc:none",
                "-Xlint:none",
                "-d",
                classes.toString()));
    args.addAll(files);
    tool("javac", args.toArray(new String[0]));

    var entries = new TreeMap<String, byte[]>();
    try (var jar = new JarFile(original.toFile(), false)) {
      for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
        if (!entry.isDirectory() && !entry.getName().endsWith(".class")) {
          try (InputStream in = jar.getInputStream(entry)) {
            entries.put(entry.getName(), in.readAllBytes());
          }
        }
      }
    }
    for (Path file : files(classes)) {
      entries.put(classes.relativize(file).toString(), Files.readAllBytes(file));
    }
    jar(entries, made);
    delete(work);
    return made;
  }

  // ---- runtime

  private void runtime(List<String> jars) throws Exception {
    var modules = new TreeSet<>(LIBRARY_MODULES);
    var args =
        new ArrayList<>(
            List.of(
                "--multi-release",
                "25",
                "--ignore-missing-deps",
                "--print-module-deps",
                "--class-path",
                classPath(jars)));
    for (String jar : jars) {
      if (jar.endsWith("-" + version + ".jar")) {
        args.add(home.resolve("lib").resolve(jar).toString());
      }
    }
    // --no-recursive: of the libraries only what we call is of interest, not java.desktop.
    args.add(0, "--no-recursive");
    modules.addAll(Arrays.asList(tool("jdeps", args.toArray(new String[0])).strip().split(",")));

    String what = Runtime.version() + " " + modules + " " + PROVIDERS;
    String key = sha256(what.getBytes(UTF_8)).substring(0, 16);
    Path made = cache.resolve("runtime-" + key);
    if (!Files.exists(made)) {
      Path work = cache.resolve("runtime");
      delete(work);
      // A process of its own: in one that has used method handles before, jlink writes others each
      // time.
      execute(
          List.of(
              Path.of(System.getProperty("java.home"), "bin/jlink").toString(),
              "--add-modules",
              String.join(",", modules),
              "--strip-debug",
              "--no-header-files",
              "--no-man-pages",
              "--vm",
              "server",
              "--output",
              work.toString()));
      for (String unused : List.of("bin/keytool", "bin/jrunscript", "bin/rmiregistry")) {
        Files.deleteIfExists(work.resolve(unused));
      }
      keepProviders(work.resolve("conf/security/java.security"));
      // What a start falls back to when the AOT cache does not load. Not by jlink, whose archives
      // differ each time: with times and heap fixed they do not.
      touch(work);
      execute(
          List.of(
              work.resolve("bin/java").toString(),
              "-Xshare:dump",
              "-XX:+UseSerialGC",
              "-Xms128m",
              "-Xmx128m"));
      Files.move(work, made);
    }
    copy(made, home.resolve("runtime"));
    System.out.println(
        "runtime: Java " + Runtime.version() + ", modules " + String.join(" ", modules));
  }

  /**
   * Leaves the security providers that are there. Java looks for one that is not, as soon as
   * somebody asks for an algorithm that nobody has, which TLS does: in every jar, and makes one of
   * each provider that it finds there, such as Bouncy Castle's, a tenth of a second each time.
   */
  private static void keepProviders(Path file) throws IOException {
    var kept = new ArrayList<String>();
    int removed = 0;
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      if (!line.startsWith("security.provider.")) {
        kept.add(line);
      } else if (PROVIDERS.contains(line.substring(line.indexOf('=') + 1))) {
        kept.add("security.provider." + ++number + line.substring(line.indexOf('=')));
      } else {
        removed++;
      }
    }
    if (number != PROVIDERS.size() || removed == 0) {
      throw new IllegalStateException(file + " is not what it was: look again");
    }
    Files.write(file, kept);
  }

  private void podInit() throws IOException {
    if (!Files.exists(podInit)) {
      System.out.println("WARNING: no " + podInit + ": the distribution cannot run pods");
      return;
    }
    Path to = Files.createDirectories(home.resolve("libexec")).resolve("pod-init");
    Files.copy(podInit, to, StandardCopyOption.REPLACE_EXISTING);
    permit(to, "rwxr-xr-x");
    Path rootless = to.resolveSibling("rootless");
    Files.copy(
        fixtures.resolveSibling("build/rootless"), rootless, StandardCopyOption.REPLACE_EXISTING);
    permit(rootless, "rw-r--r--");
  }

  /** The programs beside src/main/training that fetch by other protocols. spec/transport.md */
  private void transports() throws IOException {
    for (Path program : files(fixtures.resolveSibling("libexec"))) {
      Path to = Files.createDirectories(home.resolve("libexec")).resolve(program.getFileName());
      Files.copy(program, to, StandardCopyOption.REPLACE_EXISTING);
      permit(to, "rwxr-xr-x");
    }
  }

  /** What the host's AppArmor may load. spec/pod.md#isolators */
  private void profiles() throws IOException {
    for (Path profile : files(fixtures.resolveSibling("apparmor"))) {
      Path to =
          Files.createDirectories(home.resolve("share/apparmor.d")).resolve(profile.getFileName());
      Files.copy(profile, to, StandardCopyOption.REPLACE_EXISTING);
      permit(to, "rw-r--r--");
    }
  }

  // ---- launchers

  private void launcher(String name, String mainClass, List<String> jars, String aot)
      throws IOException {
    if (!holds(mainClass)) {
      System.out.println("WARNING: no class " + mainClass + ": no bin/" + name);
      return;
    }
    String classPath = "$home/lib/" + String.join(":$home/lib/", jars);
    String script =
        """
        #!/bin/sh
        # Starts the Java of this distribution; forks nothing unless called through a symbolic link.
        # Made by rkt-cli/src/main/build/Assemble.java
        case $0 in
          */*) self=$0 ;;
          *) [ -f "$0" ] && self=./$0 || self=$(command -v -- "$0") ;;
        esac
        # The system's own first: whoever chose PATH did not choose what runs as root here.
        [ -L "$self" ] && self=$(PATH=/usr/bin:/bin:$PATH readlink -f -- "$self")
        home=${self%%/*}/..
        # A cache that does not load costs time only; a test wants to know.
        aot=-Xlog:aot*=off:stderr
        [ -z "$RKT_REQUIRE_AOT" ] || aot=-XX:AOTMode=on
        # A closed standard descriptor would become the number of a file of ours, and the app's.
        [ -e /proc/self/fd/0 ] || exec </dev/null
        [ -e /proc/self/fd/1 ] || exec >/dev/null
        [ -e /proc/self/fd/2 ] || exec 2>/dev/null
        # Roots of apps get their mode from it; the app has its own.
        umask 022
        # Names are bytes in UTF-8 whatever the caller's locale; Java starts in no directory that is gone.
        export LC_ALL=C.UTF-8
        [ -d "$PWD" ] || cd /
        unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS JDK_AOT_VM_OPTIONS CLASSPATH
        # An ordinary user: root of a user namespace of their own, unless in one already.
        user= ids=
        [ -O / ] || . "$home/libexec/rootless"
        # Both of Java's compilers, or the one that is ready sooner.
        compilers=%s
        case "$RKT_COMPILERS $*" in both* | *--detached*) compilers=both ;; esac
        # Of the second, the hashes are to come first: it knows the processor's instructions for them.
        [ $compilers = both ] && level=4 hash=0.01 || level=1 hash=
        cache=$compilers
        case "$compilers $*" in one*fetch*) cache=fetch ;; esac
        unset RKT_COMPILERS RKT_DATA RKT_CONFIG
        exec ${ids:+"$home/libexec/pod-init" userns "$uids" "$gids"} "$home/runtime/bin/java" \\
          ${user:+"-Drkt.data=$data" "-Drkt.config=$config"} \\
          %s "-XX:TieredStopAtLevel=$level" "-Drkt.compilers=$compilers" \\
          ${hash:+-XX:CompileCommand=quiet "-XX:CompileCommand=CompileThresholdScaling,sun.security.provider.SHA*::implCompress,$hash"} \\
          "-XX:AOTCache=$home/lib/%s-$cache.aot" -Xlog:disable -Xlog:all=error:stderr "$aot" \\
          "-Drkt.home=$home" \\
          "-Djffi.boot.library.path=$home/lib/native" \\
          "-DZstdNativePath=$home/lib/native/libzstd-jni.so" \\
          -cp "%s" \\
          %s "$@"
        """
            .formatted(
                ONE_COMPILER.contains(name) ? "one" : "both",
                "'" + String.join("' '", JVM_FLAGS) + "'",
                aot,
                classPath,
                mainClass);
    Path to = home.resolve("bin").resolve(name);
    Files.writeString(to, script);
    permit(to, "rwxr-xr-x");
  }

  private boolean holds(String mainClass) throws IOException {
    String entry = mainClass.replace('.', '/') + ".class";
    for (Path jar : files(home.resolve("lib"))) {
      if (jar.toString().endsWith(".jar")) {
        try (var file = new JarFile(jar.toFile(), false)) {
          if (file.getJarEntry(entry) != null) {
            return true;
          }
        }
      }
    }
    return false;
  }

  // ---- AOT cache

  /**
   * Runs the training with the launchers' flags, writes the caches, and proves that they load. The
   * JVM does not check the class path of a cache, so its name is the hash of what it was made from.
   */
  private void train(List<String> jars, String aot) throws Exception {
    // Every class of a cache costs each start something: those that end soon have one of their own.
    Map<Path, String> walks = new LinkedHashMap<>();
    walks.put(cache.resolve(aot + "-both.aot"), "everything");
    walks.put(cache.resolve(aot + "-one.aot"), "starts");
    walks.put(cache.resolve(aot + "-fetch.aot"), "fetches");
    if (!walks.keySet().stream().allMatch(Files::exists)) {
      for (Path old : files(cache)) {
        if (old.toString().endsWith(".aot")) {
          Files.delete(old);
        }
      }
      Path work = cache.resolve("training");
      delete(work);
      Files.createDirectories(work);
      // Where pods cannot be made, in an unprivileged container say, the build goes on; the tests
      // of the distribution look for this file, because only the milliseconds of a start tell else.
      Path proof = cache.resolve("trained-to-run");
      Files.deleteIfExists(proof);
      boolean whole = true;
      Path certificate = work.resolve("registry.pem");
      TrainingRegistry.Image image = image(work);
      try (var secure = TrainingRegistry.secure(image, certificate);
          var plain = TrainingRegistry.plain(image)) {
        for (var walk : walks.entrySet()) {
          var words =
              List.of(walk.getValue(), certificate.toString(), secure.address(), plain.address());
          whole &= !train(jars, work, words, walk.getKey()).contains("ended early");
        }
      }
      if (whole) {
        Files.createFile(proof);
      }
      delete(work);
    }
    for (Path kept : walks.keySet()) {
      Path to = home.resolve("lib").resolve(kept.getFileName());
      Files.copy(kept, to, StandardCopyOption.REPLACE_EXISTING);
      prove(jars, to);
    }
  }

  /** An image of one file, for the registries. */
  private static TrainingRegistry.Image image(Path work) throws Exception {
    Path root = Files.createDirectory(work.resolve("layer"));
    Files.createFile(root.resolve("nothing"));
    Path tar = work.resolve("layer.tar");
    execute(List.of("tar", "--create", "--file=" + tar, "--directory=" + root, "nothing"));
    String diff = "sha256:" + sha256(Files.readAllBytes(tar));
    execute(List.of("gzip", tar.toString()));
    return new TrainingRegistry.Image(Files.readAllBytes(work.resolve("layer.tar.gz")), diff);
  }

  /** Makes one cache; returns what the training printed. */
  private String train(List<String> jars, Path work, List<String> words, Path made)
      throws Exception {
    Path configuration = cache.resolve("training.aotconf");
    var arguments = new ArrayList<>(List.of(work.toString(), fixtures.toString()));
    arguments.addAll(words);
    var training = new ArrayList<>(asRoot());
    training.addAll(
        command(
            jars,
            List.of(
                "-XX:AOTMode=record",
                // No profiles: with them, Java compiles at each start what the training was warm
                // with.
                "-XX:+UnlockDiagnosticVMOptions",
                "-XX:-AOTRecordTraining",
                "-XX:AOTConfiguration=" + configuration,
                "-Xlog:disable",
                "-Xlog:all=error:stderr"),
            "rkt.cli.Training",
            arguments.toArray(new String[0])));
    String printed = execute(training);
    System.out.print(printed);
    java(
        jars,
        List.of(
            "-XX:AOTMode=create",
            // No machine code: it uses instructions of the processor that builds (AVX), and Java 25
            // does not ask whether the one that starts it has them.
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:-AOTAdapterCaching",
            "-XX:-AOTStubCaching",
            "-XX:AOTConfiguration=" + configuration,
            "-XX:AOTCache=" + made,
            "-Xlog:disable",
            "-Xlog:all=error:stderr"),
        null);
    Files.delete(configuration);
    return printed;
  }

  private void prove(List<String> jars, Path aot) throws Exception {
    String log =
        java(
            jars,
            List.of(
                "-XX:AOTMode=on",
                "-XX:AOTCache=" + aot,
                "-Xlog:disable",
                "-Xlog:all=error:stderr",
                "-Xlog:class+load:stderr"),
            "rkt.cli.Main",
            "version");
    long shared = log.lines().filter(line -> line.contains("shared objects file")).count();
    long others = log.lines().filter(line -> line.contains(" source: ")).count() - shared;
    System.out.println(
        "AOT cache: "
            + aot.getFileName()
            + ", "
            + (Files.size(aot) >> 10)
            + " KiB; rkt version"
            + " takes "
            + shared
            + " classes from it and "
            + others
            + " from elsewhere");
    if (shared == 0) {
      throw new IllegalStateException("the AOT cache does not load");
    }
  }

  /**
   * What to put before the training, which makes a pod: nothing for root; for others a user
   * namespace, in which they are root; nothing, too, where the host allows that to nobody, and then
   * a start of a pod is slower with this build.
   */
  private static List<String> asRoot() throws Exception {
    if (execute(List.of("id", "-u")).strip().equals("0")) {
      return List.of();
    }
    var enter = List.of("unshare", "--user", "--map-root-user");
    var attempt = new ArrayList<>(enter);
    attempt.add("true");
    try {
      execute(attempt);
      return enter;
    } catch (IllegalStateException | java.io.IOException e) {
      System.out.println("no user namespace for the training: " + e.getMessage());
      return List.of();
    }
  }

  private String java(List<String> jars, List<String> flags, String mainClass, String... args)
      throws Exception {
    return execute(command(jars, flags, mainClass, args));
  }

  private List<String> command(
      List<String> jars, List<String> flags, String mainClass, String... args) {
    var command = new ArrayList<String>();
    command.add(home.resolve("runtime/bin/java").toString());
    command.addAll(JVM_FLAGS);
    command.addAll(flags);
    command.add("-Drkt.home=" + home);
    command.add("-Djffi.boot.library.path=" + home.resolve("lib/native"));
    command.add("-DZstdNativePath=" + home.resolve("lib/native/libzstd-jni.so"));
    command.add("-cp");
    command.add(classPath(jars));
    if (mainClass != null) {
      command.add(mainClass);
      command.addAll(List.of(args));
    }
    return command;
  }

  private String classPath(List<String> jars) {
    String lib = home.resolve("lib") + "/";
    return lib + String.join(":" + lib, jars);
  }

  /** Of everything that the cache depends on. */
  private String hash(List<String> jars) throws Exception {
    var text = new StringBuilder(Runtime.version().toString()).append(JVM_FLAGS);
    for (String jar : jars) {
      text.append(jar).append(sha256(Files.readAllBytes(home.resolve("lib").resolve(jar))));
    }
    text.append(sha256(Files.readAllBytes(home.resolve("runtime/lib/modules"))));
    return sha256(text.toString().getBytes(UTF_8));
  }

  // ---- archive

  private void archive() throws Exception {
    Path tar = target.resolve("rkt-" + version + "-linux-amd64.tar.gz");
    execute(
        List.of(
            "tar",
            "--create",
            "--file=" + tar,
            "--format=ustar",
            "--sort=name",
            "--mtime=@" + time.getEpochSecond(),
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "--use-compress-program=gzip -n -1",
            "--directory=" + target,
            "rkt"));
  }

  // ---- plumbing

  private static final java.nio.charset.Charset UTF_8 = StandardCharsets.UTF_8;

  private static String tool(String name, String... args) {
    var out = new StringWriter();
    int status =
        ToolProvider.findFirst(name)
            .orElseThrow()
            .run(new PrintWriter(out), new PrintWriter(out), args);
    if (status != 0) {
      throw new IllegalStateException(name + ": status " + status + "\n" + out);
    }
    return out.toString();
  }

  private static String execute(List<String> command) throws Exception {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder
        .environment()
        .keySet()
        .removeAll(
            List.of(
                "JAVA_TOOL_OPTIONS",
                "JDK_JAVA_OPTIONS",
                "_JAVA_OPTIONS",
                "JDK_AOT_VM_OPTIONS",
                "CLASSPATH"));
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IllegalStateException(String.join(" ", command) + "\n" + out);
    }
    return out;
  }

  private static String sha256(byte[]... parts) throws NoSuchAlgorithmException {
    var digest = MessageDigest.getInstance("SHA-256");
    for (byte[] part : parts) {
      digest.update(part);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static List<Path> files(Path directory) throws IOException {
    try (var walk = Files.walk(directory)) {
      return walk.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var walk = Files.walk(from)) {
      for (Path source : (Iterable<Path>) walk::iterator) {
        Files.copy(
            source,
            to.resolve(from.relativize(source).toString()),
            StandardCopyOption.COPY_ATTRIBUTES,
            java.nio.file.LinkOption.NOFOLLOW_LINKS);
      }
    }
  }

  private static void delete(Path tree) throws IOException {
    if (Files.exists(tree)) {
      try (var walk = Files.walk(tree)) {
        for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  /** Gives everything the build's time, and modes that do not depend on who builds. */
  private void touch(Path tree) throws IOException {
    try (var walk = Files.walk(tree)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        if (!Files.isSymbolicLink(path)) {
          Files.setLastModifiedTime(path, FileTime.from(time));
          boolean open = Files.isDirectory(path) || Files.isExecutable(path);
          permit(path, open ? "rwxr-xr-x" : "rw-r--r--");
        }
      }
    }
  }

  private static void permit(Path path, String mode) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }
}
