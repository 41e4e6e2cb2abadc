/**
 * RFC 6962 Merkle trees: roots, inclusion and consistency proofs, and which stored nodes they need.
 *
 * Sizes and indices are safe integers. A stored node is the root of a complete subtree; a log keeps
 * their hashes in tiles (`tiles.ts`). The functions in pairs `…Nodes` and `…FromNodes` first say
 * which nodes to fetch, then make the proof from their hashes, in the same order.
 */
import { equalBytes } from './bytes.ts';
import { sha256 } from '#primitives';
import { proofHashesMax } from './limits.ts';
import { InvariantError } from './result.ts';

/** The complete subtree over the entries [index · 2^level, (index + 1) · 2^level). */
export type NodeAddress = { level: number; index: number };

/** The root of a tree of no entries: SHA-256 of nothing. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array(0));

/** SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  const prefixed = new Uint8Array(1 + entry.length);
  prefixed.set(entry, 1);
  return sha256(prefixed);
}

/** SHA-256(0x01 ‖ left ‖ right); both are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const joined = new Uint8Array(65);
  joined[0] = 1;
  joined.set(left, 1);
  joined.set(right, 33);
  return sha256(joined);
}

/** The complete subtrees of a tree, from the left, the largest first; none for size 0. */
export function rootNodes(size: number): NodeAddress[] {
  assertSize(size);
  return nodesOf({ start: 0, end: size });
}

/** The root of a tree from the hashes of `rootNodes(size)`. */
export function rootFromNodes(size: number, hashes: readonly Uint8Array[]): Uint8Array {
  if (size === 0) {
    if (hashes.length > 0) throw new InvariantError('an empty tree has no nodes');
    return emptyRoot;
  }
  return foldRanges([{ start: 0, end: size }], hashes)[0] ?? emptyRoot;
}

/** The nodes that an inclusion proof of entry `index` in a tree of `size` is made from. */
export function inclusionNodes(index: number, size: number): NodeAddress[] {
  return inclusionRanges(index, size).flatMap(nodesOf);
}

/** The inclusion proof, the leaf's sibling first, from the hashes of `inclusionNodes`. */
export function inclusionFromNodes(
  index: number,
  size: number,
  hashes: readonly Uint8Array[],
): Uint8Array[] {
  return foldRanges(inclusionRanges(index, size), hashes);
}

/** The nodes that a consistency proof from size `m` to size `n` is made from. */
export function consistencyNodes(m: number, n: number): NodeAddress[] {
  return consistencyRanges(m, n).flatMap(nodesOf);
}

/** The consistency proof, from the hashes of `consistencyNodes`; empty for m = 0 and m = n. */
export function consistencyFromNodes(
  m: number,
  n: number,
  hashes: readonly Uint8Array[],
): Uint8Array[] {
  return foldRanges(consistencyRanges(m, n), hashes);
}

/**
 * Whether `entry` (the bytes that the log holds, not their hash) is at `index` in the tree of
 * `size` and `root`. False for any malformed argument.
 */
export function verifyInclusion(
  entry: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  return verifyInclusionOfHash(leafHash(entry), index, size, proof, root);
}

/**
 * `verifyInclusion` for a leaf hash. Take it from `leafHash`, never from outside: the hash of an
 * inner node would pass for a leaf.
 */
export function verifyInclusionOfHash(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  return climb(leaf, index, size, proof, root, new Map());
}

/**
 * `verifyInclusion` for many entries of one tree. Neighbours share most of their way to the root:
 * where a climb meets a node of an earlier proof that verified, and the rest of both proofs is the
 * same, it need not be hashed again. Throw it away with its batch, since it only grows (by at most
 * one node for each hash of each proof).
 */
export function inclusionVerifier(
  size: number,
  root: Uint8Array,
): (entry: Uint8Array, index: number, proof: readonly Uint8Array[]) => boolean {
  const verified: VerifiedNodes = new Map();
  return (entry, index, proof) => climb(leafHash(entry), index, size, proof, root, verified);
}

/** Nodes of one tree by level and place, each with the proof that verified and the step in it. */
type VerifiedNodes = Map<string, { hash: Uint8Array; proof: readonly Uint8Array[]; step: number }>;

function climb(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
  verified: VerifiedNodes,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leaf, ...proof])) {
    return false;
  }
  // RFC 9162, 2.1.3.2: climb from the leaf; at the right edge skip levels without a sibling.
  let hash = leaf;
  let at = index;
  let last = size - 1;
  let level = 0;
  const climbed: [string, Uint8Array, number][] = [];
  for (const [step, sibling] of proof.entries()) {
    if (last === 0) return false;
    const place = `${level}/${at}`;
    const known = verified.get(place);
    if (known !== undefined && equalBytes(hash, known.hash) && sameRest(proof, step, known)) {
      keep(verified, climbed, proof);
      return true;
    }
    climbed.push([place, hash, step]);
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = half(last);
        level += 1;
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    at = half(at);
    last = half(last);
    level += 1;
  }
  if (last !== 0 || !equalBytes(hash, root)) return false;
  keep(verified, climbed, proof);
  return true;
}

function keep(
  verified: VerifiedNodes,
  climbed: readonly [string, Uint8Array, number][],
  proof: readonly Uint8Array[],
): void {
  for (const [place, hash, step] of climbed) verified.set(place, { hash, proof, step });
}

function sameRest(
  proof: readonly Uint8Array[],
  step: number,
  known: { proof: readonly Uint8Array[]; step: number },
): boolean {
  if (proof.length - step !== known.proof.length - known.step) return false;
  for (let ahead = 0; step + ahead < proof.length; ahead += 1) {
    const one = proof[step + ahead];
    const other = known.proof[known.step + ahead];
    if (one === undefined || other === undefined || !equalBytes(one, other)) return false;
  }
  return true;
}

/**
 * Whether the tree of size `n` and `rootN` extends that of `m` and `rootM`. False for any malformed
 * argument. From the empty tree (m = 0, the empty root, no hashes) anything is an extension.
 */
export function verifyConsistency(
  m: number,
  n: number,
  rootM: Uint8Array,
  rootN: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(m) || !isSize(n) || m > n || !areHashes(proof)) return false;
  if (m === 0 && !equalBytes(rootM, emptyRoot)) return false;
  if (m === n) return proof.length === 0 && equalBytes(rootM, rootN);
  if (m === 0) return proof.length === 0 && rootN.length === 32;
  return verifyExtension(m, n, rootM, rootN, proof);
}

/** RFC 9162, 2.1.4.2, for 0 < m < n. */
function verifyExtension(
  m: number,
  n: number,
  rootM: Uint8Array,
  rootN: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  const path = isPowerOfTwo(m) ? [rootM, ...proof] : proof;
  let at = m - 1;
  let last = n - 1;
  while (at % 2 === 1) {
    at = half(at);
    last = half(last);
  }
  const [first, ...rest] = path;
  if (first === undefined || proof.length === 0) return false;
  let hashM = first;
  let hashN = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hashM = nodeHash(sibling, hashM);
      hashN = nodeHash(sibling, hashN);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = half(last);
      }
    } else {
      hashN = nodeHash(hashN, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && equalBytes(hashM, rootM) && equalBytes(hashN, rootN);
}

/** Entries [start, end), of which `start` is a multiple of the subtree's width at that place. */
type Range = { start: number; end: number };

/** PATH of RFC 6962, 2.1.1, as ranges, the leaf's sibling first. */
function inclusionRanges(index: number, size: number): Range[] {
  assertSize(size);
  if (!isSize(index) || index >= size) throw new InvariantError(`no entry ${index} of ${size}`);
  const ranges: Range[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}

/** PROOF and SUBPROOF of RFC 6962, 2.1.2, as ranges, in the proof's order. */
function consistencyRanges(m: number, n: number): Range[] {
  assertSize(n);
  if (!isSize(m) || m > n) throw new InvariantError(`no tree of ${m} in one of ${n}`);
  if (m === 0 || m === n) return [];
  const ranges: Range[] = [];
  let start = 0;
  let end = n;
  while (end !== m) {
    const middle = start + largestPowerBelow(end - start);
    if (m <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The verifier knows the subtree only where it is the whole old tree.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

function nodesOf({ start, end }: Range): NodeAddress[] {
  const nodes: NodeAddress[] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    let width = 1;
    while (width * 2 <= end - at) {
      width *= 2;
      level++;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

/** The hash of each range from the hashes of its nodes. */
function foldRanges(ranges: Range[], hashes: readonly Uint8Array[]): Uint8Array[] {
  const counts = ranges.map((range) => nodesOf(range).length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total !== hashes.length) throw new InvariantError(`${hashes.length} hashes, not ${total}`);
  let offset = 0;
  return counts.map((count) => {
    const nodes = hashes.slice(offset, offset + count);
    offset += count;
    return nodes.reduceRight((right, left) => nodeHash(left, right));
  });
}

function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function isPowerOfTwo(n: number): boolean {
  let rest = n;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
}

function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

function assertSize(size: number): void {
  if (!isSize(size)) throw new InvariantError(`not a size: ${size}`);
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.length <= proofHashesMax + 1 && hashes.every((hash) => hash.length === 32);
}
