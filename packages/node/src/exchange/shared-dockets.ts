/**
 * What a heartbeat between two parties covers (rulings.md, 26): every docket that both take part in,
 * but the channel's, sorted by id; its root, and the path from each docket's leaf to the root.
 */
import { heartbeatLeaf, heartbeatRoot } from '@comity/accord';
import { encodeHex, inclusionFromNodes, inclusionNodes, leafHash, nodeHash } from '@comity/record';
import type { NodeAddress } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import type { DocketDigests } from './deps.ts';

/** Every docket that a party and we share, but the channel docket, as it was last folded. */
export async function sharedDockets(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<DocketDigests[]> {
  const rows = await reader
    .selectFrom('docket_participants as shared')
    .innerJoin('dockets', 'dockets.id', 'shared.docket')
    .select(['dockets.id', 'dockets.heads', 'dockets.input_digest', 'dockets.state_digest'])
    .where('shared.party', '=', party)
    .where('dockets.type', '!=', 'channel')
    .orderBy('shared.docket')
    .execute();
  return rows.map((row) => ({
    docket: row.id,
    heads: (JSON.parse(row.heads) as string[]).sort(),
    inputDigest: row.input_digest,
    stateDigest: row.state_digest,
  }));
}

/** The root that a heartbeat with this salt states of these leaves, hex. */
export function rootOver(salt: Uint8Array, leaves: readonly DocketDigests[]): string {
  return encodeHex(heartbeatRoot(salt, leaves));
}

/** Whether two sides hold a docket alike. */
export function sameDigests(a: DocketDigests, b: DocketDigests): boolean {
  return (
    a.docket === b.docket &&
    a.inputDigest === b.inputDigest &&
    a.stateDigest === b.stateDigest &&
    a.heads.join() === b.heads.join()
  );
}

/**
 * Gives the inclusion path of each leaf by its index. The tree is hashed once, however many paths
 * are taken; leaves must be sorted by docket.
 */
export function leafPaths(
  salt: Uint8Array,
  leaves: readonly DocketDigests[],
): (index: number) => Uint8Array[] {
  const levels = [leaves.map((leaf) => leafHash(heartbeatLeaf(salt, leaf)))];
  for (let below = levels[0] ?? []; below.length > 1;) {
    const level: Uint8Array[] = [];
    for (let at = 0; at + 1 < below.length; at += 2) {
      const [left, right] = [below[at], below[at + 1]];
      if (left !== undefined && right !== undefined) level.push(nodeHash(left, right));
    }
    levels.push(level);
    below = level;
  }
  const hashOf = ({ level, index }: NodeAddress): Uint8Array =>
    levels[level]?.[index] ?? new Uint8Array(32);
  return (index) => {
    const nodes = inclusionNodes(index, leaves.length);
    return inclusionFromNodes(index, leaves.length, nodes.map(hashOf));
  };
}
