package rkt.stage1.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The environment of an app, built from nothing: of the caller's own, only TERM of an interactive
 * terminal comes in. spec/pod.md#environment
 */
final class AppEnvironment {
  static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private AppEnvironment() {}

  /**
   * @param fromCaller above the defaults: {@code --inherit-env}
   * @param fromImage above what the caller has
   * @param fromPod above the image: {@code --set-env}
   * @param fromApp above all: {@code --environment}
   * @param term the caller's TERM if the app gets a terminal, else empty
   * @param notifies whether the app is to say when it is ready
   */
  static Map<String, String> of(
      String app,
      ImageUsers.Identity identity,
      Map<String, String> fromCaller,
      Map<String, String> fromImage,
      Map<String, String> fromPod,
      Map<String, String> fromApp,
      String term,
      boolean notifies) {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("PATH", PATH);
    environment.put("HOME", identity.home());
    if (!identity.name().isEmpty()) {
      environment.put("USER", identity.name());
      environment.put("LOGNAME", identity.name());
    }
    if (!identity.shell().isEmpty()) {
      environment.put("SHELL", identity.shell());
    }
    if (!term.isEmpty()) {
      environment.put("TERM", term);
    }
    environment.putAll(fromCaller);
    environment.remove(Readiness.VARIABLE); // the caller's, which an app must not reach
    environment.putAll(fromImage);
    environment.putAll(fromPod);
    environment.putAll(fromApp);
    // What the executor promises cannot be overridden. appc executor, "Environment Variables"
    environment.put("AC_APP_NAME", app);
    environment.put("container", "rkt");
    if (notifies) {
      environment.put(Readiness.VARIABLE, Readiness.SOCKET);
    }
    return environment;
  }

  /** As {@code NAME=value} lines. */
  static List<String> lines(Map<String, String> environment) {
    List<String> lines = new ArrayList<>(environment.size());
    for (Map.Entry<String, String> entry : environment.entrySet()) {
      lines.add(entry.getKey() + "=" + entry.getValue());
    }
    return lines;
  }

  /** What PATH is in an environment that is written as lines. */
  static String path(List<String> lines) {
    for (String line : lines) {
      if (line.startsWith("PATH=")) {
        return line.substring("PATH=".length());
      }
    }
    return PATH;
  }
}
