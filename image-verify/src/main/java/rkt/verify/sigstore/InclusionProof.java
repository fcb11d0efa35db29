package rkt.verify.sigstore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * The way from an entry to the root of a log's tree (RFC 9162, section 2.1.3).
 *
 * @param index which leaf
 * @param size how many leaves the tree has
 * @param root in base64
 * @param path the hashes of the siblings, from the leaf upwards
 * @param checkpoint what the log signed of that tree
 */
record InclusionProof(long index, long size, String root, List<byte[]> path, String checkpoint) {
  private static final int MAX_PATH = 64;
  private static final byte[] LEAF = {0};
  private static final byte[] NODE = {1};

  InclusionProof {
    path = List.copyOf(path);
  }

  static InclusionProof parse(JsonObject proof) throws SpecException, SigstoreException {
    List<String> hashes = proof.strings("hashes");
    if (hashes.size() > MAX_PATH) {
      throw new SigstoreException(Refusal.LIMIT, "an inclusion proof of " + hashes.size());
    }
    List<byte[]> path = new ArrayList<>();
    for (String hash : hashes) {
      path.add(Encoding.base64(hash, "a hash of the inclusion proof"));
    }
    return new InclusionProof(
        Numbers.of(proof, "logIndex"),
        Numbers.of(proof, "treeSize"),
        proof.string("rootHash"),
        path,
        proof.object("checkpoint").string("envelope"));
  }

  /** Refuses unless the tree that {@code log} signed holds {@code entry} at this place. */
  void check(byte[] entry, TrustedLog log) throws SigstoreException {
    Checkpoint signed = Checkpoint.verified(checkpoint, log);
    if (signed.size() != size || !signed.root().equals(root)) {
      throw new SigstoreException(
          Refusal.LOG, "the inclusion proof is of another tree than the log's checkpoint");
    }
    if (index < 0 || index >= size) {
      throw new SigstoreException(Refusal.LOG, "the inclusion proof points outside of its tree");
    }
    byte[] computed = root(Hashes.sha256(LEAF, entry));
    if (!Arrays.equals(computed, Base64.getDecoder().decode(root))) {
      throw new SigstoreException(Refusal.LOG, "the log's tree does not hold the entry");
    }
  }

  private byte[] root(byte[] leaf) throws SigstoreException {
    byte[] hash = leaf;
    long node = index;
    long last = size - 1;
    for (byte[] sibling : path) {
      if (last == 0) {
        throw new SigstoreException(Refusal.LOG, "the inclusion proof is too long");
      }
      if ((node & 1) == 1 || node == last) {
        hash = Hashes.sha256(NODE, sibling, hash);
        while ((node & 1) == 0 && node != 0) {
          node >>= 1;
          last >>= 1;
        }
      } else {
        hash = Hashes.sha256(NODE, hash, sibling);
      }
      node >>= 1;
      last >>= 1;
    }
    if (last != 0) {
      throw new SigstoreException(Refusal.LOG, "the inclusion proof is too short");
    }
    return hash;
  }
}
