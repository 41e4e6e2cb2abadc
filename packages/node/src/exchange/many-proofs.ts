/**
 * Many inclusion proofs of one log at once: tiles are read together and every inner node is hashed
 * once, where proof by proof the same tiles would be read and hashed hundreds of times. The bytes
 * are those of log/proofs.ts.
 */
import {
  formatLogProof,
  inclusionFromNodes,
  inclusionNodes,
  InvariantError,
  nodeHash,
  tileOfNode,
} from '@comity/record';
import type { CheckpointSizes, NodeAddress } from '@comity/record';
import { readTiles } from '../log/tiles.ts';
import type { StoreReader } from '../store/store.ts';
import { sqlListMax } from './limits.ts';

/** An entry and the size of the stored checkpoint at which it is proved. */
export interface EntryPlace {
  index: number;
  size: number;
}

const hashBytes = 32;
const tileLevels = 8;

/** tlog-proof texts by "index size". Throws where our log lacks a checkpoint or a tile. */
export async function proveMany(
  reader: StoreReader,
  origin: string,
  places: readonly EntryPlace[],
): Promise<Map<string, string>> {
  const proofs = new Map<string, string>();
  if (places.length === 0) return proofs;
  const notes = await notesAt(reader, origin, [...new Set(places.map((place) => place.size))]);
  const wanted = places.flatMap(({ index, size }) => inclusionNodes(index, size).map(tileOfNode));
  const hash = await nodeReader(reader, origin, wanted);
  const sizes: CheckpointSizes = new Map();
  for (const { index, size } of places) {
    const key = placeKey({ index, size });
    if (proofs.has(key)) continue;
    const checkpoint = notes.get(size);
    if (checkpoint === undefined) throw new InvariantError(`no checkpoint of ${origin} at ${size}`);
    const path = inclusionFromNodes(index, size, inclusionNodes(index, size).map(hash));
    proofs.set(key, formatLogProof({ index, path, checkpoint }, sizes));
  }
  return proofs;
}

/** The key of a place in what `proveMany` gives. */
export function placeKey({ index, size }: EntryPlace): string {
  return `${index} ${size}`;
}

async function notesAt(
  reader: StoreReader,
  origin: string,
  sizes: readonly number[],
): Promise<Map<number, string>> {
  const notes = new Map<number, string>();
  for (let start = 0; start < sizes.length; start += sqlListMax) {
    const rows = await reader
      .selectFrom('checkpoints')
      .select(['size', 'note'])
      .where('origin', '=', origin)
      .where('size', 'in', sizes.slice(start, start + sqlListMax))
      .execute();
    for (const row of rows) notes.set(row.size, row.note);
  }
  return notes;
}

/** Hashes of complete subtrees out of these tiles, each inner one computed once. */
async function nodeReader(
  reader: StoreReader,
  origin: string,
  places: readonly { level: number; index: number }[],
): Promise<(node: NodeAddress) => Uint8Array> {
  const tiles = new Map<string, Uint8Array>();
  for (const tile of await readTiles(reader, origin, places)) {
    tiles.set(`${tile.level}/${tile.index}`, tile.hashes);
  }
  const known = new Map<string, Uint8Array>();
  const hashOf = (node: NodeAddress): Uint8Array => {
    const key = `${node.level}/${node.index}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const place = tileOfNode(node);
    const made =
      node.level === place.level * tileLevels
        ? inTile(tiles.get(`${place.level}/${place.index}`), node)
        : nodeHash(
            hashOf({ level: node.level - 1, index: node.index * 2 }),
            hashOf({ level: node.level - 1, index: node.index * 2 + 1 }),
          );
    known.set(key, made);
    return made;
  };
  return hashOf;
}

function inTile(hashes: Uint8Array | undefined, node: NodeAddress): Uint8Array {
  const start = (node.index % 2 ** tileLevels) * hashBytes;
  const hash = hashes?.slice(start, start + hashBytes);
  if (hash?.length !== hashBytes) {
    throw new InvariantError(`node ${node.level}/${node.index} is not in the stored tiles`);
  }
  return hash;
}
