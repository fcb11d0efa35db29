package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import rkt.kernel.Cgroup;
import rkt.kernel.DeviceEnforcement;
import rkt.kernel.DeviceList;
import rkt.kernel.DeviceRule;
import rkt.kernel.KernelException;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/**
 * Which devices the apps of a pod may use, those that every app has and those that they were given,
 * and what holds them to it. Nothing else is in their /dev, and no file system of theirs lets
 * devices be opened, but two locks hold longer than one. spec/pod.md#device-rules
 */
final class DeviceAllowance {
  private static final String INSTEAD =
      "; what keeps other devices from an app is that nothing but the nodes of its /dev opens as one";

  private final DeviceList ofPod;
  private final DeviceEnforcement enforcement;

  private DeviceAllowance(DeviceList ofPod, DeviceEnforcement enforcement) {
    this.ofPod = ofPod;
    this.enforcement = enforcement;
  }

  /**
   * Bounds the group of a pod to what any of its apps may use.
   *
   * @throws StageException if one was given less than reading and writing, and that cannot be held
   */
  static DeviceAllowance of(Cgroup group, List<AppRequest> apps)
      throws StageException, KernelException {
    DeviceList all = HostDevices.allowed();
    for (AppRequest app : apps) {
      if (!app.storage().devices().isEmpty()) {
        all = all.plus(given(app));
      }
    }
    DeviceEnforcement enforcement = group.allowOnly(all);
    if (enforcement.by() == DeviceEnforcement.By.NOTHING) {
      for (AppRequest app : apps) {
        for (Device device : app.storage().devices()) {
          requireUnrestricted(device, enforcement.reason());
        }
      }
    }
    return new DeviceAllowance(all, enforcement);
  }

  /** Whether the app may use less than others of its pod, and is held to that. */
  boolean narrows(AppRequest app) throws StageException {
    return enforcement.by() != DeviceEnforcement.By.NOTHING && !ofPod.minus(ofApp(app)).isEmpty();
  }

  /** Bounds the group of one app, below that of the pod, to what this app may use. */
  void narrow(Cgroup group, AppRequest app) throws StageException, KernelException {
    if (narrows(app)) {
      group.narrow(ofPod, ofApp(app));
    }
  }

  /** What the app may use. */
  static DeviceList ofApp(AppRequest app) throws StageException {
    DeviceList usual = HostDevices.allowed();
    return app.storage().devices().isEmpty() ? usual : usual.plus(given(app));
  }

  private static List<DeviceRule> given(AppRequest app) throws StageException {
    List<DeviceRule> rules = new ArrayList<>();
    for (Device device : app.storage().devices()) {
      DeviceRule rule = device.rule();
      if ((HostDevices.allowed().access(rule) & ~rule.access() & DeviceRule.READ_WRITE) != 0) {
        throw StageException.usage(
            "cannot give "
                + device.source()
                + " with the access "
                + DeviceRule.letters(device.access())
                + " alone: every app can read and write this device",
            "leave the access out");
      }
      rules.add(rule);
    }
    return rules;
  }

  private static void requireUnrestricted(Device device, String reason) throws StageException {
    if (device.isRestricted()) {
      throw StageException.run(
          "cannot give "
              + device.source()
              + " with the access "
              + DeviceRule.letters(device.access())
              + " alone: nothing here would hold the app to it: "
              + reason,
          "give it for reading and writing, or run on a host with control groups, as root");
    }
  }

  /** For the record of the pod. */
  PodRecord.DeviceRules outcome() {
    return switch (enforcement.by()) {
      case CONTROLLER -> new PodRecord.DeviceRules("controller", "");
      case PROGRAM -> new PodRecord.DeviceRules("program", "");
      case NOTHING -> new PodRecord.DeviceRules("nothing", enforcement.reason() + INSTEAD);
    };
  }
}
