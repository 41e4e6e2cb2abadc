import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  inclusionFromNodes,
  inclusionNodes,
  inclusionVerifier,
  leafHash,
  nodeHash,
  rootFromNodes,
  rootNodes,
  verifyInclusion,
  type NodeAddress,
} from '../src/merkle.ts';

const entryAt = (index: number) => Uint8Array.of(index & 255, index >> 8);
const leaves = Array.from({ length: 600 }, (_, index) => leafHash(entryAt(index)));

function hashAt({ level, index }: NodeAddress): Uint8Array {
  if (level === 0) return leaves[index] as Uint8Array;
  const [left, right] = [index * 2, index * 2 + 1];
  return nodeHash(
    hashAt({ level: level - 1, index: left }),
    hashAt({ level: level - 1, index: right }),
  );
}

const rootOf = (size: number) => rootFromNodes(size, rootNodes(size).map(hashAt));
const inclusion = (index: number, size: number) =>
  inclusionFromNodes(index, size, inclusionNodes(index, size).map(hashAt));
const flip = (bytes: Uint8Array, bit: number) =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe('inclusionVerifier', () => {
  it('says of many entries of one tree what it says of each alone, whatever verified before', () => {
    const asked = fc.array(fc.record({ pick: fc.nat(), change: fc.nat(6), bit: fc.nat(255) }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), asked, (n, questions) => {
        const root = rootOf(n);
        const together = inclusionVerifier(n, root);
        for (const { pick, change, bit } of questions) {
          const index = pick % n;
          const entry = entryAt(index);
          const proof = inclusion(index, n);
          const which = bit % Math.max(1, proof.length);
          // Changes 3 to 6 leave it as it is: most must verify, so that there is something to meet.
          const changed = [
            proof.map((hash, i) => (i === which ? flip(hash, bit) : hash)),
            proof.slice(0, -1),
            [...proof, root],
          ][change];
          const given = changed ?? proof;
          expect(together(entry, index, given)).toBe(verifyInclusion(entry, index, n, given, root));
          expect(together(flip(entry, bit % 16), index, given)).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });
});
