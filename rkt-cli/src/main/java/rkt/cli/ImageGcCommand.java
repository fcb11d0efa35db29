package rkt.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.store.ListedImage;
import rkt.spec.store.Store;
import rkt.stage1.render.TreeCache;
import rkt.stage1.run.Quantity;

/** {@code rkt image gc}: removes images that nobody has used for long, by age and by size. */
final class ImageGcCommand implements Command {
  private static final String GRACE = "--grace-period";
  private static final String SIZE = "--size";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addOption(
        OptionSpec.builder(GRACE)
            .type(String.class)
            .paramLabel("DURATION")
            .description("How long an image stays that nobody uses. Usually 24h.")
            .build());
    spec.addOption(
        OptionSpec.builder(SIZE)
            .type(String.class)
            .paramLabel("QUANTITY")
            .description(
                "Then remove the longest unused, whatever their age, until the blobs take so much.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    Duration grace = Durations.parse(GRACE, parsed.matchedOptionValue(GRACE, "24h"));
    String size = parsed.matchedOptionValue(SIZE, "");
    long most = size.isEmpty() ? Long.MAX_VALUE : Quantity.units(size);
    Store store = Store.at(settings.dir());
    Instant oldest = caller.clock().instant().minus(grace);
    try (TreeCache.Pause _ = Trees.of(settings, store).pausePods()) {
      ImageUse use = ImageUse.of(settings, store);
      List<Candidate> left = candidates(store, use);
      // What others depend on goes after them, so a pass that removed nothing is the last.
      for (int before = left.size() + 1; left.size() < before; ) {
        before = left.size();
        for (Candidate candidate : List.copyOf(left)) {
          boolean expired = grace.isZero() || candidate.lastUsed().isBefore(oldest);
          boolean wanted = expired || (most < Long.MAX_VALUE && store.sizeBytes() > most);
          if (wanted && !use.isDependedOn(candidate.id())) {
            // Not one that was fetched again since it was looked at.
            boolean isGone = store.removeIfUnused(candidate.id(), candidate.lastUsed()).isPresent();
            left.remove(candidate);
            if (isGone) {
              use.removed(candidate.id());
              format.print(caller.out(), "id", candidate.id().toString());
            }
          }
        }
      }
    }
    Leavings.remove(settings, store);
    return 0;
  }

  /** An image that may go. */
  private record Candidate(ImageId id, Instant lastUsed) {}

  /** Those that no pod needs, the longest unused first. */
  private static List<Candidate> candidates(Store store, ImageUse use) throws RktException {
    List<Candidate> candidates = new ArrayList<>();
    for (ListedImage image : store.listing()) {
      ImageId id = ImageId.parse(image.id());
      if (use.of(id).isEmpty()) {
        candidates.add(new Candidate(id, store.lastUsed(image)));
      }
    }
    candidates.sort((a, b) -> a.lastUsed().compareTo(b.lastUsed()));
    return candidates;
  }
}
