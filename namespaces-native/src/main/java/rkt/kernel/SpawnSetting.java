package rkt.kernel;

/** The file actions and attributes of one posix_spawn(3). Closed before its scratch memory. */
final class SpawnSetting implements AutoCloseable {
  private static final int SET_SIGNAL_DEFAULTS = 0x04;
  private static final int SET_SIGNAL_MASK = 0x08;
  // The real sizes are 80 and 336 bytes on 64-bit glibc; more is harmless.
  private static final int ACTIONS_SIZE = 256;
  private static final int ATTRIBUTES_SIZE = 1024;
  private static final int SIGNAL_SET_SIZE = 128;

  private static final long ACTIONS_INIT = LibC.address("posix_spawn_file_actions_init");
  private static final long ACTIONS_DESTROY = LibC.address("posix_spawn_file_actions_destroy");
  private static final long ADD_DUP2 = LibC.address("posix_spawn_file_actions_adddup2");
  private static final long ADD_CLOSE = LibC.address("posix_spawn_file_actions_addclose");
  private static final long ADD_CLOSE_FROM =
      LibC.address("posix_spawn_file_actions_addclosefrom_np"); // glibc 2.34
  private static final long ATTRIBUTES_INIT = LibC.address("posix_spawnattr_init");
  private static final long SET_FLAGS = LibC.address("posix_spawnattr_setflags");
  private static final long SET_MASK = LibC.address("posix_spawnattr_setsigmask");
  private static final long SET_DEFAULTS = LibC.address("posix_spawnattr_setsigdefault");

  private final long actions;
  private final long attributes;

  SpawnSetting(Scratch scratch) throws KernelException {
    actions = scratch.zeroed(ACTIONS_SIZE);
    attributes = scratch.zeroed(ATTRIBUTES_SIZE);
    long none = scratch.zeroed(SIGNAL_SET_SIZE);
    long all = scratch.zeroed(SIGNAL_SET_SIZE);
    Scratch.MEMORY.putLong(all, -1L);
    checked(LibC.call(ACTIONS_INIT, actions));
    checked(LibC.call(ATTRIBUTES_INIT, attributes));
    checked(LibC.call(SET_FLAGS, attributes, SET_SIGNAL_DEFAULTS | SET_SIGNAL_MASK));
    checked(LibC.call(SET_MASK, attributes, none));
    checked(LibC.call(SET_DEFAULTS, attributes, all));
  }

  void duplicate(int from, int to) throws KernelException {
    checked(LibC.call(ADD_DUP2, actions, from, to));
  }

  /** Closes {@code number} in the child; it need not be open. */
  void close(int number) throws KernelException {
    checked(LibC.call(ADD_CLOSE, actions, number));
  }

  void closeFrom(int number) throws KernelException {
    checked(LibC.call(ADD_CLOSE_FROM, actions, number));
  }

  long actions() {
    return actions;
  }

  long attributes() {
    return attributes;
  }

  @Override
  public void close() {
    LibC.call(ACTIONS_DESTROY, actions); // it cannot fail once initialised
  }

  private static void checked(long error) throws KernelException {
    // These functions return the error as an int; the upper half of the register means nothing.
    if ((int) error != 0) {
      throw new KernelException("posix_spawn", "its settings", Errno.of((int) error));
    }
  }
}
