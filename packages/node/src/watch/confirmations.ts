/**
 * Heartbeats that confirm a docket's heads (rulings.md 26), with the path from the docket's leaf to
 * the root that each signed. A heartbeat tells its leaves only to who can compute them: those whose
 * root we cannot compute again from what the dockets are now confirm nothing here.
 */
import {
  decodeHex,
  encodeBase64,
  encodeHex,
  inclusionFromNodes,
  inclusionNodes,
  leafHash,
  nodeHash,
  parseEnvelope,
  parseStatement,
  channelDocket,
} from '@comity/record';
import type { BundledHeartbeat, NodeAddress } from '@comity/record';
import { heartbeatLeaf, heartbeatRoot } from '@comity/accord';
import type { HeartbeatLeaf } from '@comity/accord';
import { ownProof } from '../log/proofs.ts';
import type { StoreReader } from '../store/store.ts';

/** Newest heartbeats of each side that are tried. */
const testsTried = 8;

/** One heartbeat of each participant that confirms the docket as we hold it, where there is one. */
export async function confirmingHeartbeats(
  reader: StoreReader,
  self: string,
  docket: string,
  participants: readonly string[],
): Promise<BundledHeartbeat[]> {
  const found: BundledHeartbeat[] = [];
  for (const party of participants.filter((one) => one !== self)) {
    const leaves = await sharedLeaves(reader, self, party);
    const index = leaves.findIndex((leaf) => leaf.docket === docket);
    if (index === -1) continue;
    for (const author of [self, party]) {
      if (found.length > 0 && author === self) continue;
      const heartbeat = await newestConfirming(reader, self, party, author, leaves, index);
      if (heartbeat !== null) found.push(heartbeat);
    }
  }
  return found;
}

async function newestConfirming(
  reader: StoreReader,
  self: string,
  party: string,
  author: string,
  leaves: readonly HeartbeatLeaf[],
  index: number,
): Promise<BundledHeartbeat | null> {
  const leaf = leaves[index];
  const rows = await reader
    .selectFrom('statements')
    .select(['id', 'envelope'])
    .where('docket', '=', channelDocket(self, party))
    .where('kind', '=', 'channel.test')
    .where('author', '=', author)
    .where('refused', 'is', null)
    .orderBy('said_index', 'desc')
    .limit(testsTried)
    .execute();
  for (const row of rows) {
    const envelope = parseEnvelope(new Uint8Array(row.envelope));
    if (!envelope.ok || leaf === undefined) continue;
    const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
    const body = parsed.ok ? parsed.value.statement.body : {};
    const { salt: saltText } = body;
    const salt = typeof saltText === 'string' ? decodeHex(saltText) : null;
    if (salt === null || encodeHex(heartbeatRoot(salt, leaves)) !== body['root']) continue;
    const said = await saidProofOf(reader, row.id, author, author === self);
    if (said === null) continue;
    const path = leafPath(salt, leaves, index).map(encodeBase64);
    return { envelope: envelope.value, said, leaf: { ...leaf }, index, path };
  }
  return null;
}

/** What a heartbeat between the two covers now: every shared docket but the channel's, by id. */
async function sharedLeaves(
  reader: StoreReader,
  self: string,
  party: string,
): Promise<HeartbeatLeaf[]> {
  const rows = await reader
    .selectFrom('dockets')
    .select(['id', 'heads', 'input_digest', 'state_digest', 'participants'])
    .where('type', '!=', 'channel')
    .where('participants', 'like', `%${party}%`)
    .orderBy('id')
    .execute();
  return rows
    .filter((row) => row.participants.includes(self))
    .map((row) => ({
      docket: row.id,
      heads: (JSON.parse(row.heads) as string[]).sort(),
      inputDigest: row.input_digest,
      stateDigest: row.state_digest,
    }));
}

function leafPath(salt: Uint8Array, leaves: readonly HeartbeatLeaf[], index: number): Uint8Array[] {
  const hashes = leaves.map((leaf) => leafHash(heartbeatLeaf(salt, leaf)));
  const hashAt = ({ level, index: at }: NodeAddress): Uint8Array => {
    if (level === 0) return hashes[at] ?? new Uint8Array(32);
    return nodeHash(
      hashAt({ level: level - 1, index: at * 2 }),
      hashAt({ level: level - 1, index: at * 2 + 1 }),
    );
  };
  const nodes = inclusionNodes(index, leaves.length);
  return inclusionFromNodes(index, leaves.length, nodes.map(hashAt));
}

async function saidProofOf(
  reader: StoreReader,
  id: string,
  author: string,
  own: boolean,
): Promise<string | null> {
  if (own) return await ownProof(reader, id, 'said');
  const row = await reader
    .selectFrom('proofs')
    .select('proof')
    .where('statement', '=', id)
    .where('party', '=', author)
    .where('role', '=', 'said')
    .orderBy('size')
    .limit(1)
    .executeTakeFirst();
  return row?.proof ?? null;
}
