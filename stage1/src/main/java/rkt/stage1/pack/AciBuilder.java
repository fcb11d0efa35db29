package rkt.stage1.pack;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.AciManifest;
import rkt.spec.image.Compression;
import rkt.spec.image.ImageId;

/** Makes an ACI of a manifest and a directory. spec/packing.md#aci */
public final class AciBuilder {
  private static final byte[] ROOTFS = Names.of("rootfs");

  private final PackRules rules;
  private final Compression compression;

  public AciBuilder(PackRules rules, Compression compression) {
    this.rules = rules;
    this.compression = compression;
  }

  /**
   * Writes the ACI.
   *
   * @param rootfs the directory whose contents become the root of the app
   * @param manifest an appc image manifest, kept byte for byte
   * @return its identifier
   */
  public ImageId build(Path rootfs, byte[] manifest, Path target, boolean overwrite)
      throws RktException {
    AciManifest.parse(manifest);
    if (!target.toString().endsWith(".aci")) {
      throw PackException.usage(
          "cannot write " + target + ": the name of an ACI ends in .aci", "call it NAME.aci");
    }
    MessageDigest digest = Digest.Algorithm.SHA512.start();
    OutputFile.write(
        target,
        overwrite,
        out -> {
          OutputStream compressed = Compressor.open(out, compression);
          DigestOutputStream hashed = new DigestOutputStream(compressed, digest);
          write(rootfs, manifest, hashed);
          hashed.close();
        });
    return new ImageId(ImageId.Kind.ACI, Digest.of(Digest.Algorithm.SHA512, digest));
  }

  private void write(Path rootfs, byte[] manifest, OutputStream out)
      throws IOException, RktException {
    TarWriter tar = new TarWriter(out);
    TarWriter.Entry first = new TarWriter.Entry(Names.of("manifest"), TarWriter.REGULAR);
    first.mode = 0644;
    first.uid = rules.uid().orElse(0);
    first.gid = rules.gid().orElse(0);
    first.mtimeSeconds = rules.mtime().orElse(0);
    first.size = manifest.length;
    tar.begin(first);
    tar.write(manifest, 0, manifest.length);
    try (DirFd root = DirFd.open(rootfs.toString());
        TreePacker packer = new TreePacker(tar, rules)) {
      packer.pack(root, ROOTFS);
    } catch (KernelException e) {
      throw PackException.system("pack " + rootfs, e);
    }
    tar.finish();
  }
}
