/**
 * The right edge of an RFC 6962 tree in tiles (tlog-tiles): all that is needed to append.
 *
 * An edge holds at most one partial tile per level, so it stays below 64 KiB for any size, and it
 * never changes: extending gives a new one, which replaces the old only once it is durable.
 */
import {
  emptyRoot,
  hashInTile,
  leafHash,
  nodeHash,
  rootFromNodes,
  rootNodes,
} from '@comity/record';
import { InvariantError, tileOfNode, tileWidthMax, type NodeAddress } from '@comity/record';

const hashBytes = 32;

/** A tile as stored: `hashes` = width × 32 bytes. */
export interface Tile {
  level: number;
  index: number;
  width: number;
  hashes: Uint8Array;
}

/** `partial[level]`: the rightmost tile of that level, of width 0 to 255. */
export interface TreeEdge {
  readonly size: number;
  readonly partial: readonly Tile[];
}

export const emptyEdge: TreeEdge = { size: 0, partial: [] };

/** The partial tiles, of at least one hash, that an edge of `size` consists of. */
export function edgeTiles(size: number): { level: number; index: number; width: number }[] {
  const tiles = [];
  for (let level = 0, left = size; left > 0; level += 1, left = Math.floor(left / tileWidthMax)) {
    const width = left % tileWidthMax;
    if (width > 0) tiles.push({ level, index: Math.floor(left / tileWidthMax), width });
  }
  return tiles;
}

/** The edge of `size` out of its tiles; wider ones are cut. Throws when one is missing. */
export function edgeFromTiles(size: number, tiles: readonly Tile[]): TreeEdge {
  const partial: Tile[] = [];
  for (const { level, index, width } of edgeTiles(size)) {
    const tile = tiles.find((one) => one.level === level && one.index === index);
    if (tile === undefined || tile.width < width || tile.hashes.length !== tile.width * hashBytes) {
      throw new InvariantError(`tile ${level}/${index} of width ${width} is missing`);
    }
    fillEmptyLevels(partial, size, level);
    partial[level] = { level, index, width, hashes: tile.hashes.slice(0, width * hashBytes) };
  }
  return { size, partial };
}

/** Appends entries. Gives the new edge and every tile that is new or wider, as it now is. */
export function extendEdge(
  edge: TreeEdge,
  entries: readonly Uint8Array[],
): { edge: TreeEdge; tiles: Tile[] } {
  const partial = edge.partial.map((tile) => ({ ...tile }));
  const full: Tile[] = [];
  let hashes = entries.map((entry) => leafHash(entry));
  const grown: boolean[] = [];
  for (let level = 0; hashes.length > 0; level += 1) {
    const up: Uint8Array[] = [];
    let tile = partial[level] ?? emptyTile(level, 0);
    let taken = 0;
    while (taken < hashes.length) {
      const count = Math.min(tileWidthMax - tile.width, hashes.length - taken);
      tile = widen(tile, hashes.slice(taken, taken + count));
      taken += count;
      if (tile.width < tileWidthMax) continue;
      full.push(tile);
      up.push(tileRoot(tile));
      tile = emptyTile(level, tile.index + 1);
    }
    partial[level] = tile;
    grown[level] = tile.width > 0;
    hashes = up;
  }
  const rest = partial.filter((tile) => grown[tile.level] === true);
  return { edge: { size: edge.size + entries.length, partial }, tiles: [...full, ...rest] };
}

/** The tree's root hash. */
export function edgeRoot(edge: TreeEdge): Uint8Array {
  if (edge.size === 0) return emptyRoot;
  const hashes = rootNodes(edge.size).map((node) => hashAtEdge(edge, node));
  return rootFromNodes(edge.size, hashes);
}

function hashAtEdge(edge: TreeEdge, node: NodeAddress): Uint8Array {
  const { level, index } = tileOfNode(node);
  const tile = edge.partial[level];
  if (tile === undefined || tile.index !== index) {
    throw new InvariantError(`node ${node.level}/${node.index} is not at the edge`);
  }
  return hashInTile(tile.hashes, node);
}

function emptyTile(level: number, index: number): Tile {
  return { level, index, width: 0, hashes: new Uint8Array(0) };
}

function fillEmptyLevels(partial: Tile[], size: number, below: number): void {
  for (let level = partial.length; level < below; level += 1) {
    partial[level] = emptyTile(level, Math.floor(size / tileWidthMax ** (level + 1)));
  }
}

function widen(tile: Tile, added: readonly Uint8Array[]): Tile {
  const hashes = new Uint8Array((tile.width + added.length) * hashBytes);
  hashes.set(tile.hashes);
  added.forEach((hash, i) => hashes.set(hash, (tile.width + i) * hashBytes));
  return { ...tile, width: tile.width + added.length, hashes };
}

/** Root of the complete subtree over a full tile. */
function tileRoot(tile: Tile): Uint8Array {
  let row: Uint8Array[] = [];
  for (let i = 0; i < tile.width; i += 1) {
    row.push(tile.hashes.subarray(i * hashBytes, (i + 1) * hashBytes));
  }
  while (row.length > 1) {
    const up: Uint8Array[] = [];
    for (let i = 0; i < row.length; i += 2) {
      up.push(nodeHash(row[i] as Uint8Array, row[i + 1] as Uint8Array));
    }
    row = up;
  }
  return row[0] as Uint8Array;
}
