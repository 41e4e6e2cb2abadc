/**
 * Tiles: how a log keeps its tree, and how it is served (c2sp.org/tlog-tiles).
 *
 * A tile of level l holds up to 256 hashes of complete subtrees of 256^l entries each; the nodes in
 * between are computed. Entry bundles hold the entries below the tiles of level 0.
 */
import { concatBytes } from './bytes.ts';
import { parseDecimal } from './checkpoint-text.ts';
import { logEntryBytesMax, tileLevelMax, tileWidthMax } from './limits.ts';
import { nodeHash, type NodeAddress } from './merkle.ts';
import { failure, InvariantError, success, type Result } from './result.ts';

/** The `index`-th tile of a level, as wide as `width` (1 … 256; below 256 it is partial). */
export type TileAddress = { level: number; index: number; width: number };

/** The `index`-th bundle of entries, `width` of them (1 … 256). */
export type EntryBundleAddress = { level: 'entries'; index: number; width: number };

/** The path below a log's prefix: `tile/0/x001/x234/067.p/8`, `tile/entries/000`. */
export function tilePath(tile: TileAddress | EntryBundleAddress): string {
  const { level, index, width } = tile;
  const isLevel = level === 'entries' || (Number.isInteger(level) && isWithin(level, 0, 63));
  if (!isLevel || !Number.isSafeInteger(index) || index < 0 || !isWidth(width)) {
    throw new InvariantError(`not a tile: ${level}/${index}, ${width} wide`);
  }
  const groups: string[] = [];
  let rest = index;
  do {
    const digits = String(rest % 1000).padStart(3, '0');
    groups.unshift(groups.length === 0 ? digits : `x${digits}`);
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  const partial = width === tileWidthMax ? '' : `.p/${width}`;
  return `tile/${level}/${groups.join('/')}${partial}`;
}

/**
 * Reads such a path; each tile has one. Says nothing of whether the tile exists: a width is served
 * only where a published checkpoint implies it.
 */
export function parseTilePath(
  path: string,
): Result<TileAddress | EntryBundleAddress, 'bad-tile-path'> {
  const refused = failure('bad-tile-path', '', 'not the path of a tile');
  if (path.length > 64) return refused;
  const parts = path.split('/');
  let width = tileWidthMax;
  const last = parts.length - 1;
  if (parts[last - 1]?.endsWith('.p') === true) {
    const partial = parseDecimal(parts.pop() ?? '');
    if (partial === null || !isWithin(partial, 1, tileWidthMax - 1)) return refused;
    width = partial;
    parts.push((parts.pop() ?? '').slice(0, -2));
  }
  const [tile, levelText = '', ...groups] = parts;
  const level = levelText === 'entries' ? levelText : parseDecimal(levelText);
  if (tile !== 'tile' || level === null || groups.length === 0) return refused;
  if (level !== 'entries' && level > 63) return refused;
  const digits = groups.map((group, i) => (i < groups.length - 1 ? group.replace('x', '') : group));
  const index = Number(digits.join(''));
  if (!digits.every((group) => /^[0-9]{3}$/.test(group)) || !Number.isSafeInteger(index)) {
    return refused;
  }
  // Writing it again decides: one path per tile, no leading groups of zeros.
  const address: TileAddress | EntryBundleAddress =
    level === 'entries' ? { level: 'entries', index, width } : { level, index, width };
  return tilePath(address) === path ? success(address) : refused;
}

/** Which tile holds, or lies right below, a stored node. */
export function tileOfNode(address: NodeAddress): { level: number; index: number } {
  const { level, start } = placeOf(address);
  return { level, index: Math.floor(start / tileWidthMax) };
}

/** How wide a tile must at least be to give the hash of a node. */
export function widthForNode(address: NodeAddress): number {
  const { start, count } = placeOf(address);
  return (start % tileWidthMax) + count;
}

/**
 * The hash of a node from the bytes of its tile (`tileOfNode`), full or partial. Throws
 * `InvariantError` where the tile is narrower than `widthForNode`: check foreign tiles before.
 */
export function hashInTile(tileHashes: Uint8Array, address: NodeAddress): Uint8Array {
  const { start, count } = placeOf(address);
  const first = (start % tileWidthMax) * 32;
  if (tileHashes.length < first + count * 32) {
    throw new InvariantError(`a tile of ${tileHashes.length} bytes has no such node`);
  }
  let hashes: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    hashes.push(tileHashes.slice(first + i * 32, first + (i + 1) * 32));
  }
  while (hashes.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i + 1 < hashes.length; i += 2) {
      above.push(nodeHash(hashes[i] as Uint8Array, hashes[i + 1] as Uint8Array));
    }
    hashes = above;
  }
  return hashes[0] as Uint8Array;
}

/**
 * The tiles that are new or have grown when a log grows from `from` to `to` entries, level by
 * level from 0, each as wide as it is at `to`. Those of level 0 are the entry bundles' too.
 */
export function tilesForSize(from: number, to: number): TileAddress[] {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to) {
    throw new InvariantError(`a log does not grow from ${from} to ${to}`);
  }
  const tiles: TileAddress[] = [];
  let before = from;
  let after = to;
  for (let level = 0; level <= tileLevelMax && after > 0; level++) {
    for (let at = before; at < after;) {
      const index = Math.floor(at / tileWidthMax);
      const end = Math.min(after, (index + 1) * tileWidthMax);
      tiles.push({ level, index, width: end - index * tileWidthMax });
      at = end;
    }
    before = Math.floor(before / tileWidthMax);
    after = Math.floor(after / tileWidthMax);
  }
  return tiles;
}

/** Entries one after another, each after its length in two bytes, big-endian. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > tileWidthMax) throw new InvariantError('a bundle has at most 256 entries');
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    if (entry.length > logEntryBytesMax) throw new InvariantError('an entry is too long');
    parts.push(Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry);
  }
  return concatBytes(...parts);
}

/** Reads a bundle of 1 to 256 entries; refused when cut or with bytes left over. */
export function parseEntryBundle(bytes: Uint8Array): Result<Uint8Array[], 'bad-tile'> {
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (entries.length === tileWidthMax) return failure('bad-tile', '', 'over 256 entries');
    const start = offset + 2;
    const end = start + (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0);
    if (start > bytes.length || end > bytes.length) {
      return failure('bad-tile', `/${entries.length}`, 'the entry is cut');
    }
    entries.push(bytes.slice(start, end));
    offset = end;
  }
  return entries.length > 0 ? success(entries) : failure('bad-tile', '', 'no entries');
}

/** Level of the tile, and which of its level's hashes the node covers. */
function placeOf({ level, index }: NodeAddress): { level: number; start: number; count: number } {
  const count = 2 ** (level % 8);
  const start = index * count;
  if (!Number.isInteger(level) || level < 0 || !Number.isSafeInteger(start) || index < 0) {
    throw new InvariantError(`not a node: ${level}/${index}`);
  }
  return { level: Math.floor(level / 8), start, count };
}

function isWidth(width: number): boolean {
  return Number.isInteger(width) && isWithin(width, 1, tileWidthMax);
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
