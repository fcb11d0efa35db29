package rkt.kernel;

/** Attaches the {@link TrafficProgram}s of a group of version 2. spec/pod.md#traffic-programs */
final class TrafficLimit {
  // What BPF_PROG_TYPE_CGROUP_SKB returns for a packet that is dropped; who sent it can be told,
  // and TCP then sends it again without having lost it.
  private static final int DROP = 0;
  private static final int DROP_AND_TELL = 2;

  private TrafficLimit() {}

  /**
   * Has the processes of a group, and of those below it, send no more than so many bytes a second,
   * and receive no more than as many, but by loopback. Undo: remove the group.
   *
   * @param directory of the group
   * @return ignored if this kernel or this user cannot have that
   */
  static CgroupOutcome set(String directory, long perSecond) throws KernelException {
    int ofReceived = TrafficProgram.STATE_BYTES;
    try (Fd group = Descriptors.open(directory, OpenFlag.READ, OpenFlag.DIRECTORY);
        Fd states = Bpf.createValue(2 * TrafficProgram.STATE_BYTES);
        Fd send = Bpf.load(Bpf.Hook.SEND, TrafficProgram.of(perSecond, DROP_AND_TELL, states, 0));
        Fd receive =
            Bpf.load(Bpf.Hook.RECEIVE, TrafficProgram.of(perSecond, DROP, states, ofReceived))) {
      if (attachBoth(send, receive, group)) {
        return CgroupOutcome.ENFORCED;
      }
      return CgroupOutcome.ignored("the program of a group above would lose its say");
    } catch (KernelException e) {
      if (e.is(Errno.EPERM)
          || e.is(Errno.EACCES) // of an LSM
          || e.is(Errno.EINVAL) // the kernel knows the call, and no programs of this type
          || e.is(Errno.ENOSYS)) {
        return CgroupOutcome.ignored(
            "the kernel refuses the programs that count packets: " + e.getMessage());
      }
      throw e;
    }
  }

  /** Both or none. */
  private static boolean attachBoth(Fd send, Fd receive, Fd group) throws KernelException {
    if (!Bpf.attachBeside(Bpf.Hook.SEND, send, group)) {
      return false;
    }
    boolean both = false;
    try {
      both = Bpf.attachBeside(Bpf.Hook.RECEIVE, receive, group);
    } finally {
      if (!both) {
        Bpf.detach(Bpf.Hook.SEND, send, group);
      }
    }
    return both;
  }
}
