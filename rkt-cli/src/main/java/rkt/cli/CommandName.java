package rkt.cli;

import java.util.ArrayList;
import java.util.List;

/** The commands by name, in the order in which help lists them. */
enum CommandName {
  FETCH("fetch", "Bring images into the store, verified."),
  RUN("run", "Run images in a pod."),
  ENTER("enter", "Run one more process in a running pod."),
  EXEC("exec", "Run one more process in a running pod: the same as enter."),
  ATTACH("attach", "Join the streams or the terminal of an app."),
  LIST("list", "List the pods."),
  STATUS("status", "Show one pod, now or when it has ended."),
  STOP("stop", "End running pods."),
  CAT_MANIFEST("cat-manifest", "Print the manifest of a pod, to be run again."),
  RM("rm", "Remove pods that do not run."),
  GC("gc", "Remove what pods and killed commands have left."),
  IMAGE_LIST("image list", "List the images in the store."),
  IMAGE_RM("image rm", "Remove images from the store."),
  IMAGE_GC("image gc", "Remove images that nobody has used for long."),
  IMAGE_DU("image du", "Show what images take on the disk."),
  IMAGE_VERIFY("image verify", "Read images and their trees again, and say what is damaged."),
  IMAGE_IMPORT("image import", "Bring images from files into the store, verified."),
  IMAGE_EXPORT("image export", "Write an image to a file or a layout, converted if need be."),
  IMAGE_EXTRACT("image extract", "Unpack one image, without what it depends on."),
  IMAGE_RENDER("image render", "Unpack an image with all that it depends on."),
  IMAGE_BUILD("image build", "Make an ACI of a directory and a manifest."),
  IMAGE_SIGN("image sign", "Sign an image."),
  IMAGE_ATTEST("image attest", "Say something about an image, signed."),
  IMAGE_GENERATE_KEY("image generate-key", "Make a key pair to sign images with."),
  IMAGE_PUSH("image push", "Upload an image and its signatures to a registry."),
  IMAGE_VALIDATE("image validate", "Say whether files are valid images."),
  IMAGE_CAT_MANIFEST("image cat-manifest", "Print the manifest of an image."),
  TRUST("trust", "Trust keys for images."),
  TRUST_LIST("trust list", "List the trusted keys."),
  TRUST_SHOW("trust show", "Show a key, and what it is trusted for."),
  TRUST_REMOVE("trust remove", "Stop trusting keys."),
  TRUST_MASK("trust mask", "Keep keys from being trusted."),
  TRUST_POLICY_CHECK("trust policy check", "Say what is asked of an image, and whether it is met."),
  AUDIT_LOG("audit log", "Print what was fetched, judged, run and trusted."),
  AUDIT_VERIFY("audit verify", "Check that no record of the audit log was changed."),
  AUDIT_REPORT("audit report", "Write the audit log as a page for people."),
  AUDIT_AFFECTED("audit affected", "List the running pods that a key vouched for."),
  HELP("help", "Say what rkt can do, or how one command is used."),
  VERSION("version", "Print the version of rkt and of the Java that it runs on.");

  private final String words;
  private final String summary;

  CommandName(String words, String summary) {
    this.words = words;
    this.summary = summary;
  }

  /** As typed: one word to three, {@code image list}. */
  String words() {
    return words;
  }

  String summary() {
    return summary;
  }

  /** Whether it reads or writes what {@code --dir} names. */
  boolean usesDataDirectory() {
    return this != HELP
        && this != VERSION
        && this != IMAGE_BUILD
        && this != IMAGE_VALIDATE
        && this != IMAGE_GENERATE_KEY;
  }

  Command create() {
    return switch (this) {
      case FETCH -> new FetchCommand();
      case RUN -> new RunCommand();
      case ENTER, EXEC -> new EnterCommand();
      case ATTACH -> new AttachCommand();
      case LIST -> new ListCommand();
      case STATUS -> new StatusCommand();
      case STOP -> new StopCommand();
      case CAT_MANIFEST -> new CatManifestCommand();
      case RM -> new RmCommand();
      case GC -> new GcCommand();
      case IMAGE_LIST -> new ImageListCommand();
      case IMAGE_RM -> new ImageRmCommand();
      case IMAGE_GC -> new ImageGcCommand();
      case IMAGE_DU -> new ImageDuCommand();
      case IMAGE_VERIFY -> new ImageVerifyCommand();
      case IMAGE_IMPORT -> new ImageImportCommand();
      case IMAGE_EXPORT -> new ImageExportCommand();
      case IMAGE_EXTRACT -> new ImageExtractCommand(false);
      case IMAGE_RENDER -> new ImageExtractCommand(true);
      case IMAGE_BUILD -> new ImageBuildCommand();
      case IMAGE_SIGN -> new ImageSignCommand();
      case IMAGE_ATTEST -> new ImageAttestCommand();
      case IMAGE_GENERATE_KEY -> new ImageGenerateKeyCommand();
      case IMAGE_PUSH -> new ImagePushCommand();
      case IMAGE_VALIDATE -> new ImageValidateCommand();
      case IMAGE_CAT_MANIFEST -> new ImageCatManifestCommand();
      case TRUST -> new TrustCommand();
      case TRUST_LIST -> new TrustListCommand();
      case TRUST_SHOW -> new TrustShowCommand();
      case TRUST_REMOVE -> new TrustRemoveCommand();
      case TRUST_MASK -> new TrustMaskCommand();
      case TRUST_POLICY_CHECK -> new TrustPolicyCheckCommand();
      case AUDIT_LOG -> new AuditLogCommand();
      case AUDIT_VERIFY -> new AuditVerifyCommand();
      case AUDIT_REPORT -> new AuditReportCommand();
      case AUDIT_AFFECTED -> new AuditAffectedCommand();
      case HELP -> new HelpCommand();
      case VERSION -> new VersionCommand();
    };
  }

  /**
   * The command that these words begin with. A word may be cut short as long as one command only
   * fits: {@code rkt im li}. What is spelled out wins over what is cut short, then more words over
   * fewer: {@code trust list} is not {@code trust} of a file named list.
   *
   * @throws UsageException when none fits, or more than one
   */
  static CommandName find(List<String> typed) throws UsageException {
    var best = new ArrayList<CommandName>();
    int bestRank = 1;
    for (CommandName name : values()) {
      int rank = name.fit(typed) * (MOST_WORDS + 1) + name.length();
      if (name.fit(typed) == NONE || rank < bestRank) {
        continue;
      }
      if (rank > bestRank) {
        best.clear();
        bestRank = rank;
      }
      best.add(name);
    }
    if (best.isEmpty()) {
      boolean isGroup = !below(typed.get(0)).isEmpty();
      throw new UsageException(
          "no such command: " + (isGroup ? String.join(" ", typed) : typed.get(0)),
          isGroup
              ? "rkt help " + typed.get(0) + " lists those that there are"
              : "rkt help lists the commands");
    }
    if (best.contains(ENTER)) {
      best.remove(EXEC); // the same by another name makes nothing ambiguous
    }
    if (best.size() > 1) {
      throw new UsageException(
          "\"" + typed.get(0) + "\" could be " + list(best), "type more of its name");
    }
    return best.get(0);
  }

  /** Those whose first word of several is {@code word}: all of {@code rkt image}. */
  static List<CommandName> below(String word) {
    var below = new ArrayList<CommandName>();
    for (CommandName name : values()) {
      if (name.words.startsWith(word + " ")) {
        below.add(name);
      }
    }
    return below;
  }

  /** The most words that a name has. */
  static final int MOST_WORDS = 3;

  private static final int NONE = 0;
  private static final int CUT = 1;
  private static final int EXACT = 2;

  private int fit(List<String> typed) {
    String[] own = words.split(" ", -1);
    if (typed.size() < own.length) {
      return NONE;
    }
    int fit = EXACT;
    for (int i = 0; i < own.length; i++) {
      if (!own[i].startsWith(typed.get(i)) || typed.get(i).isEmpty()) {
        return NONE;
      }
      if (own[i].length() != typed.get(i).length()) {
        fit = CUT;
      }
    }
    return fit;
  }

  /** How many of the user's words name the command. */
  int length() {
    return words.split(" ", -1).length;
  }

  private static String list(List<CommandName> names) {
    var text = new StringBuilder();
    for (CommandName name : names) {
      text.append(text.isEmpty() ? "" : ", ").append(name.words);
    }
    return text.toString();
  }
}
