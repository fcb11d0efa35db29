package rkt.stage1.run;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.NativeBuffer;
import rkt.kernel.Stat;
import rkt.stage1.StageException;

/**
 * Turns the user and group that an image or a flag names into numbers, with the image's own
 * /etc/passwd and /etc/group. Digits are a number and nothing else is; a name is looked up inside
 * the root only, in a regular file of bounded size. What cannot be resolved is refused, never root.
 * spec/pod.md#users
 */
final class ImageUsers {
  private static final int LARGEST_FILE = 1 << 20;
  private static final int LONGEST_LINE = 64 << 10;

  private final String app;
  private final DirFd root;
  private final PodUsers ids;

  /**
   * @param root of the app, as it appears outside of the pod
   * @param ids which there are in the pod
   */
  ImageUsers(String app, DirFd root, PodUsers ids) {
    this.app = app;
    this.root = root;
    this.ids = ids;
  }

  /**
   * Who an app runs as.
   *
   * @param groups the supplementary groups, without {@code gid}
   * @param name the user's name, empty if the image does not know one
   * @param home the home directory, {@code /} if the image does not know one
   * @param shell empty if the image does not know one
   */
  record Identity(int uid, int gid, List<Integer> groups, String name, String home, String shell) {
    Identity {
      groups = List.copyOf(groups);
    }
  }

  /**
   * Resolves {@code user} and {@code group}, each a name, a number, or {@code /path} for the owner
   * of that file in the image.
   *
   * @param group empty for the primary group of the user
   * @param supplementary further groups that were asked for
   */
  Identity resolve(String user, String group, List<Integer> supplementary) throws StageException {
    List<String[]> users = table("etc/passwd", 7);
    Stat owner = user.startsWith("/") ? ownedFile(user) : null;
    String[] entry = null;
    int uid;
    if (owner != null) {
      uid = inside(owner.uid(), user);
      entry = find(users, 2, Integer.toString(uid));
    } else if (isDigits(user)) {
      uid = number(user, "user");
      entry = find(users, 2, Integer.toString(uid));
    } else {
      entry = find(users, 0, user);
      if (entry == null) {
        throw unknown("user", user, "/etc/passwd");
      }
      uid = number(entry[2], "user");
    }
    int gid = gid(group, entry, owner);
    List<Integer> groups = new ArrayList<>(supplementary);
    // As OCI images mean it: whoever names groups takes these, and no memberships.
    if (entry != null && group.isEmpty() && owner == null && supplementary.isEmpty()) {
      addMemberships(entry[0], gid, groups);
    }
    requireInPod(ids.hasUser(uid), "user " + uid);
    requireInPod(ids.hasGroup(gid), "group " + gid);
    for (int further : groups) {
      requireInPod(ids.hasGroup(further), "group " + further);
    }
    return new Identity(
        uid,
        gid,
        groups,
        entry == null ? "" : entry[0],
        entry == null || !entry[5].startsWith("/") ? "/" : entry[5],
        entry == null ? "" : entry[6]);
  }

  private int gid(String group, String @Nullable [] userEntry, @Nullable Stat owner)
      throws StageException {
    if (group.isEmpty()) {
      return userEntry != null
          ? number(userEntry[3], "group")
          : owner != null ? inside(owner.gid(), "its file") : 0;
    }
    if (group.startsWith("/")) {
      return inside(ownedFile(group).gid(), group);
    }
    if (isDigits(group)) {
      return number(group, "group");
    }
    String[] entry = find(table("etc/group", 4), 0, group);
    if (entry == null) {
      throw unknown("group", group, "/etc/group");
    }
    return number(entry[2], "group");
  }

  private void addMemberships(String user, int gid, List<Integer> groups) throws StageException {
    for (String[] entry : table("etc/group", 4)) {
      for (String member : entry[3].split(",", -1)) {
        if (member.equals(user)) {
          int further = number(entry[2], "group");
          if (further != gid && !groups.contains(further)) {
            groups.add(further);
          }
        }
      }
    }
  }

  private void requireInPod(boolean is, String who) throws StageException {
    if (!is) {
      throw StageException.run(
          "the pod has no " + who + ", as which app \"" + app + "\" is to run",
          "choose one below 65536 with --user and --group, or one of those that are mapped here");
    }
  }

  /** The id of the pod of the owner of {@code file}. */
  private int inside(int outside, String file) throws StageException {
    OptionalInt id = ids.inside(outside);
    if (id.isEmpty()) {
      throw StageException.run(
          file + " in the image of app \"" + app + "\" belongs to nobody of the pod",
          "name the user and the group with --user and --group");
    }
    return id.getAsInt();
  }

  /** A file of the image, links followed inside the root only. */
  private Stat ownedFile(String path) throws StageException {
    try (FileFd file = root.open(Names.of(path), DirFd.O_PATH, 0, DirFd.Resolve.IN_ROOT)) {
      return file.stat();
    } catch (KernelException e) {
      throw StageException.run(
          "cannot tell the owner of " + path + " in the image of app \"" + app + "\"",
          "name a file that the image holds, or a user and a group with --user and --group",
          e);
    }
  }

  private int number(String digits, String what) throws StageException {
    // 2^31 - 1 is the highest: what is above has been taken for -1, "no change", or 0.
    if (isDigits(digits) && digits.length() <= 10) {
      long number = Long.parseLong(digits);
      if (number <= Integer.MAX_VALUE) {
        return (int) number;
      }
    }
    throw StageException.run(
        "the "
            + what
            + " of app \""
            + app
            + "\" is \""
            + digits
            + "\", which is no number of a "
            + what,
        "numbers go from 0 to 2147483647");
  }

  private StageException unknown(String what, String name, String file) {
    return StageException.run(
        "the " + what + " \"" + name + "\" of app \"" + app + "\" is not in the image's " + file,
        "give a number with --" + what + "=N, or a name that the image knows");
  }

  /** The lines of a colon-separated file with that many fields; none if there is no such file. */
  private List<String[]> table(String path, int fields) throws StageException {
    List<String[]> rows = new ArrayList<>();
    String text = read(path);
    int start = 0;
    while (start < text.length()) {
      int end = text.indexOf('\n', start);
      end = end < 0 ? text.length() : end;
      if (end - start > LONGEST_LINE) {
        throw StageException.run(
            "/"
                + path
                + " in the image of app \""
                + app
                + "\" has a line of "
                + (end - start)
                + " bytes",
            null);
      }
      String[] row = text.substring(start, end).split(":", -1);
      if (row.length == fields) {
        rows.add(row);
      }
      start = end + 1;
    }
    return rows;
  }

  private String read(String path) throws StageException {
    // Non-blocking: a FIFO in its place must not hold us up before it is found out.
    int flags = DirFd.O_RDONLY | DirFd.O_NONBLOCK;
    try (FileFd file = root.open(Names.of(path), flags, 0, DirFd.Resolve.IN_ROOT)) {
      Stat stat = file.stat();
      if (!stat.isRegular() || stat.size() > LARGEST_FILE) {
        throw StageException.run(
            "/"
                + path
                + " in the image of app \""
                + app
                + "\" is not a regular file of at most "
                + LARGEST_FILE
                + " bytes",
            "use another image, or give --user and --group as numbers in an image without it");
      }
      // As large as the file, and not larger: fresh memory costs each app of a start time.
      int size = (int) Math.min(stat.size() + 1, 64 << 10);
      ByteArrayOutputStream content = new ByteArrayOutputStream(size);
      byte[] chunk = new byte[size];
      try (NativeBuffer buffer = new NativeBuffer(size)) {
        int n = file.read(chunk, buffer);
        while (n > 0 && content.size() <= LARGEST_FILE) {
          content.write(chunk, 0, n);
          n = file.read(chunk, buffer);
        }
      }
      return content.toString(StandardCharsets.ISO_8859_1);
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return "";
      }
      throw StageException.run("cannot read /" + path + " of app \"" + app + "\"", null, e);
    }
  }

  private static String @Nullable [] find(List<String[]> rows, int field, String value) {
    for (String[] row : rows) {
      if (row[field].equals(value)) {
        return row;
      }
    }
    return null;
  }

  private static boolean isDigits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty();
  }
}
