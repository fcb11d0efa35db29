package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import rkt.spec.image.App;
import rkt.stage1.StageException;

class MountPlanTest {
  private static final Volume ROOT = new Volume.Empty("data", false, 0755, 0, 0);
  private static final Volume FIXED = new Volume.Host("fixed", Path.of("/srv"), true, true);

  @Test
  void whatIsBelowAnotherTargetIsMountedAfterIt() throws Exception {
    List<MountPlan.Step> steps =
        MountPlan.of(
            app(
                List.of(),
                List.of(
                    new Mounting("data", "/a/b/c"),
                    new Mounting("data", "/z"),
                    new Mounting("data", "/a"),
                    new Mounting("data", "/a/b"))),
            List.of(ROOT));

    assertThat(steps)
        .extracting(MountPlan.Step::target)
        .containsExactly("/z", "/a", "/a/b", "/a/b/c");
  }

  @Test
  void oneReadOnlyIsEnough() throws Exception {
    List<App.MountPoint> points =
        List.of(
            new App.MountPoint("data", "/one", true),
            new App.MountPoint("fixed", "/two", false),
            new App.MountPoint("other", "/three", true),
            new App.MountPoint("more", "/four", false));

    assertThat(MountPlan.of(app(points, List.of(new Mounting("data", "/three"))), pod()))
        .containsExactly(
            new MountPlan.OfVolume(ROOT, "/three", true),
            new MountPlan.OfVolume(ROOT, "/one", true),
            new MountPlan.OfVolume(FIXED, "/two", true),
            new MountPlan.OfImage("image.web.more", "/four", false));
  }

  @Test
  void twoMountsAtOnePlaceAreRefused() throws Exception {
    Mounting mounting = new Mounting("data", "/a");
    assertThatThrownBy(() -> MountPlan.of(app(List.of(), List.of(mounting, mounting)), pod()))
        .isInstanceOf(StageException.class)
        .hasMessage("app \"web\" has two mounts at /a");
    StorageRequest both =
        new StorageRequest(
            List.of(mounting), List.of(Tmpfs.parse("/a")), List.of(), OptionalLong.empty(), false);
    assertThatThrownBy(() -> MountPlan.of(app(List.of(), both), pod()))
        .hasMessage("app \"web\" has two mounts at /a");
    List<App.MountPoint> points =
        List.of(new App.MountPoint("b", "/b", false), new App.MountPoint("c", "/b/.", false));
    assertThatThrownBy(() -> MountPlan.of(app(points, List.of()), pod()))
        .hasMessage("app \"web\" has two mounts at /b");
  }

  @Test
  void aMountPointAtWhatIsTheRuntimesIsRefused() {
    for (String path : new String[] {"/proc", "/sys/x", "/dev", "/dev/shm", "/"}) {
      List<App.MountPoint> points = List.of(new App.MountPoint("p", path, false));
      assertThatThrownBy(() -> MountPlan.of(app(points, List.of()), pod()))
          .isInstanceOf(StageException.class);
    }
  }

  private static List<Volume> pod() {
    return List.of(ROOT, FIXED);
  }

  private static AppRequest app(List<App.MountPoint> points, List<Mounting> mounts) {
    return app(points, new StorageRequest(mounts, false));
  }

  private static AppRequest app(List<App.MountPoint> points, StorageRequest storage) {
    AppRequest plain = Samples.app(Map.of());
    App app = plain.app();
    App pointed =
        new App(
            app.exec(),
            new ArrayList<>(),
            app.user(),
            app.group(),
            app.supplementaryGids(),
            app.workingDirectory(),
            app.environment(),
            points,
            app.isolators(),
            app.stopSignal());
    return new AppRequest(
        plain.name(),
        plain.image(),
        plain.verified(),
        plain.trees(),
        pointed,
        plain.process(),
        plain.isolators(),
        storage,
        plain.metadata());
  }
}
