package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import rkt.kernel.Capability;
import rkt.kernel.CapabilitySet;
import rkt.kernel.ResourceLimit;
import rkt.kernel.SeccompPolicy;
import rkt.kernel.SeccompProfile;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/**
 * What an app may do to the kernel: what its isolators of this kind, from the image and from the
 * user, come to, and for the record what became of each. spec/pod.md#isolators
 *
 * @param capabilities the bounding set
 * @param noNewPrivileges whether nothing that it executes may gain privileges
 * @param seccomp its filter; empty for none
 * @param oomScoreAdj how soon it is chosen when memory runs out; empty for as soon as the caller
 * @param label of a security module; empty for none
 * @param limits of resources, where they are not the usual ones
 * @param weakened the insecure options that it amounts to without naming them
 */
record Confinement(
    CapabilitySet capabilities,
    boolean noNewPrivileges,
    Optional<SeccompProfile> seccomp,
    OptionalInt oomScoreAdj,
    Optional<SecurityLabel> label,
    Map<ResourceLimit, ResourceLimit.Value> limits,
    Set<String> weakened,
    List<PodRecord.Isolator> outcomes) {
  private static final String ENFORCED = "enforced";
  private static final String MODIFIED = "modified";
  private static final String IGNORED = "ignored";

  private static final String RETAIN = "os/linux/capabilities-retain-set";
  private static final String REMOVE = "os/linux/capabilities-remove-set";
  private static final String SECCOMP_RETAIN = "os/linux/seccomp-retain-set";
  private static final String SECCOMP_REMOVE = "os/linux/seccomp-remove-set";
  private static final String NO_NEW_PRIVILEGES = "os/linux/no-new-privileges";
  private static final String OOM_SCORE_ADJ = "os/linux/oom-score-adj";
  private static final String SELINUX = "os/linux/selinux-context";
  private static final String APPARMOR = "os/linux/apparmor-profile";
  private static final String RLIMITS = "os/linux/rlimits";

  private static final Set<String> KNOWN =
      Set.of(
          RETAIN,
          REMOVE,
          SECCOMP_RETAIN,
          SECCOMP_REMOVE,
          NO_NEW_PRIVILEGES,
          OOM_SCORE_ADJ,
          SELINUX,
          APPARMOR,
          RLIMITS);

  private static final String OVERRULED = "another value wins over it";

  /** What a root app needs for its own files and ports, and nothing that reaches the host. */
  private static final CapabilitySet DEFAULT =
      CapabilitySet.of(
          Capability.CHOWN,
          Capability.DAC_OVERRIDE,
          Capability.FOWNER,
          Capability.FSETID,
          Capability.KILL,
          Capability.SETGID,
          Capability.SETUID,
          Capability.NET_BIND_SERVICE);

  /**
   * What an image may keep by asking: the default set of the appc spec, but not MKNOD, because a
   * node made in a volume would work outside. More takes a flag.
   */
  private static final CapabilitySet MOST_BY_IMAGE =
      CapabilitySet.of(
          Capability.AUDIT_WRITE,
          Capability.CHOWN,
          Capability.DAC_OVERRIDE,
          Capability.FSETID,
          Capability.FOWNER,
          Capability.KILL,
          Capability.NET_RAW,
          Capability.NET_BIND_SERVICE,
          Capability.SETUID,
          Capability.SETGID,
          Capability.SETPCAP,
          Capability.SETFCAP,
          Capability.SYS_CHROOT);

  Confinement {
    limits = Map.copyOf(limits);
    weakened = Set.copyOf(weakened);
    outcomes = List.copyOf(outcomes);
  }

  /** Whether it may stand for the pod as a whole as well. */
  static boolean isOfBoth(String isolator) {
    return isolator.equals(SELINUX) || isolator.equals(APPARMOR);
  }

  /** Whether it is a matter of this class. */
  static boolean knows(String isolator) {
    return KNOWN.contains(isolator);
  }

  /**
   * Puts together what {@code app} is given: each isolator in turn, where a later one wins over an
   * earlier one of its kind. A label of the pod is that of each app that has none of its own.
   */
  static Confinement of(AppRequest app, PodRequest pod) throws StageException {
    Builder builder = new Builder(app, pod.insecure(), pod.network());
    for (Isolator isolator : pod.isolators()) {
      if (isOfBoth(isolator.name())) {
        builder.add(isolator);
      }
    }
    for (Isolator isolator : app.isolators()) {
      if (!knows(isolator.name())) {
        if (!Resources.knows(isolator.name())) {
          builder.unknown(isolator);
        }
      } else if (!isolator.name().equals(RLIMITS)
          && Isolator.isReplaced(isolator, app.isolators())) {
        builder.replaced(isolator);
      } else {
        builder.add(isolator);
      }
    }
    return builder.build();
  }

  private static final class Builder {
    private final AppRequest app;
    private final Set<String> insecure;
    private final CapabilitySet most;
    private final List<PodRecord.Isolator> outcomes = new ArrayList<>();
    private final Map<ResourceLimit, ResourceLimit.Value> limits =
        new EnumMap<>(ResourceLimit.class);
    private CapabilitySet capabilities = DEFAULT;
    private Optional<SeccompProfile> seccomp = Optional.of(SeccompProfile.standard());
    private OptionalInt oomScoreAdj = OptionalInt.empty();
    private Optional<SecurityLabel> label = Optional.empty();
    private boolean filterIsOff;

    Builder(AppRequest app, Set<String> insecure, PodRequest.Network network) {
      this.app = app;
      this.insecure = insecure;
      this.most =
          network == PodRequest.Network.HOST
              ? MOST_BY_IMAGE.without(Capability.NET_RAW)
              : MOST_BY_IMAGE;
    }

    void add(Isolator isolator) throws StageException {
      String name = isolator.name();
      try {
        JsonObject json =
            JsonObject.parse(("{\"value\":" + isolator.json() + "}").getBytes(UTF_8), name);
        switch (name) {
          case RETAIN -> retain(isolator, set(json));
          case REMOVE -> remove(isolator, set(json));
          case SECCOMP_RETAIN -> filter(isolator, json, SeccompPolicy.Mode.RETAIN);
          case SECCOMP_REMOVE -> filter(isolator, json, SeccompPolicy.Mode.REMOVE);
          case OOM_SCORE_ADJ -> oomScoreAdj(isolator, json.integer("value"));
          case SELINUX -> seLinux(isolator, SecurityLabel.selinux(json.object("value")));
          case APPARMOR -> appArmor(isolator, json.object("value").string("profile"));
          case RLIMITS -> limit(isolator, json.object("value"));
          default -> noNewPrivileges(isolator, json.findBoolean("value").orElse(true));
        }
      } catch (SpecException | IllegalArgumentException e) {
        String why = e.getMessage() == null ? "" : ": " + e.getMessage();
        throw StageException.run(
            "isolator " + name + " of app \"" + app.name() + "\" makes no sense" + why,
            isolator.origin().isExplicit()
                ? "correct its value"
                : "use another image, or override it");
      }
    }

    void unknown(Isolator isolator) throws StageException {
      boolean ofPod = PodConfinement.knows(isolator.name());
      if (isolator.origin().isExplicit()) {
        throw StageException.run(
            ofPod
                ? "isolator " + isolator.name() + " is a pod's, not an app's"
                : "there is no isolator " + isolator.name() + " to enforce",
            ofPod ? "--sysctl=NAME=VALUE sets parameters, --proc=pid a subset" : "leave it out");
      }
      record(isolator, IGNORED, ofPod ? "it is a pod's, not an app's" : "it is not known");
    }

    /** A user may give what they have; an image no more than what can do no harm outside. */
    private void retain(Isolator isolator, CapabilitySet asked) throws StageException {
      exclude(isolator, REMOVE);
      overrule(RETAIN);
      overrule(REMOVE);
      capabilities = isolator.origin().isExplicit() ? asked : asked.and(most);
      List<Capability> missing = new CapabilitySet(asked.mask() & ~capabilities.mask()).list();
      record(
          isolator,
          missing.isEmpty() ? ENFORCED : MODIFIED,
          missing.isEmpty() ? "" : "an image is not given " + words(missing));
    }

    private void remove(Isolator isolator, CapabilitySet asked) throws StageException {
      exclude(isolator, RETAIN);
      if (isolator.origin().isExplicit()) {
        overrule(RETAIN);
        overrule(REMOVE);
        capabilities = DEFAULT;
      }
      capabilities = new CapabilitySet(capabilities.mask() & ~asked.mask());
      record(isolator, ENFORCED, "");
    }

    private void filter(Isolator isolator, JsonObject json, SeccompPolicy.Mode mode)
        throws StageException, SpecException {
      boolean mine = isolator.origin().isExplicit();
      exclude(isolator, mode == SeccompPolicy.Mode.RETAIN ? SECCOMP_REMOVE : SECCOMP_RETAIN);
      overrule(SECCOMP_RETAIN);
      overrule(SECCOMP_REMOVE);
      SeccompPolicy policy = Seccomp.policy(mode, json.object("value"));
      SeccompPolicy.Result result =
          policy.apply(mine ? SeccompPolicy.Reach.WIDEN : SeccompPolicy.Reach.NARROW);
      seccomp = result.profile();
      filterIsOff = policy.isOff() && mine;
      record(isolator, result.shortfall().isEmpty() ? ENFORCED : MODIFIED, result.shortfall());
    }

    /**
     * The appc spec: the two of a pair are never used together, but a user's replace an image's.
     */
    private void exclude(Isolator isolator, String other) throws StageException {
      for (Isolator beside : app.isolators()) {
        if (beside.name().equals(other) && beside.origin() == isolator.origin()) {
          throw StageException.run(
              "app \""
                  + app.name()
                  + "\" has both "
                  + isolator.name()
                  + " and "
                  + other
                  + ", which exclude each other",
              "leave one out");
        }
      }
    }

    private void oomScoreAdj(Isolator isolator, long asked) throws StageException {
      if (asked < -1000 || asked > 1000) {
        throw new IllegalArgumentException(asked + " is not between -1000 and 1000");
      }
      overrule(OOM_SCORE_ADJ);
      int own = OomScore.own();
      boolean granted = isolator.origin().isExplicit() || asked >= own;
      oomScoreAdj = OptionalInt.of(granted ? (int) asked : own);
      record(
          isolator,
          granted ? ENFORCED : MODIFIED,
          granted ? "" : "an image is killed no later than its caller, at " + own);
    }

    private void seLinux(Isolator isolator, SecurityLabel wanted) throws StageException {
      overrule(SELINUX);
      if (!wanted.module().isEnabled()) {
        if (isolator.origin().isExplicit()) {
          throw StageException.run(
              "cannot give app \""
                  + app.name()
                  + "\" a label of "
                  + wanted.module().title()
                  + ": it is not enabled on this host",
              "leave it out, or enable " + wanted.module().title());
        }
        record(isolator, IGNORED, wanted.module().title() + " is not enabled on this host");
        return;
      }
      if (!wanted.isOfPolicy()) {
        throw StageException.run(
            "app \""
                + app.name()
                + "\" asks for the SELinux context \""
                + wanted.text()
                + "\", which the policy of this host does not have",
            "load a module with it, semodule -i FILE, or name another with"
                + " --isolator='os/linux/selinux-context={\"user\":…,\"role\":…,\"type\":…,\"level\":…}'");
      }
      label = Optional.of(wanted);
      record(isolator, ENFORCED, "");
    }

    /** The appc spec has a pod whose profile is missing refused, whoever asked for the profile. */
    private void appArmor(Isolator isolator, String profile) throws StageException {
      SecurityLabel wanted = SecurityLabel.appArmor(profile);
      overrule(APPARMOR);
      if (wanted.isUnconfined()) {
        boolean mine = isolator.origin().isExplicit();
        if (label.isPresent() && label.get().module() == SecurityLabel.Module.APPARMOR) {
          label = Optional.empty();
        }
        record(isolator, mine ? ENFORCED : IGNORED, mine ? "" : "only a user can ask for that");
        return;
      }
      if (!wanted.isLoaded()) {
        throw StageException.run(
            "app \""
                + app.name()
                + "\" asks for the AppArmor profile \""
                + profile
                + "\", which is not loaded on this host",
            "load it with apparmor_parser, or name another with"
                + " --isolator='os/linux/apparmor-profile={\"profile\":\"NAME\"}'");
      }
      label = Optional.of(wanted);
      record(isolator, ENFORCED, "");
    }

    private void limit(Isolator isolator, JsonObject json) throws SpecException, StageException {
      overrule(RLIMITS);
      List<String> cut = new ArrayList<>();
      for (String name : json.names()) {
        ResourceLimit resource = Rlimits.resource(name);
        ResourceLimit.Value asked = Rlimits.value(json.object(name));
        ResourceLimit.Value given =
            isolator.origin().isExplicit() ? asked : Rlimits.within(asked, Rlimits.usual(resource));
        limits.put(resource, given);
        if (given.soft() != asked.soft() || given.hard() != asked.hard()) {
          cut.add(name);
        }
      }
      record(
          isolator,
          cut.isEmpty() ? ENFORCED : MODIFIED,
          cut.isEmpty() ? "" : "an image is not given more than usual: " + String.join(" ", cut));
    }

    private void noNewPrivileges(Isolator isolator, boolean wanted) {
      overrule(NO_NEW_PRIVILEGES);
      boolean done = wanted || insecure.contains(Weakening.NO_NEW_PRIVILEGES);
      record(
          isolator,
          done ? ENFORCED : MODIFIED,
          done ? "" : "it takes --insecure-options=no-new-privileges");
    }

    private static CapabilitySet set(JsonObject json) throws SpecException {
      CapabilitySet set = CapabilitySet.EMPTY;
      for (String name : json.object("value").strings("set")) {
        set = set.with(Capability.parse(name));
      }
      return set;
    }

    private static String words(List<Capability> capabilities) {
      List<String> names = new ArrayList<>();
      for (Capability capability : capabilities) {
        names.add(capability.toString());
      }
      return String.join(" ", names);
    }

    Confinement build() {
      if (insecure.contains(Weakening.CAPABILITIES)) {
        capabilities = CapabilitySet.of(Capability.values());
      }
      if (insecure.contains(Weakening.SECCOMP)) {
        seccomp = Optional.empty();
      }
      if (label.isEmpty() && !isNamed(APPARMOR)) {
        label = SecurityLabel.usual();
      }
      return new Confinement(
          capabilities,
          !insecure.contains(Weakening.NO_NEW_PRIVILEGES),
          seccomp,
          oomScoreAdj,
          label,
          limits,
          filterIsOff ? Set.of(Weakening.SECCOMP) : Set.of(),
          outcomes);
    }

    private boolean isNamed(String name) {
      for (PodRecord.Isolator outcome : outcomes) {
        if (outcome.name().equals(name)) {
          return true;
        }
      }
      return false;
    }

    /** An earlier isolator of this name does not hold any more: another value does. */
    private void overrule(String name) {
      for (int i = 0; i < outcomes.size(); i++) {
        PodRecord.Isolator earlier = outcomes.get(i);
        if (earlier.name().equals(name)) {
          outcomes.set(i, new PodRecord.Isolator(name, earlier.value(), MODIFIED, OVERRULED));
        }
      }
    }

    /** What the image says, where the user says something else. */
    void replaced(Isolator isolator) {
      record(isolator, MODIFIED, OVERRULED);
    }

    private void record(Isolator isolator, String outcome, String reason) {
      outcomes.add(new PodRecord.Isolator(isolator.name(), isolator.json(), outcome, reason));
    }
  }
}
