package rkt.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Compression;
import rkt.spec.json.StrictJson;
import rkt.stage1.pack.AciBuilder;
import rkt.stage1.pack.PackRules;

/**
 * {@code rkt image build}: makes an ACI of a directory and a manifest; the same, the same bytes.
 */
final class ImageBuildCommand implements Command {
  private static final String ROOTFS = "--rootfs";
  private static final String MANIFEST = "--manifest";
  private static final String COMPRESS = "--compress";
  private static final String OWNER = "--owner";
  private static final String EPOCH = "SOURCE_DATE_EPOCH";
  private static final long MOST_ID = 0xffff_fffeL;

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    Words.option(spec, ROOTFS, "DIR", "What becomes the root of the app.");
    Words.option(spec, MANIFEST, "FILE", "The appc image manifest; - is standard input.");
    Words.option(spec, COMPRESS, "HOW", "none, gzip, xz or zstd. Usually gzip.");
    Words.option(spec, OWNER, "UID:GID", "Who owns everything. Usually whoever does.");
    Words.flag(spec, Words.OVERWRITE, "Replace what is there.");
    Words.describe(spec, "OUT.aci", "1", "The file. With SOURCE_DATE_EPOCH set, the time in it.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    Path target = Path.of(Words.exactly(parsed, 1, "OUT.aci").get(0)).toAbsolutePath();
    Path rootfs = Path.of(required(parsed, ROOTFS)).toAbsolutePath();
    if (!Files.isDirectory(rootfs)) {
      throw SpecException.notFound(rootfs + " is not a directory", null);
    }
    String file = required(parsed, MANIFEST);
    AciBuilder builder =
        new AciBuilder(
            rules(parsed, caller), compression(parsed.matchedOptionValue(COMPRESS, "gzip")));
    boolean overwrite = parsed.hasMatchedOption(Words.OVERWRITE);
    caller.compilers().requireFor(Long.MAX_VALUE);
    // Not before: it may be a pipe, which a process that starts over would find empty.
    byte[] manifest = manifest(file, caller.in());
    format.print(caller.out(), "id", builder.build(rootfs, manifest, target, overwrite).toString());
    return 0;
  }

  private static String required(ParseResult parsed, String option) throws UsageException {
    String value = parsed.matchedOptionValue(option, "");
    if (value.isEmpty()) {
      throw new UsageException(option + " is missing", "see rkt help image build");
    }
    return value;
  }

  private static byte[] manifest(String name, InputStream standardInput) throws RktException {
    try (InputStream in =
        name.equals("-") ? standardInput : Files.newInputStream(Path.of(name).toAbsolutePath())) {
      return in.readNBytes(StrictJson.MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw SpecException.notFound("no such manifest: " + name, null);
    } catch (IOException e) {
      throw SpecException.system("cannot read the manifest " + name + ": " + e.getMessage(), e);
    }
  }

  private static Compression compression(String word) throws UsageException {
    try {
      Compression compression = Compression.parse(word);
      if (compression != Compression.BZIP2) {
        return compression;
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw new UsageException(COMPRESS + " does not know \"" + word + "\"", "none, gzip, xz, zstd");
  }

  private static PackRules rules(ParseResult parsed, Caller caller) throws UsageException {
    String epoch = caller.environment().getOrDefault(EPOCH, "");
    OptionalLong time =
        epoch.isEmpty()
            ? OptionalLong.empty()
            : OptionalLong.of(number(EPOCH, epoch, Integer.MAX_VALUE * 8L));
    String owner = parsed.matchedOptionValue(OWNER, "");
    if (owner.isEmpty()) {
      return new PackRules(time, OptionalLong.empty(), OptionalLong.empty());
    }
    List<String> ids = List.of(owner.split(":", -1));
    if (ids.size() != 2) {
      throw new UsageException(OWNER + " does not understand \"" + owner + "\"", "write UID:GID");
    }
    return new PackRules(
        time,
        OptionalLong.of(number(OWNER, ids.get(0), MOST_ID)),
        OptionalLong.of(number(OWNER, ids.get(1), MOST_ID)));
  }

  private static long number(String what, String text, long most) throws UsageException {
    if (text.matches("[0-9]{1,12}") && Long.parseLong(text) <= most) {
      return Long.parseLong(text);
    }
    throw new UsageException(
        what + " has \"" + text + "\", which is no number up to " + most, null);
  }
}
