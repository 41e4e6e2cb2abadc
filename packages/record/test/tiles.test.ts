import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../src/result.ts';
import {
  encodeEntryBundle,
  hashInTile,
  parseEntryBundle,
  parseTilePath,
  tileOfNode,
  tilePath,
  tilesForSize,
  widthForNode,
} from '../src/tiles.ts';
import { describeOnBoth, type RecordModule } from './both-primitives.ts';
import { hasSharedVectors, sharedVector, sharedVectorText } from './shared-vectors.ts';

describe('paths of tiles', () => {
  it.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 5, width: 256 }, 'tile/0/005'],
    [{ level: 1, index: 999, width: 17 }, 'tile/1/999.p/17'],
    [{ level: 0, index: 1000, width: 256 }, 'tile/0/x001/000'],
    [{ level: 0, index: 1234067, width: 8 }, 'tile/0/x001/x234/067.p/8'],
    [{ level: 63, index: 1_000_000_000, width: 1 }, 'tile/63/x001/x000/x000/000.p/1'],
    [{ level: 'entries' as const, index: 273, width: 112 }, 'tile/entries/273.p/112'],
    [
      { level: 0, index: Number.MAX_SAFE_INTEGER, width: 255 },
      'tile/0/x009/x007/x199/x254/x740/991.p/255',
    ],
  ])('%j is %s, both ways', (address, path) => {
    expect(tilePath(address)).toBe(path);
    expect(parseTilePath(path)).toEqual({ ok: true, value: address });
  });

  it.each([
    '',
    'tile',
    'tile/0',
    'tile/0/',
    '/tile/0/000',
    'tile/0/000/',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/00',
    'tile/0/0000',
    'tile/0/1',
    'tile/0/x000/001',
    'tile/0/001/000',
    'tile/0/x001/x000',
    'tile/0/xx01/000',
    'tile/0/X001/000',
    'tile/0/000.p',
    'tile/0/000.p/',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/08',
    'tile/0/000.p/8/',
    'tile/0/000/8',
    'tile/0/000.p/8.p/8',
    'tile/0/..%2f',
    'tile/0/../000',
    'tile/Entries/000',
    'tile/entries/000?x',
    'tile/0/٠٠٠',
    'tile/0/x009/x007/x199/x254/x740/992',
    `tile/0/${'x001/'.repeat(20)}000`,
  ])('refuses %j', (path) => {
    const parsed = parseTilePath(path);
    expect(parsed.ok ? null : parsed.code).toBe('bad-tile-path');
  });

  it('has one path for each tile', () => {
    const level = fc.oneof(fc.nat(63), fc.constant('entries' as const));
    fc.assert(
      fc.property(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (at, index, width) => {
        const address = { level: at, index, width };
        expect(parseTilePath(tilePath(address))).toEqual({ ok: true, value: address });
      }),
    );
  });

  it('throws for tiles of our own that are none', () => {
    const good = { level: 0, index: 0, width: 256 };
    for (const bad of [
      { level: 64 },
      { level: -1 },
      { index: -1 },
      { index: 0.5 },
      { width: 0 },
      { width: 257 },
    ]) {
      expect(() => tilePath({ ...good, ...bad })).toThrow(InvariantError);
    }
  });
});

describe('which tiles a size has', () => {
  const count = (size: number, level: number, isFull: boolean) =>
    tilesForSize(0, size).filter((tile) => tile.level === level && (tile.width === 256) === isFull);

  it('is as the specification says for 70,000 entries', () => {
    expect(count(70_000, 0, true).length).toBe(273);
    expect(count(70_000, 0, false)).toEqual([{ level: 0, index: 273, width: 112 }]);
    expect(count(70_000, 1, true).length).toBe(1);
    expect(count(70_000, 1, false)).toEqual([{ level: 1, index: 1, width: 17 }]);
    expect(count(70_000, 2, false)).toEqual([{ level: 2, index: 0, width: 1 }]);
    expect(tilesForSize(0, 70_000).length).toBe(277);
  });

  it('has a partial tile of one hash above each full one, and no empty tile', () => {
    expect(tilesForSize(0, 256)).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ]);
    expect(tilesForSize(0, 0)).toEqual([]);
    expect(tilesForSize(300, 300)).toEqual([]);
  });

  it('adds up to the same tiles however the log has grown', () => {
    fc.assert(
      fc.property(fc.nat(70_000), fc.nat(700), fc.nat(70_000), (from, step, further) => {
        const middle = from + step;
        const to = middle + (further % 700);
        const name = ({ level, index }: { level: number; index: number }) => `${level}/${index}`;
        const grown = new Map(tilesForSize(from, middle).map((tile) => [name(tile), tile.width]));
        for (const tile of tilesForSize(middle, to)) grown.set(name(tile), tile.width);
        const once = new Map(tilesForSize(from, to).map((tile) => [name(tile), tile.width]));
        expect(grown).toEqual(once);
      }),
    );
  });

  it('refuses to shrink', () => {
    expect(() => tilesForSize(2, 1)).toThrow(InvariantError);
  });
});

describe('nodes in tiles', () => {
  it('finds each node’s tile and the width that it needs', () => {
    expect(tileOfNode({ level: 0, index: 255 })).toEqual({ level: 0, index: 0 });
    expect(widthForNode({ level: 0, index: 255 })).toBe(256);
    expect(tileOfNode({ level: 7, index: 3 })).toEqual({ level: 0, index: 1 });
    expect(widthForNode({ level: 7, index: 2 })).toBe(128);
    expect(tileOfNode({ level: 8, index: 256 })).toEqual({ level: 1, index: 1 });
    expect(widthForNode({ level: 9, index: 1 })).toBe(4);
  });

  it('throws where a tile is too narrow', () => {
    expect(() => hashInTile(new Uint8Array(32), { level: 0, index: 1 })).toThrow(InvariantError);
    expect(() => hashInTile(new Uint8Array(96), { level: 2, index: 0 })).toThrow(InvariantError);
    expect(() => hashInTile(new Uint8Array(96), { level: -1, index: 0 })).toThrow(InvariantError);
  });
});

describe('bundles of entries', () => {
  const entry = fc.uint8Array({ maxLength: 40 });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 256 }), (entries) => {
        expect(parseEntryBundle(encodeEntryBundle(entries))).toEqual({ ok: true, value: entries });
      }),
      { numRuns: 30 },
    );
  });

  it('refuses every cut, and bytes that are left over', () => {
    const bytes = encodeEntryBundle([Uint8Array.of(1, 2, 3), new Uint8Array(300)]);
    for (let length = 0; length < bytes.length; length++) {
      const parsed = parseEntryBundle(bytes.subarray(0, length));
      // After the first entry a cut is a shorter bundle: the width in the path tells them apart.
      if (length === 5) expect(parsed.ok && parsed.value.length).toBe(1);
      else expect(parsed.ok ? null : parsed.code).toBe('bad-tile');
    }
    expect(parseEntryBundle(Uint8Array.from([...bytes, 0])).ok).toBe(false);
  });

  it('takes 256 entries and 65,535 bytes, and not one more', () => {
    const full = Array.from({ length: 256 }, () => new Uint8Array(0));
    expect(parseEntryBundle(encodeEntryBundle(full)).ok).toBe(true);
    expect(() => encodeEntryBundle([...full, new Uint8Array(0)])).toThrow(InvariantError);
    expect(parseEntryBundle(new Uint8Array(257 * 2)).ok).toBe(false);
    expect(encodeEntryBundle([new Uint8Array(65_535)]).length).toBe(65_537);
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(InvariantError);
  });
});

/** A log in memory, kept in tiles only, as a node keeps it. */
function logOf(record: RecordModule, entries: Uint8Array[]) {
  const tiles = new Map<string, Uint8Array>();
  for (const { level, index, width } of record.tilesForSize(0, entries.length)) {
    const hashes = Array.from({ length: width }, (_, i) => {
      const at = index * 256 + i;
      if (level === 0) return record.leafHash(entries[at] ?? new Uint8Array(0));
      const below = tiles.get(`${level - 1}/${at}`) ?? new Uint8Array(0);
      const half = (i: number) =>
        record.hashInTile(below, { level: level * 8 - 1, index: at * 2 + i });
      return record.nodeHash(half(0), half(1));
    });
    tiles.set(`${level}/${index}`, Uint8Array.from(hashes.flatMap((hash) => [...hash])));
  }
  const hashAt = (address: { level: number; index: number }) => {
    const { level, index } = record.tileOfNode(address);
    return record.hashInTile(tiles.get(`${level}/${index}`) ?? new Uint8Array(0), address);
  };
  return {
    tiles,
    root: (size: number) => record.rootFromNodes(size, record.rootNodes(size).map(hashAt)),
    inclusion: (index: number, size: number) =>
      record.inclusionFromNodes(index, size, record.inclusionNodes(index, size).map(hashAt)),
    consistency: (m: number, n: number) =>
      record.consistencyFromNodes(m, n, record.consistencyNodes(m, n).map(hashAt)),
  };
}

describeOnBoth('a log in tiles', (record) => {
  it('reproduces the root of the live mirror’s log of 300 records', () => {
    const entries = Array.from({ length: 300 }, (_, i) => record().encodeText(`record ${i}`));
    const log = logOf(record(), entries);
    expect(record().encodeBase64(log.root(300))).toBe(
      'gw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=',
    );
    expect([...log.tiles].map(([name, bytes]) => [name, bytes.length / 32])).toEqual([
      ['0/0', 256],
      ['0/1', 44],
      ['1/0', 1],
    ]);
  });

  it('proves entries and consistency from tiles across levels', () => {
    const entries = Array.from({ length: 700 }, (_, i) => record().encodeText(`${i}`));
    const log = logOf(record(), entries);
    for (const [index, size] of [
      [0, 1],
      [255, 256],
      [256, 257],
      [511, 513],
      [699, 700],
      [3, 700],
    ] as const) {
      const entry = entries[index] ?? new Uint8Array(0);
      const proof = log.inclusion(index, size);
      expect(record().verifyInclusion(entry, index, size, proof, log.root(size))).toBe(true);
    }
    for (const [m, n] of [
      [1, 700],
      [255, 257],
      [256, 700],
      [512, 513],
      [699, 700],
    ] as const) {
      const proof = log.consistency(m, n);
      expect(record().verifyConsistency(m, n, log.root(m), log.root(n), proof)).toBe(true);
    }
  });

  it.skipIf(!hasSharedVectors)(
    'reads a real Tessera log at all sixteen sizes (shared data)',
    () => {
      const key = record().parseVkey(
        'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx',
      );
      if (!key.ok) throw new Error('not a vkey');
      let before = record().emptyRoot;
      for (let size = 0; size <= 15; size++) {
        const note = sharedVectorText(`tessera-log/checkpoint.${size}`);
        const opened = record().openCheckpoint(note, [key.value]);
        if (!opened.ok) throw new Error(`size ${size}: ${opened.code}`);
        const { checkpoint } = opened.value;
        expect(checkpoint.size).toBe(size);
        if (size === 0) {
          expect(checkpoint.root).toEqual(record().emptyRoot);
          continue;
        }
        const bundle = sharedVector(
          `tessera-log/${record().tilePath({ level: 'entries', index: 0, width: size })}`,
        );
        const entries = record().parseEntryBundle(bundle);
        if (!entries.ok) throw new Error('not a bundle');
        expect(record().encodeEntryBundle(entries.value)).toEqual(bundle);
        const tile = sharedVector(
          `tessera-log/${record().tilePath({ level: 0, index: 0, width: size })}`,
        );
        const log = logOf(record(), entries.value);
        expect(log.tiles.get('0/0')).toEqual(tile);
        expect(log.root(size)).toEqual(checkpoint.root);
        const proof = log.consistency(size - 1, size);
        expect(record().verifyConsistency(size - 1, size, before, checkpoint.root, proof)).toBe(
          true,
        );
        before = checkpoint.root;
      }
      expect(sharedVectorText('tessera-log/checkpoint')).toBe(
        sharedVectorText('tessera-log/checkpoint.15'),
      );
    },
  );
});
