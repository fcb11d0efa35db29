package rkt.stage1.run;

import rkt.kernel.Errno;
import rkt.kernel.HostUsers;
import rkt.kernel.Ids;
import rkt.kernel.KernelException;

/** What to do about a system call that the kernel refused while a pod was made. */
final class Rights {
  private Rights() {}

  static String fix(KernelException e) {
    if (e.is(Errno.EMFILE)) {
      return "allow more open files: ulimit -n 4096";
    }
    int uid = Ids.effectiveUser();
    if (uid != 0) {
      String name = new HostUsers().find(uid).map(HostUsers.User::name).orElse("number " + uid);
      return "user " + name + " may not make pods: run rkt as root, or as root of a user namespace";
    }
    return "pods are made as root, or as root of a user namespace";
  }
}
