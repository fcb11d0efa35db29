package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * An appc image in the making: entries by path below {@code rootfs}, later ones replace earlier.
 */
public final class Aci {
  /** Applets of busybox that the tests use. */
  private static final List<String> APPLETS =
      List.of(
          ("sh cat chmod chown cut dd df echo env false grep head hostname id ifconfig ip kill ln ls mkdir"
                  + " mknod mount od printf ps pwd readlink rm rmdir sed sha256sum sleep sort stat"
                  + " stty tail tee test touch true tty umount unshare wc yes")
              .split(" "));

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Entry(TarArchiveEntry header, byte[] content) {}

  private final String name;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> app = new LinkedHashMap<>();
  private final List<String> annotations = new ArrayList<>();

  Aci(String name) {
    this.name = name;
    app.put("exec", "[\"/bin/sh\"]");
    app.put("user", "\"0\"");
    app.put("group", "\"0\"");
    directory("", 0755);
  }

  Aci withTools() {
    for (String directory : List.of("bin", "dev", "etc", "proc", "sys", "tmp", "root", "home")) {
      directory(directory, directory.equals("tmp") ? 01777 : 0755);
    }
    copy("bin/busybox", Path.of("/bin/busybox"));
    copy("bin/probe", Images.probe("probe.c"));
    copy("bin/i386", Images.probe("i386.c", "-m32", "-nostdlib", "-ffreestanding", "-fno-pie"));
    for (String applet : APPLETS) {
      link("bin/" + applet, "busybox");
    }
    file(
        "etc/passwd",
        0644,
        """
        root:x:0:0:root:/root:/bin/sh
        web:x:1234:1235:web:/home/web:/bin/sh
        1000:x:0:0:trap:/:/bin/sh
        """);
    file(
        "etc/group",
        0644,
        "root:x:0:\nweb:x:1235:\nlog:x:2001:web\nmail:x:2002:other,web\nother:x:2003:other\n");
    return owned("home/web", 1234, 1235, 0700);
  }

  /** The program and its arguments. */
  public Aci exec(String... words) {
    app.put("exec", strings(words));
    return this;
  }

  public Aci user(String user, String group) {
    app.put("user", quote(user));
    app.put("group", quote(group));
    return this;
  }

  /** Any member of the manifest's {@code app}, as JSON. */
  public Aci app(String member, String json) {
    app.put(member, json);
    return this;
  }

  /** An annotation of the image. */
  public Aci annotation(String annotation, String value) {
    annotations.add("{\"name\":" + quote(annotation) + ",\"value\":" + quote(value) + "}");
    return this;
  }

  public Aci file(String path, int mode, String content) {
    return file(path, mode, content.getBytes(UTF_8));
  }

  public Aci file(String path, int mode, byte[] content) {
    TarArchiveEntry entry = new TarArchiveEntry(inTar(path));
    entry.setMode(0100000 | mode);
    entry.setSize(content.length);
    return put(path, entry, content);
  }

  public Aci directory(String path, int mode) {
    TarArchiveEntry entry = new TarArchiveEntry(inTar(path) + "/");
    entry.setMode(040000 | mode);
    return put(path, entry, new byte[0]);
  }

  /** A directory of another owner. */
  public Aci owned(String path, int uid, int gid, int mode) {
    directory(path, mode);
    entries.get(path).header().setUserId(uid);
    entries.get(path).header().setGroupId(gid);
    return this;
  }

  /** A symbolic link; {@code target} is written as it is. */
  public Aci link(String path, String target) {
    TarArchiveEntry entry = new TarArchiveEntry(inTar(path), TarConstants.LF_SYMLINK);
    entry.setLinkName(target);
    return put(path, entry, new byte[0]);
  }

  /** Another name of the file at {@code target}, which comes before. */
  public Aci hardLink(String path, String target) {
    TarArchiveEntry entry = new TarArchiveEntry(inTar(path), TarConstants.LF_LINK);
    entry.setLinkName(inTar(target));
    return put(path, entry, new byte[0]);
  }

  public Aci fifo(String path) {
    TarArchiveEntry entry = new TarArchiveEntry(inTar(path), TarConstants.LF_FIFO);
    entry.setMode(010644);
    return put(path, entry, new byte[0]);
  }

  public Aci without(String path) {
    entries.remove(path);
    return this;
  }

  /** A program of tests/probe. */
  Aci program(String path, String source) {
    return copy(path, Images.probe(source));
  }

  private Aci copy(String path, Path from) {
    try {
      return file(path, 0755, Files.readAllBytes(from));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Aci put(String path, TarArchiveEntry header, byte[] content) {
    header.setModTime(0L);
    entries.remove(path);
    entries.put(path, new Entry(header, content));
    return this;
  }

  /** Writes the archive and its signature. */
  public Path make() throws IOException, InterruptedException {
    Path file = Images.newFile(".aci");
    try (OutputStream out = Files.newOutputStream(file);
        TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      byte[] manifest = manifest().getBytes(UTF_8);
      TarArchiveEntry first = new TarArchiveEntry("manifest");
      first.setSize(manifest.length);
      write(tar, first, manifest);
      for (Entry entry : entries.values()) {
        write(tar, entry.header(), entry.content());
      }
    }
    Images.sign(file);
    return file;
  }

  private static void write(TarArchiveOutputStream tar, TarArchiveEntry entry, byte[] content)
      throws IOException {
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private String manifest() {
    List<String> members = new ArrayList<>();
    app.forEach((member, json) -> members.add(quote(member) + ":" + json));
    return "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":"
        + quote(name)
        + ",\"annotations\":["
        + String.join(",", annotations)
        + "],\"app\":{"
        + String.join(",", members)
        + "}}";
  }

  private static String inTar(String path) {
    return path.isEmpty() ? "rootfs" : "rootfs/" + path;
  }

  static String strings(String... words) {
    return List.of(words).stream().map(Aci::quote).collect(Collectors.joining(",", "[", "]"));
  }

  static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }
}
