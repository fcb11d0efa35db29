package rkt.kernel;

import java.util.Optional;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import jnr.posix.Passwd;

/**
 * Users of the host, through jnr-posix, so that LDAP and the like answer too. Binds hundreds of
 * functions at first use (60 ms and more): never on the way to a pod.
 */
public final class HostUsers {
  /** A user of the host. */
  public record User(String name, int uid, int gid, String home) {}

  private final POSIX posix = POSIXFactory.getNativePOSIX();

  /** The user of that name. getpwnam(3) */
  public Optional<User> find(String name) {
    return Optional.ofNullable(posix.getpwnam(name)).map(HostUsers::user);
  }

  /** The user of that number. getpwuid(3) */
  public Optional<User> find(int uid) {
    return Optional.ofNullable(posix.getpwuid(uid)).map(HostUsers::user);
  }

  private static User user(Passwd entry) {
    return new User(
        entry.getLoginName(), (int) entry.getUID(), (int) entry.getGID(), entry.getHome());
  }
}
