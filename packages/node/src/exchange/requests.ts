/**
 * Answers to what a counterpart asks for: statements it lacks, our newest checkpoint or the newest
 * of its own log that we hold, log entries, digests, facts (rulings.md, 25 to 27).
 *
 * Answers go into the counterpart's queue; nothing is given that was not addressed to it.
 */
import { parseEnvelope, parseStatement } from '@comity/record';
import type { PouchRecord } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { copyState } from '../log/copies.ts';
import { entriesPerPouchMax, requestIdsMax, requestsPerPouchMax } from './limits.ts';
import { queueItems } from './outbox.ts';
import type { QueueItem } from './outbox.ts';
import { originOf } from './pouch-records.ts';

export type ComingRequest = Extract<PouchRecord, { type: 'request' }>;

/**
 * Queues the answers to a counterpart's requests. Bounded: the rest is asked again. `theirSize` is
 * the size of the asker's own checkpoint in the same pouch: after a restore it lacks what follows.
 */
export async function answerRequests(
  tx: StoreTransaction,
  party: string,
  requests: readonly ComingRequest[],
  theirSize: number,
  now: number,
): Promise<void> {
  const items: QueueItem[] = [];
  for (const request of requests.slice(0, requestsPerPouchMax)) {
    items.push(...(await answersTo(tx, party, request, theirSize)));
  }
  await queueItems(tx, items, now);
}

async function answersTo(
  reader: StoreTransaction,
  party: string,
  request: ComingRequest,
  theirSize: number,
): Promise<QueueItem[]> {
  switch (request.what) {
    case 'statements':
      return statementAnswers(reader, party, request.ids.slice(0, requestIdsMax));
    case 'checkpoint':
      // Ours travels with every pouch; what is asked for is the asker's own log as we know it.
      return [
        { party, item: 'checkpoint', ref: JSON.stringify({ party }), lane: 0 },
        ...(await entriesSince(reader, party, theirSize)),
        ...(await lostSince(reader, party, theirSize)),
      ];
    case 'entries':
      return [{ party, item: 'entries', ref: JSON.stringify({ from: request.from }), lane: 0 }];
    case 'digests':
      return [];
    case 'facts':
      if (request.docket === undefined) return [];
      if (!(await takesPart(reader, party, request.docket))) return [];
      return [{ party, item: 'facts', ref: JSON.stringify({ docket: request.docket }), lane: 1 }];
  }
}

/** Our copy of the asker's log from this size on, in as many records as it takes. */
async function entriesSince(
  reader: StoreReader | StoreTransaction,
  party: string,
  size: number,
): Promise<QueueItem[]> {
  const origin = await originOf(reader, party);
  if (origin === null) return [];
  const { kept } = await copyState(reader, origin);
  const items: QueueItem[] = [];
  for (let from = size; from < kept; from += entriesPerPouchMax) {
    items.push({ party, item: 'entries', ref: JSON.stringify({ from, party }), lane: 0 });
  }
  return items;
}

/** What a restored log has lost: the statements of its entries from this size on. */
async function lostSince(
  reader: StoreTransaction,
  party: string,
  size: number,
): Promise<QueueItem[]> {
  const said = await reader
    .selectFrom('statements')
    .select('id')
    .where('author', '=', party)
    .where('said_index', '>=', size)
    .orderBy('said_index')
    .execute();
  const held = await reader
    .selectFrom('proofs')
    .innerJoin('statements', 'statements.id', 'proofs.statement')
    .select('statements.id')
    .where('proofs.party', '=', party)
    .where('proofs.role', '=', 'held')
    .where('proofs.log_index', '>=', size)
    .orderBy('proofs.log_index')
    .execute();
  return [...said, ...held].map((row) => ({ party, item: 'statement', ref: row.id, lane: 1 }));
}

async function statementAnswers(
  reader: StoreTransaction,
  party: string,
  ids: readonly string[],
): Promise<QueueItem[]> {
  const items: QueueItem[] = [];
  for (const id of new Set(ids)) {
    const author = await authorIfFor(reader, party, id);
    if (author === null) continue;
    items.push(...(await chainItems(reader, author, party)));
    items.push({ party, item: 'statement', ref: id, lane: 1 });
  }
  return items;
}

/** Author of a statement that this party may have: it is addressed to it, or to whoever holds it. */
async function authorIfFor(
  reader: StoreReader | StoreTransaction,
  party: string,
  id: string,
): Promise<string | null> {
  const row = await reader
    .selectFrom('statements')
    .select(['author', 'envelope'])
    .where('id', '=', id)
    .where('refused', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return null;
  // Its own, which a restored home may have lost.
  if (row.author === party) return row.author;
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) return null;
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  if (!parsed.ok) return null;
  const { to, kind } = parsed.value.statement;
  const forAnyone = kind === 'party.credentials' || kind === 'party.delegate';
  return forAnyone || to.includes(party) ? row.author : null;
}

/**
 * The credentials chain of an author whose statement we pass on, for a party that has given no
 * receipt for it: without the chain the statement means nothing to it.
 */
export async function chainItems(
  reader: StoreReader | StoreTransaction,
  author: string,
  party: string,
): Promise<QueueItem[]> {
  const rows = await reader
    .selectFrom('statements')
    .leftJoin('proofs', (join) =>
      join
        .onRef('proofs.statement', '=', 'statements.id')
        .on('proofs.party', '=', party)
        .on('proofs.role', '=', 'held'),
    )
    .select('statements.id')
    .where('statements.author', '=', author)
    .where('statements.kind', 'in', ['party.credentials', 'party.delegate'])
    .where('statements.refused', 'is', null)
    .where('proofs.statement', 'is', null)
    .orderBy('statements.said_index')
    .execute();
  if (author === party) return [];
  return rows.map((row) => ({ party, item: 'statement', ref: row.id, lane: 0 }));
}

/** Whether a party takes part in a docket that we folded. */
export async function takesPart(
  reader: StoreReader | StoreTransaction,
  party: string,
  docket: string,
): Promise<boolean> {
  const row = await reader
    .selectFrom('dockets')
    .select('participants')
    .where('id', '=', docket)
    .executeTakeFirst();
  return row !== undefined && (JSON.parse(row.participants) as string[]).includes(party);
}
