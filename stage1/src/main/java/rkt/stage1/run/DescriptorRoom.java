package rkt.stage1.run;

import rkt.kernel.Descriptors;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.kernel.OpenFlag;

/**
 * Room for the descriptors of a pod of many apps. The kernel makes the table of a process larger
 * when it is full, at 64 descriptors and at each doubling, and a process of several threads waits 7
 * ms or so for that: until every processor has passed a point at which it uses no older table.
 */
public final class DescriptorRoom {
  private static final int OF_POD = 64;
  private static final int OF_APP = 6;

  private DescriptorRoom() {}

  /** Makes room for so many apps, beside what this thread does next. */
  public static void makeFor(int apps) {
    if (apps > 1) {
      int last = OF_POD + OF_APP * apps;
      Thread.ofPlatform().name("descriptors").daemon().start(() -> use(last));
    }
  }

  private static void use(int last) {
    for (int number = last; number >= OF_POD && !opens(number); number /= 2) {
      // More than this process may open, perhaps: what cannot be opened in the end will say so.
    }
  }

  private static boolean opens(int number) {
    try (Fd any = Descriptors.open("/", OpenFlag.PATH, OpenFlag.DIRECTORY);
        Fd last = Descriptors.duplicate(any, number)) {
      return last.number() >= number;
    } catch (KernelException e) {
      return false;
    }
  }
}
