/**
 * What follows from a heartbeat that did not match (rulings.md, 26): digests per docket are
 * compared, then facts; statements that one lacks are asked for or sent; only equal inputs with an
 * unequal state raise an alarm.
 */
import { encodeBase64 } from '@comity/record';
import type { PouchRecord } from '@comity/record';
import { clearAlarm, raiseAlarm } from '../alarms.ts';
import { rootAt, treeSize } from '../log/tiles.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { checkCosignature } from './cosignature-checks.ts';
import type { CheckedCosignature, CosignerBook } from './cosignature-checks.ts';
import { enterCosignatures } from './cosignatures.ts';
import type { ExchangeDeps } from './deps.ts';
import { lackedLists } from './double-said.ts';
import type { FactsRecord } from './facts.ts';
import { cosignaturesOf, docketEntries, earliestCovering, nextWindow, rangeOf } from './facts.ts';
import { digestsDocketsMax, factsPerDocketMax, requestIdsMax, sqlListMax } from './limits.ts';
import { knownIds, noteMissing } from './missing.ts';
import { queueItems } from './outbox.ts';
import type { QueueItem } from './outbox.ts';
import { takesPart } from './requests.ts';

export type DigestsRecord = Extract<PouchRecord, { type: 'digests' }>;

export interface Deal {
  sender: string;
  book: CosignerBook;
  facts: FactsRecord[];
}

/** Takes in facts; returns the dockets whose inputs changed. */
export async function reconcile(
  tx: StoreTransaction,
  own: { party: string; origin: string },
  deal: Deal,
  now: number,
): Promise<string[]> {
  const changed: string[] = [];
  // Once a docket and pouch: a record costs as much as the docket is large.
  const byDocket = new Map(deal.facts.map((record) => [record.docket, record]));
  for (const record of byDocket.values())
    changed.push(...(await takeFacts(tx, own, deal, record, now)));
  return changed;
}

/**
 * Compares digests that came with ours as they stand. Dockets that wait to be folded, or of which
 * something is on its way to the sender, are left for the next heartbeat: fold before.
 */
export async function compareDigests(
  tx: StoreTransaction,
  deps: Pick<ExchangeDeps, 'log'>,
  sender: string,
  record: DigestsRecord,
  now: number,
): Promise<void> {
  const items: QueueItem[] = [];
  const moving = await docketsTravelling(tx, sender);
  const listed = record.dockets.slice(0, digestsDocketsMax);
  for (const theirs of new Map(listed.map((each) => [each.docket, each])).values()) {
    const ours = await tx
      .selectFrom('dockets')
      .select(['input_digest', 'state_digest', 'participants', 'dirty'])
      .where('id', '=', theirs.docket)
      .executeTakeFirst();
    const about = { code: 'state-differs', party: sender, about: theirs.docket };
    if (ours === undefined) {
      // A docket that we have nothing of: its heads are what to ask for.
      const heads = theirs.heads.slice(0, requestIdsMax);
      await noteMissing(
        tx,
        heads.map((id) => ({ id, docket: theirs.docket, party: sender })),
        now,
      );
      continue;
    }
    if (!(JSON.parse(ours.participants) as string[]).includes(sender)) continue;
    if (ours.dirty === 1 || moving.has(theirs.docket)) continue;
    if (ours.input_digest !== theirs.inputDigest) {
      const from = await nextWindow(tx, sender, theirs.docket);
      const ref = JSON.stringify({ docket: theirs.docket, ...(from === '' ? {} : { from }) });
      items.push({ party: sender, item: 'facts', ref, lane: 0 });
      continue;
    }
    if (ours.state_digest === theirs.stateDigest) {
      await clearAlarm(tx, about, now);
      continue;
    }
    const detail = `equal inputs and unequal state in docket ${theirs.docket}`;
    deps.log('error', detail, { party: sender, docket: theirs.docket });
    await raiseAlarm(tx, { ...about, detail }, now);
  }
  await queueItems(tx, items, now);
}

/** Dockets of which a statement or a receipt is on its way to the party: no reason to compare facts. */
async function docketsTravelling(tx: StoreTransaction, party: string): Promise<Set<string>> {
  const rows = await tx
    .selectFrom('outbox')
    .innerJoin('statements', 'statements.id', 'outbox.ref')
    .select('statements.docket')
    .distinct()
    .where('outbox.party', '=', party)
    .where('outbox.item', 'in', ['statement', 'receipt'])
    .execute();
  return new Set(rows.map(({ docket }) => docket));
}

/**
 * Facts of one docket, or of a window of a large one: what we lack is asked for or entered, what the
 * other lacks is sent. Nothing is concluded about statements that the record does not speak of.
 */
async function takeFacts(
  tx: StoreTransaction,
  own: { party: string; origin: string },
  deal: Deal,
  record: FactsRecord,
  now: number,
): Promise<string[]> {
  const { sender } = deal;
  const { docket } = record;
  if (!(await takesPart(tx, sender, docket))) return [];
  const ours = await docketEntries(tx, docket, rangeOf(record));
  const held = new Set(ours.statements);
  const whole = new Set(ours.whole);
  const stated = record.statements.slice(0, factsPerDocketMax);
  const theirs = new Set(stated);
  const wanted = [...theirs].filter((id) => !whole.has(id));
  // What we have outside the docket, or refused, must not take the place of what we lack.
  const unheld = wanted.filter((id) => !held.has(id));
  const known = await knownIds(tx, unheld);
  const lacked = wanted.filter((id) => !known.has(id)).slice(0, requestIdsMax);
  await noteMissing(
    tx,
    lacked.map((id) => ({ id, docket, party: sender, lines: held.has(id) })),
    now,
  );
  const items: QueueItem[] = ours.statements
    .filter((id) => !theirs.has(id))
    .map((ref) => ({ party: sender, item: 'statement', ref, lane: 1 }));
  items.push(...(await lackedProofs(tx, own.party, sender, ours.statements)));
  items.push(...(await lackedLists(tx, sender, ours.statements)));
  items.push(...(await lackedCosignatures(tx, sender, ours.entries, record)));
  await queueItems(tx, items, now);
  const coming = await factCosignatures(tx, deal.book, record);
  const entered = await enterCosignatures(tx, coming, own, now);
  return entered.dockets;
}

/** Receipts of this docket, ours and others', of which the other side's facts cannot tell. */
async function lackedProofs(
  tx: StoreTransaction,
  self: string,
  sender: string,
  statements: readonly string[],
): Promise<QueueItem[]> {
  const items: QueueItem[] = [];
  for (let start = 0; start < statements.length; start += sqlListMax) {
    const ids = statements.slice(start, start + sqlListMax);
    const held = await tx
      .selectFrom('statements')
      .select('id')
      .where('id', 'in', ids)
      .where('held_index', 'is not', null)
      .execute();
    for (const { id } of held) items.push({ party: sender, item: 'receipt', ref: id, lane: 1 });
    const proofs = await tx
      .selectFrom('proofs')
      .select(['statement', 'party'])
      .where('statement', 'in', ids)
      .where('role', '=', 'held')
      .where('party', 'not in', [sender, self])
      .execute();
    for (const { statement, party } of proofs) {
      const ref = JSON.stringify({ statement, party, role: 'held' });
      items.push({ party: sender, item: 'proof', ref, lane: 1 });
    }
  }
  return items;
}

/** Our cosignature facts that are not among theirs. */
async function lackedCosignatures(
  tx: StoreTransaction,
  sender: string,
  entries: readonly { origin: string; index: number }[],
  record: FactsRecord,
): Promise<QueueItem[]> {
  const known = new Set(record.facts.map((fact) => `${fact.origin} ${fact.index} ${fact.line}`));
  const items = new Map<string, QueueItem>();
  for (const [origin, list] of Map.groupBy(entries, (entry) => entry.origin)) {
    const byKey = await cosignaturesOf(tx, origin, list);
    for (const { index } of list) {
      for (const { size, vkey, line } of earliestCovering(byKey, index)) {
        if (known.has(`${origin} ${index} ${line}`)) continue;
        const ref = JSON.stringify({ origin, size, vkey });
        items.set(ref, { party: sender, item: 'cosignature', ref, lane: 1 });
      }
    }
  }
  return [...items.values()];
}

/** Their lines as cosignatures, on roots that we know ourselves: a fact does not carry the root. */
async function factCosignatures(
  tx: StoreTransaction,
  book: CosignerBook,
  record: FactsRecord,
): Promise<CheckedCosignature[]> {
  const lines = new Map<string, { origin: string; size: number; line: string }>();
  for (const { origin, size, line } of record.facts.slice(0, factsPerDocketMax)) {
    lines.set(`${origin} ${size} ${line}`, { origin, size, line });
  }
  const checked: CheckedCosignature[] = [];
  for (const { origin, size, line } of lines.values()) {
    const root = await rootOf(tx, origin, size);
    if (root === null) continue;
    const one = checkCosignature(book, { origin, size, root: encodeBase64(root), line });
    if (one !== null) checked.push(one);
  }
  return checked.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
}

async function rootOf(
  tx: StoreReader | StoreTransaction,
  origin: string,
  size: number,
): Promise<Uint8Array | null> {
  if (size < 1) return null;
  return size <= (await treeSize(tx, origin)) ? rootAt(tx, origin, size) : null;
}
