/**
 * What a heartbeat confirms (rulings.md, 26): a salted tree over the dockets that two parties share,
 * the channel docket excluded.
 */
import {
  canonicalJsonBytes,
  concatBytes,
  emptyRoot,
  leafHash,
  nodeHash,
  sha256,
} from '@comity/record';

/** One docket as the sender has it: ids and digests are 64 lower-case hex digits; heads sorted. */
export type HeartbeatLeaf = {
  docket: string;
  heads: string[];
  inputDigest: string;
  stateDigest: string;
};

/** The entry of the tree: SHA-256(salt ‖ RFC 8785 of [docket, heads, inputDigest, stateDigest]). */
export function heartbeatLeaf(salt: Uint8Array, leaf: HeartbeatLeaf): Uint8Array {
  const heads = [...leaf.heads].sort();
  const entry = canonicalJsonBytes([leaf.docket, heads, leaf.inputDigest, leaf.stateDigest]);
  return sha256(concatBytes(salt, entry));
}

/** RFC 6962 root over the entries of the leaves, sorted by docket; of none the empty tree's. */
export function heartbeatRoot(salt: Uint8Array, leaves: readonly HeartbeatLeaf[]): Uint8Array {
  const sorted = [...leaves].sort((a, b) =>
    a.docket < b.docket ? -1 : a.docket > b.docket ? 1 : 0,
  );
  const hashes = sorted.map((leaf) => leafHash(heartbeatLeaf(salt, leaf)));
  return hashes.length === 0 ? emptyRoot : subtreeRoot(hashes);
}

function subtreeRoot(hashes: Uint8Array[]): Uint8Array {
  const [first] = hashes;
  if (hashes.length === 1 && first !== undefined) return first;
  // RFC 6962, 2.1: split at the largest power of two below the number of leaves.
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(subtreeRoot(hashes.slice(0, split)), subtreeRoot(hashes.slice(split)));
}
