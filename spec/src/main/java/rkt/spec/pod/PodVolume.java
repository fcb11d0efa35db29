package rkt.spec.pod;

/** A volume of a pod manifest. spec/pod-manifest.md#volumes */
public sealed interface PodVolume {
  /** An AC Name. */
  String name();

  boolean readOnly();

  /**
   * A directory or file of the host.
   *
   * @param source absolute
   * @param recursive whether what is mounted below it comes along
   */
  record Host(String name, boolean readOnly, String source, boolean recursive)
      implements PodVolume {}

  /** A fresh directory that lives as long as the pod. */
  record Empty(String name, boolean readOnly, int mode, int uid, int gid) implements PodVolume {}
}
