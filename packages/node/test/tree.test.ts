import { describe, expect, it } from 'vitest';
import { encodeHex, leafHash, nodeHash, emptyRoot } from '@comity/record';
import { edgeFromTiles, edgeRoot, edgeTiles, emptyEdge, extendEdge } from '../src/log/tree.ts';
import { plainEntries } from './log-fixture.ts';

/** RFC 6962, section 2.1, word for word. */
function mth(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot;
  if (leaves.length === 1) return leafHash(leaves[0] as Uint8Array);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

describe('tree edge', () => {
  const entries = plainEntries(1100);

  it('gives the RFC 6962 root at every size up to 600', () => {
    let edge = emptyEdge;
    for (let size = 0; size < 600; size += 1) {
      expect(encodeHex(edgeRoot(edge))).toBe(encodeHex(mth(entries.slice(0, size))));
      edge = extendEdge(edge, entries.slice(size, size + 1)).edge;
    }
  });

  it('gives the same edge however the entries are divided', () => {
    const whole = extendEdge(emptyEdge, entries).edge;
    for (const step of [1, 7, 255, 256, 257, 512]) {
      let edge = emptyEdge;
      for (let at = 0; at < entries.length; at += step) {
        edge = extendEdge(edge, entries.slice(at, at + step)).edge;
      }
      expect(edge).toEqual(whole);
    }
  });

  it('comes back from its tiles, also from wider ones', () => {
    const stored = new Map<
      string,
      { level: number; index: number; width: number; hashes: Uint8Array }
    >();
    for (const tile of extendEdge(emptyEdge, entries).tiles) {
      stored.set(`${tile.level}/${tile.index}`, tile);
    }
    for (const size of [1, 255, 256, 257, 511, 512, 700, 1024, 1100]) {
      const edge = edgeFromTiles(size, [...stored.values()]);
      expect(encodeHex(edgeRoot(edge))).toBe(encodeHex(mth(entries.slice(0, size))));
      const grown = extendEdge(edge, entries.slice(size)).edge;
      expect(edgeRoot(grown)).toEqual(mth(entries));
    }
  });

  it('never needs more than one tile per level', () => {
    expect(edgeTiles(2 ** 52 + 12345).length).toBeLessThanOrEqual(7);
    expect(edgeTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
  });

  it('refuses to be loaded when a tile is missing', () => {
    expect(() => edgeFromTiles(300, [])).toThrow('is missing');
  });
});
