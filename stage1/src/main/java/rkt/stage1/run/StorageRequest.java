package rkt.stage1.run;

import java.util.List;

/**
 * What an app's file system is to be, beyond its image. spec/pod.md#root
 *
 * @param mounts of the pod's volumes
 * @param readOnlyRoot whether the app may not change its root
 */
public record StorageRequest(List<Mounting> mounts, boolean readOnlyRoot) {
  /** The image alone, for the app to change. */
  public static final StorageRequest PLAIN = new StorageRequest(List.of(), false);

  public StorageRequest {
    mounts = List.copyOf(mounts);
  }
}
