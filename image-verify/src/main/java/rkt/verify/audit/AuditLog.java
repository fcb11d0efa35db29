package rkt.verify.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonWriter;

/**
 * The audit log of a data directory, for those who add to it. Any number of processes may do so at
 * once. What was appended is on disk when {@link #append} returns; where it cannot be, the caller
 * must not go on with what it wanted to record. spec/audit.md
 */
public final class AuditLog {
  /** A segment that has reached this size is not added to any more. */
  private static final long LARGEST_SEGMENT = 16L << 20;

  /** Longer lines are not written; and what is longer in a file was not written by us. */
  static final int LONGEST_LINE = 64 << 10;

  private static final String MINUTE = "2026-11-28T12:00";

  private static final Object IN_PROCESS = new Object();

  private final AuditFiles files;
  private final InstantSource clock;
  private final long largestSegment;

  /** The log in {@code dataDir}, which is made at the first record. */
  public AuditLog(Path dataDir, InstantSource clock) {
    this(dataDir, clock, LARGEST_SEGMENT);
  }

  AuditLog(Path dataDir, InstantSource clock, long largestSegment) {
    this.files = new AuditFiles(dataDir);
    this.clock = clock;
    this.largestSegment = largestSegment;
  }

  /**
   * Adds the events, in this order and next to each other.
   *
   * @return the end of the log, which holds them now
   * @throws SpecException of class {@code system} if they could not be written, of class {@code
   *     integrity} if the log does not end where its last writer left it; it is unchanged then
   */
  public AuditHead append(List<AuditEvent> events) throws RktException {
    // A file lock is held by the process: threads must exclude each other by themselves.
    synchronized (IN_PROCESS) {
      try {
        files.create();
        try (FileChannel lock = files.openLock();
            FileLock _ = lock.lock()) {
          return appendLocked(events, false);
        }
      } catch (IOException e) {
        throw cannotWrite(e);
      }
    }
  }

  /** Begins a new segment, unless the current one is empty; the chain goes on in it. */
  public void rotate() throws RktException {
    synchronized (IN_PROCESS) {
      try {
        files.create();
        try (FileChannel lock = files.openLock();
            FileLock _ = lock.lock()) {
          appendLocked(List.of(), true);
        }
      } catch (IOException e) {
        throw cannotWrite(e);
      }
    }
  }

  private SpecException cannotWrite(IOException e) {
    String reason = e instanceof FileSystemException failure ? failure.getReason() : null;
    String why = reason != null ? reason : String.valueOf(e.getMessage());
    return SpecException.system(
        "cannot write the audit log in " + files.directory() + ": " + why, e);
  }

  private AuditHead appendLocked(List<AuditEvent> events, boolean rotate)
      throws IOException, RktException {
    List<Integer> segments = files.segments();
    int number = segments.isEmpty() ? 1 : segments.get(segments.size() - 1);
    try (FileChannel current = files.openSegment(number)) {
      End end = end(segments, current, number);
      boolean full = current.size() >= largestSegment;
      if (current.size() > 0 && (full || rotate)) {
        if (number == AuditFiles.LAST_SEGMENT) {
          throw SpecException.integrity(
              "the audit log in " + files.directory() + " has no numbers left for its files",
              "move it away to begin a new one");
        }
        try (FileChannel next = files.openSegment(number + 1)) {
          return write(next, events, end);
        }
      }
      return write(current, events, end);
    }
  }

  /**
   * Where the log ends.
   *
   * @param torn how many bytes of a line that was never finished were taken off
   * @param headLost whether nobody can tell that the log once went on behind this
   */
  private record End(AuditHead head, long torn, boolean headLost) {
    AuditEvent recovered() {
      AuditEvent event = AuditEvent.of(AuditEvent.Kind.RECOVERED);
      if (torn > 0) {
        event.with("tornBytes", torn);
      }
      return headLost ? event.with("head", "missing") : event;
    }
  }

  private AuditHead write(FileChannel segment, List<AuditEvent> events, End end)
      throws IOException, RktException {
    long size = segment.size();
    Lines lines = new Lines(end.head(), now());
    if (end.torn() > 0 || end.headLost()) {
      lines.add(end.recovered());
    }
    for (AuditEvent event : events) {
      lines.add(event);
    }
    try {
      segment.position(size);
      AuditFiles.write(segment, lines.bytes());
      segment.force(false);
      if (size == 0) {
        files.sync();
      }
      files.writeHead(lines.head());
    } catch (IOException e) {
      // Whoever asked will not do what they wanted to record: it must not stand in the log.
      takeBack(segment, size, e);
      throw e;
    }
    return lines.head();
  }

  private static void takeBack(FileChannel segment, long size, IOException cause) {
    try {
      segment.truncate(size);
    } catch (IOException e) {
      cause.addSuppressed(e); // the next writer takes off what is not a whole line
    }
  }

  /** The lines of some events. */
  private static final class Lines {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
    private final String at;
    private final long pid;
    private final long uid;
    private AuditHead head;

    Lines(AuditHead head, String at) throws IOException {
      this.head = head;
      this.at = at;
      Path self = Path.of("/proc/self");
      this.pid = Long.parseLong(Files.readSymbolicLink(self).toString());
      this.uid = ((Integer) Files.getAttribute(self, "unix:uid")).longValue();
    }

    void add(AuditEvent event) throws SpecException {
      JsonWriter json = new JsonWriter().object();
      json.put("version", 1)
          .put("seq", head.sequence() + 1)
          .put("prev", head.link())
          .put("at", at)
          .put("pid", pid)
          .put("uid", uid);
      event.writeTo(json);
      byte[] line = json.end().bytes();
      if (line.length > LONGEST_LINE) {
        throw SpecException.usage(
            "a record of the audit log would have " + line.length + " bytes",
            "use fewer or shorter names: the most is " + LONGEST_LINE);
      }
      bytes.write(line, 0, line.length);
      bytes.write('\n');
      head = new AuditHead(head.sequence() + 1, Chain.link(line));
    }

    byte[] bytes() {
      return bytes.toByteArray();
    }

    AuditHead head() {
      return head;
    }
  }

  /** ISO 8601, without a formatter: that takes 5 ms to set up. */
  private String now() {
    Instant now = clock.instant();
    long second = now.getEpochSecond();
    String text =
        LocalDateTime.ofEpochSecond(second, now.getNano() / 1000 * 1000, ZoneOffset.UTC).toString();
    // It leaves out what is zero at the end, and RFC 3339 wants the seconds.
    return text.length() == MINUTE.length() ? text + ":00Z" : text + "Z";
  }

  /** Finds the end, and takes off what a writer that died left of an unfinished line. */
  private End end(List<Integer> segments, FileChannel current, int number)
      throws IOException, RktException {
    Optional<AuditHead> head = files.head();
    byte[] tail = tail(current);
    long torn = tornBytes(tail);
    boolean whole = torn == 0;
    if (whole && current.size() == 0 && segments.size() > 1) {
      try (FileChannel before = files.openSegment(segments.get(segments.size() - 2))) {
        tail = tail(before);
      }
    }
    if (whole && head.isPresent() && head.get().link().equals(linkOfLast(tail))) {
      return new End(head.get(), 0, false);
    }
    if (whole && head.isEmpty() && current.size() == 0 && segments.size() <= 1) {
      // Before the first record: a writer that dies at it leaves a log that has its head.
      files.writeHead(AuditHead.EMPTY);
      return new End(AuditHead.EMPTY, 0, false);
    }
    // A writer died between its lines and the head; or somebody else wrote here.
    AuditHead actual = chainOf(segments, number, head);
    if (torn > 0) {
      current.truncate(current.size() - torn);
    }
    return new End(actual, torn, head.isEmpty());
  }

  /** The end of the unbroken chain, which must go through where the last writer left it. */
  private AuditHead chainOf(List<Integer> segments, int number, Optional<AuditHead> head)
      throws IOException, RktException {
    AuditCheck check = AuditCheck.of(files, head);
    if (!check.problems().isEmpty()) {
      throw SpecException.integrity(
          "the audit log was altered: "
              + check.problems().get(0)
              + " ("
              + files.segment(segments.isEmpty() ? number : segments.get(0)).getParent()
              + "); rkt audit verify lists all; keep it as evidence, and move it away to begin a"
              + " new one");
    }
    return check.end();
  }

  /** The last bytes of a segment: one whole line at least, if there is one. */
  private static byte[] tail(FileChannel segment) throws IOException {
    long size = segment.size();
    int length = (int) Math.min(size, 2L * LONGEST_LINE + 2);
    ByteBuffer buffer = ByteBuffer.allocate(length);
    segment.position(size - length);
    while (buffer.hasRemaining() && segment.read(buffer) >= 0) {
      // until it is full
    }
    return buffer.array();
  }

  private static long tornBytes(byte[] tail) {
    int end = tail.length;
    while (end > 0 && tail[end - 1] != '\n') {
      end--;
    }
    return (long) tail.length - end;
  }

  private static String linkOfLast(byte[] tail) {
    int end = tail.length - 1;
    int start = end;
    while (start > 0 && tail[start - 1] != '\n') {
      start--;
    }
    if (end <= 0) {
      return Chain.START;
    }
    byte[] line = new byte[end - start];
    System.arraycopy(tail, start, line, 0, line.length);
    return Chain.link(line);
  }

  /** A line as text, for those who read. */
  static String text(byte[] line) {
    return new String(line, UTF_8);
  }
}
