package rkt.cli;

import rkt.spec.RktException;
import rkt.spec.store.Store;
import rkt.stage1.run.PodRunner;

/** What no command needs any more, and what those that were killed have left half-done. */
final class Leavings {
  private Leavings() {}

  /** Removes it, wherever commands write, but for pods and what users asked to be written. */
  static void remove(Settings settings, Store store) throws RktException {
    store.sweep();
    Trees.removeUnneeded(settings, store);
    Trees.tidy(settings, store);
    ImageGate.trust(settings).sweep();
    PodRunner.sweepFilters(settings.dir());
  }
}
