/**
 * Answers to what a counterpart asks for: statements it lacks, our newest checkpoint or the newest
 * of its own log that we hold, log entries, digests, facts (rulings.md, 25 to 27).
 *
 * Answers go into the counterpart's queue; nothing is given that was not addressed to it.
 */
import type { PouchRecord } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { copyState } from '../log/copies.ts';
import { foldedParticipants, mayHave } from './audience.ts';
import { nextWindow } from './facts.ts';
import {
  entriesPerPouchMax,
  lostPerAnswerMax,
  requestIdsMax,
  requestsPerPouchMax,
} from './limits.ts';
import { queueItems } from './outbox.ts';
import type { QueueItem } from './outbox.ts';
import { originOf } from './pouch-records.ts';

export type ComingRequest = Extract<PouchRecord, { type: 'request' }>;

/**
 * Queues the answers to the requests of a counterpart's pouch, and the next portion of what its log
 * lost in a restore, as long as there is one. Bounded: the rest is asked again. `theirSize` is
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
  items.push(...(await lostStatements(tx, party, await lostFrom(tx, party, requests, theirSize))));
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
      ];
    case 'entries':
      return [{ party, item: 'entries', ref: JSON.stringify({ from: request.from }), lane: 0 }];
    case 'digests':
      return [];
    case 'facts':
      if (request.docket === undefined) return [];
      if (!(await takesPart(reader, party, request.docket))) return [];
      return [await factsAnswer(reader, party, request.docket)];
  }
}

/** Of a docket that is larger than one record the next window each time that it is asked for. */
async function factsAnswer(
  tx: StoreTransaction,
  party: string,
  docket: string,
): Promise<QueueItem> {
  const from = await nextWindow(tx, party, docket);
  const ref = JSON.stringify({ docket, ...(from === '' ? {} : { from }) });
  return { party, item: 'facts', ref, lane: 1 };
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

/** A place in a log of the asker. */
interface LogPlace {
  origin: string;
  size: number;
}

/**
 * From where on the asker lost what its log had: where it says so, in whichever of its logs, else its
 * size, of which an asker that has its entries back already cannot speak. Null where it does not ask.
 */
async function lostFrom(
  tx: StoreTransaction,
  party: string,
  requests: readonly ComingRequest[],
  theirSize: number,
): Promise<LogPlace | null> {
  const asked = requests.filter((request) => request.what === 'checkpoint');
  const { origin, from } = asked.find((request) => request.from !== undefined) ?? asked[0] ?? {};
  if (asked.length === 0) return null;
  const known = await tx
    .selectFrom('credentials')
    .select('origin')
    .where('party', '=', party)
    .orderBy('version', 'desc')
    .execute();
  if (origin !== undefined && from !== undefined) {
    return known.some((row) => row.origin === origin) ? { origin, size: from } : null;
  }
  return known[0] === undefined ? null : { origin: known[0].origin, size: theirSize };
}

type Walk = LogPlace & { next: number };

const lostKey = (party: string) => `lost-since/${party}`;

/**
 * What a restored log has lost, the statements of its entries from a size on, in portions in the
 * order of the log. How far we are is kept: asked again with the same size, and with every later pouch
 * of the asker (which after the first answer may have its log back and ask no more), it goes on where
 * it ended, whatever became of what was sent before. `asked` is null where nothing was asked.
 */
async function lostStatements(
  tx: StoreTransaction,
  party: string,
  asked: LogPlace | null,
): Promise<QueueItem[]> {
  const row = await tx
    .selectFrom('meta')
    .select('value')
    .where('key', '=', lostKey(party))
    .executeTakeFirst();
  const kept = row === undefined ? {} : (JSON.parse(row.value) as Partial<Walk>);
  // One without an origin was begun by an earlier version, and is begun again.
  const walk = kept.origin === undefined ? null : (kept as Walk);
  const same = walk?.origin === asked?.origin && walk?.size === asked?.size;
  const goesOn = walk !== null && (asked === null || same);
  const place = goesOn ? walk : asked;
  if (place === null) return [];
  const { origin, size } = place;
  const lost = await lostPortion(tx, party, origin, goesOn ? walk.next : size);
  const last = lost.at(-1);
  if (last === undefined || lost.length < lostPerAnswerMax) {
    await tx.deleteFrom('meta').where('key', '=', lostKey(party)).execute();
  } else {
    const value = JSON.stringify({ origin, size, next: last.index + 1 });
    await tx
      .insertInto('meta')
      .values({ key: lostKey(party), value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
      .execute();
  }
  return lost.flatMap(({ id, held, theirs }): QueueItem[] => {
    if (!theirs) return [];
    const statement = { party, item: 'statement', ref: id, lane: 1 } as const;
    // Its own receipt: by the checkpoint in it the entry has its own-account time again.
    const ref = JSON.stringify({ statement: id, party, role: 'held' });
    return held ? [statement, { party, item: 'proof', ref, lane: 1 }] : [statement];
  });
}

/** At most so many statements of entries of a log of the party's from an index on, in its order. */
async function lostPortion(
  tx: StoreTransaction,
  party: string,
  origin: string,
  from: number,
): Promise<{ id: string; index: number; held: boolean; theirs: boolean }[]> {
  const said = await tx
    .selectFrom('statements')
    .select(['id', 'said_index as index'])
    .where('author', '=', party)
    .where('said_origin', '=', origin)
    .where('said_index', '>=', from)
    .orderBy('said_index')
    .limit(lostPerAnswerMax)
    .execute();
  const held = await tx
    .selectFrom('proofs')
    .innerJoin('statements', 'statements.id', 'proofs.statement')
    .select(['statements.id', 'proofs.log_index as index'])
    .select(['statements.author', 'statements.envelope'])
    .where('proofs.party', '=', party)
    .where('proofs.role', '=', 'held')
    .where('proofs.origin', '=', origin)
    .where('proofs.log_index', '>=', from)
    .orderBy('proofs.log_index')
    .limit(lostPerAnswerMax)
    .execute();
  const rows = [
    ...said.map((row) => ({ ...row, held: false, theirs: true })),
    // That its log names a statement does not make it one for its eyes.
    ...held.map((row) => ({ ...row, held: true, theirs: mayHave(party, row) })),
  ];
  return rows.sort((a, b) => a.index - b.index).slice(0, lostPerAnswerMax);
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
  // Its own too, which a restored home may have lost.
  return mayHave(party, row) ? row.author : null;
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
  return (await foldedParticipants(reader, docket)).includes(party);
}
