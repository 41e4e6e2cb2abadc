/**
 * Heartbeats that confirm a docket's heads (rulings.md 26), with the path from the docket's leaf to
 * the root that each signed: as they were kept when they were said or heard, and otherwise computed
 * again from what the dockets are now, which is possible while no shared docket has changed.
 */
import {
  decodeHex,
  encodeBase64,
  parseEnvelope,
  parseStatement,
  channelDocket,
} from '@comity/record';
import type { BundledHeartbeat, Envelope } from '@comity/record';
import type { DocketDigests } from '../exchange/deps.ts';
import { leafPaths, rootOver, sharedDockets } from '../exchange/shared-dockets.ts';
import { ownProof } from '../log/proofs.ts';
import type { StoreReader } from '../store/store.ts';

/** Newest heartbeats of each side that are tried. */
const testsTried = 8;

/**
 * One heartbeat of each participant that confirms the docket's heads, where there is one: best of
 * the docket as we hold it, digests and all; else of the same heads before better proofs came.
 */
export async function confirmingHeartbeats(
  reader: StoreReader,
  self: string,
  docket: string,
  participants: readonly string[],
): Promise<BundledHeartbeat[]> {
  const found = new Map<string, BundledHeartbeat>();
  const take = (party: string, heartbeat: BundledHeartbeat | null): void => {
    if (heartbeat !== null && !found.has(party)) found.set(party, heartbeat);
  };
  for (const party of participants) {
    take(party, await keptHeartbeat(reader, self, docket, party, 'digests'));
  }
  for (const party of participants.filter((one) => one !== self)) {
    if (found.has(party) && found.has(self)) continue;
    const leaves = await sharedDockets(reader, party);
    const index = leaves.findIndex((leaf) => leaf.docket === docket);
    if (index === -1) continue;
    for (const author of [self, party].filter((one) => !found.has(one))) {
      take(author, await newestConfirming(reader, self, party, author, leaves, index));
    }
  }
  for (const party of participants.filter((one) => !found.has(one))) {
    take(party, await keptHeartbeat(reader, self, docket, party, 'heads'));
  }
  return [...found.values()];
}

/** The confirmation that was kept of a party, where it is of the docket as it is now. */
async function keptHeartbeat(
  reader: StoreReader,
  self: string,
  docket: string,
  author: string,
  equal: 'digests' | 'heads',
): Promise<BundledHeartbeat | null> {
  let query = reader
    .selectFrom('confirmations')
    .innerJoin('dockets', (join) =>
      join
        .onRef('dockets.id', '=', 'confirmations.docket')
        .onRef('dockets.heads', '=', 'confirmations.heads'),
    )
    .innerJoin('statements', 'statements.id', 'confirmations.test')
    .select(['confirmations.test', 'confirmations.heads', 'confirmations.input_digest'])
    .select(['confirmations.state_digest', 'confirmations.leaf_index', 'confirmations.path'])
    .select('statements.envelope')
    .where('confirmations.docket', '=', docket)
    .where('confirmations.author', '=', author);
  if (equal === 'digests') {
    query = query
      .whereRef('confirmations.input_digest', '=', 'dockets.input_digest')
      .whereRef('confirmations.state_digest', '=', 'dockets.state_digest');
  }
  const row = await query.executeTakeFirst();
  const envelope = row === undefined ? null : parseEnvelope(new Uint8Array(row.envelope));
  if (row === undefined || !envelope?.ok) return null;
  const said = await saidProofOf(reader, row.test, author, author === self);
  if (said === null) return null;
  const leaf = {
    docket,
    heads: JSON.parse(row.heads) as string[],
    inputDigest: row.input_digest,
    stateDigest: row.state_digest,
  };
  const path = JSON.parse(row.path) as string[];
  return { envelope: envelope.value, said, leaf, index: row.leaf_index, path };
}

async function newestConfirming(
  reader: StoreReader,
  self: string,
  party: string,
  author: string,
  leaves: readonly DocketDigests[],
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
    .orderBy('logged_at', 'desc')
    .orderBy('said_index', 'desc')
    .limit(testsTried)
    .execute();
  for (const row of rows) {
    const envelope = parseEnvelope(new Uint8Array(row.envelope));
    if (!envelope.ok || leaf === undefined) continue;
    const salt = saltUnder(envelope.value, leaves);
    const said = salt === null ? null : await saidProofOf(reader, row.id, author, author === self);
    if (salt === null || said === null) continue;
    const path = leafPaths(salt, leaves)(index).map(encodeBase64);
    return { envelope: envelope.value, said, leaf: { ...leaf }, index, path };
  }
  return null;
}

/** The salt of a heartbeat that has these leaves, or null. */
function saltUnder(envelope: Envelope, leaves: readonly DocketDigests[]): Uint8Array | null {
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  const { salt: saltText, root } = parsed.ok ? parsed.value.statement.body : {};
  const salt = typeof saltText === 'string' ? decodeHex(saltText) : null;
  return salt !== null && rootOver(salt, leaves) === root ? salt : null;
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
