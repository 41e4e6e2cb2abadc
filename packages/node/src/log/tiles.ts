/** Tiles and tree hashes in the store, for our own log and for copies of others'. */
import {
  emptyRoot,
  hashInTile,
  InvariantError,
  rootFromNodes,
  rootNodes,
  tileOfNode,
  tileWidthMax,
  type NodeAddress,
} from '@comity/record';
import { insertTogether, rowsFor } from '../store/insert-rows.ts';
import type { TableRows } from '../store/insert-rows.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { edgeFromTiles, edgeTiles, emptyEdge, type Tile, type TreeEdge } from './tree.ts';

/** Tiles read or written by one statement; a proof in the largest tree needs fewer than twenty. */
const tilesPerStatementMax = 64;

/** Number of entries that the stored tiles of `origin` cover. One read. */
export async function treeSize(
  reader: StoreReader | StoreTransaction,
  origin: string,
): Promise<number> {
  const last = await reader
    .selectFrom('tiles')
    .select(['tile_index', 'width'])
    .where('origin', '=', origin)
    .where('level', '=', 0)
    .orderBy('tile_index', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? 0 : last.tile_index * tileWidthMax + last.width;
}

/** The tiles at these places that exist, in no order. */
export async function readTiles(
  reader: StoreReader | StoreTransaction,
  origin: string,
  places: readonly { level: number; index: number }[],
): Promise<Tile[]> {
  const wanted = new Map(places.map((place) => [placeKey(place.level, place.index), place]));
  const all = [...wanted.values()];
  const found: Tile[] = [];
  for (let start = 0; start < all.length; start += tilesPerStatementMax) {
    const rows = await reader
      .selectFrom('tiles')
      .select(['level', 'tile_index', 'width', 'hashes'])
      .where('origin', '=', origin)
      .where((row) =>
        row.or(
          all
            .slice(start, start + tilesPerStatementMax)
            .map(({ level, index }) => row.and({ level, tile_index: index })),
        ),
      )
      .execute();
    for (const row of rows) {
      found.push({ level: row.level, index: row.tile_index, width: row.width, hashes: row.hashes });
    }
  }
  return found;
}

/** Writes new tiles and replaces narrower ones. */
export async function writeTiles(
  tx: StoreTransaction,
  origin: string,
  tiles: readonly Tile[],
): Promise<void> {
  await insertTogether(tx, [tileRows(origin, tiles)]);
}

/** The rows of `writeTiles`, to be inserted with others. */
export function tileRows(origin: string, tiles: readonly Tile[]): TableRows {
  const rows = tiles.map((tile) => ({
    origin,
    level: tile.level,
    tile_index: tile.index,
    width: tile.width,
    hashes: tile.hashes,
  }));
  const key = ['origin', 'level', 'tile_index'] as const;
  return rowsFor('tiles', rows, { key, replace: ['width', 'hashes'] });
}

/** The edge of the stored tree at `size`: one read, whatever the size. Throws if it is not there. */
export async function loadEdge(
  reader: StoreReader | StoreTransaction,
  origin: string,
  size: number,
): Promise<TreeEdge> {
  if (size === 0) return emptyEdge;
  return edgeFromTiles(size, await readTiles(reader, origin, edgeTiles(size)));
}

/** Hashes of complete subtrees, in the order asked. Throws where the stored tree lacks one. */
export async function nodeHashes(
  reader: StoreReader | StoreTransaction,
  origin: string,
  nodes: readonly NodeAddress[],
): Promise<Uint8Array[]> {
  if (nodes.length === 0) return [];
  const tiles = new Map<string, Tile>();
  for (const tile of await readTiles(reader, origin, nodes.map(tileOfNode))) {
    tiles.set(placeKey(tile.level, tile.index), tile);
  }
  return nodes.map((node) => {
    const place = tileOfNode(node);
    const tile = tiles.get(placeKey(place.level, place.index));
    if (tile === undefined) {
      throw new InvariantError(`tile ${place.level}/${place.index} of ${origin} is missing`);
    }
    return hashInTile(tile.hashes, node);
  });
}

/** Root of the first `size` entries. Throws when the stored tree is smaller. */
export async function rootAt(
  reader: StoreReader | StoreTransaction,
  origin: string,
  size: number,
): Promise<Uint8Array> {
  if (size === 0) return emptyRoot;
  return rootFromNodes(size, await nodeHashes(reader, origin, rootNodes(size)));
}

function placeKey(level: number, index: number): string {
  return `${level}/${index}`;
}
