package rkt.stage1.run;

import java.util.List;
import java.util.OptionalLong;

/**
 * What an app's file system is to be, beyond its image. spec/pod.md#root
 *
 * @param mounts of the pod's volumes
 * @param tmpfs file systems in memory
 * @param devices of the host
 * @param rootBytes how much it may write to its root, which is then kept in memory; on disk and
 *     without a bound if empty
 * @param readOnlyRoot whether the app may not change its root
 */
public record StorageRequest(
    List<Mounting> mounts,
    List<Tmpfs> tmpfs,
    List<Device> devices,
    OptionalLong rootBytes,
    boolean readOnlyRoot) {
  /** The image alone, for the app to change. */
  public static final StorageRequest PLAIN = new StorageRequest(List.of(), false);

  public StorageRequest {
    mounts = List.copyOf(mounts);
    tmpfs = List.copyOf(tmpfs);
    devices = List.copyOf(devices);
  }

  /** Volumes of the pod, and the image. */
  public StorageRequest(List<Mounting> mounts, boolean readOnlyRoot) {
    this(mounts, List.of(), List.of(), OptionalLong.empty(), readOnlyRoot);
  }
}
