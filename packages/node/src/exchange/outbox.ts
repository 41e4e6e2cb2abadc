/**
 * The ordered queue of each counterpart, in the database (protocol.md, "courier").
 *
 * A row stays until the counterpart's answer, or a later receipt of its, covers it; so a lost
 * answer loses nothing. Rows of a pouch carry its sequence number. A `statement` row is covered by
 * the counterpart's receipt or refusal and by nothing else; every other row is covered when the
 * counterpart answered the pouch that carried it (pouch-nonces.ts).
 */
import { sql } from 'kysely';
import { insertRows } from '../store/insert-rows.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { sqlListMax } from './limits.ts';

export type OutboxItem =
  | 'statement'
  | 'second-list'
  | 'receipt'
  | 'proof'
  | 'cosignature'
  | 'checkpoint'
  | 'entries'
  | 'request'
  | 'digests'
  | 'facts';

/** `lane` 0 is the reserve: flash, signals, channel.*, and what keeps the channel itself going. */
export interface QueueItem {
  party: string;
  item: OutboxItem;
  /** Statement id for `statement` and `receipt`; RFC 8785 text of the matter for the others. */
  ref: string;
  lane: 0 | 1;
}

export interface OutboxRow {
  id: number;
  item: OutboxItem;
  ref: string;
  lane: number;
  pouch: number | null;
}

/** Items that do not set a pouch going at once: they wait for company (limits.ts, quietDelayMs). */
const quietItems: ReadonlySet<string> = new Set<OutboxItem>(['cosignature']);

/**
 * Puts items in the queue. What is there already is not put twice but made due again, which is
 * what a counterpart that asks a second time needs.
 */
export async function queueItems(
  tx: StoreTransaction,
  items: QueueItem[],
  now: number,
): Promise<void> {
  const wanted = new Map(items.map((each) => [`${each.party} ${each.item} ${each.ref}`, each]));
  const groups = Map.groupBy(wanted.values(), (each) => `${each.party} ${each.item}`);
  for (const group of groups.values()) {
    for (let start = 0; start < group.length; start += sqlListMax) {
      await queueGroup(tx, group.slice(start, start + sqlListMax), now);
    }
  }
}

async function queueGroup(tx: StoreTransaction, group: QueueItem[], now: number): Promise<void> {
  const first = group[0];
  if (first === undefined) return;
  const refs = group.map((each) => each.ref);
  const there = await tx
    .selectFrom('outbox')
    .select(['id', 'ref', 'pouch'])
    .where('party', '=', first.party)
    .where(isItem(first.item))
    .where('ref', 'in', refs)
    .execute();
  const sent = there.filter((row) => row.pouch !== null).map((row) => row.id);
  if (sent.length > 0) {
    await tx.updateTable('outbox').set({ pouch: null }).where('id', 'in', sent).execute();
  }
  const known = new Set(there.map((row) => row.ref));
  const fresh = group.filter((each) => !known.has(each.ref));
  const rows = fresh.map((each) => ({ ...each, queued_at: now, pouch: null }));
  await insertRows(tx, 'outbox', rows);
}

// Written out, not bound: only so does a database find the index of statements, of which there may
// be very many, by their ids. (Other items may be longer than an index takes.)
function isItem(item: OutboxItem) {
  return item === 'statement' ? sql<boolean>`item = 'statement'` : sql<boolean>`item = ${item}`;
}

/**
 * What waits for a party, the reserve first, then in order, at most `rowsMax`; rows of the pouches
 * named in `outstanding` are left out, since their answer may still come. `urgent`: without quiet items.
 */
export async function waitingRows(
  reader: StoreReader | StoreTransaction,
  party: string,
  outstanding: readonly number[],
  rowsMax: number,
  which: 'all' | 'urgent' = 'all',
): Promise<OutboxRow[]> {
  let query = reader
    .selectFrom('outbox')
    .select(['id', 'item', 'ref', 'lane', 'pouch'])
    .where('party', '=', party)
    .orderBy('lane')
    .orderBy('id')
    .limit(rowsMax);
  if (outstanding.length > 0) {
    query = query.where((e) =>
      e.or([e('pouch', 'is', null), e('pouch', 'not in', [...outstanding])]),
    );
  }
  if (which === 'urgent') query = query.where('item', 'not in', [...quietItems]);
  return (await query.execute()).map((row) => ({ ...row, item: row.item as OutboxItem }));
}

/** Sequence numbers of the pouches of which something in a party's queue is not covered. */
export async function carryingPouches(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<Set<number>> {
  const rows = await reader
    .selectFrom('outbox')
    .select('pouch')
    .distinct()
    .where('party', '=', party)
    .where('pouch', 'is not', null)
    .execute();
  return new Set(rows.map((row) => Number(row.pouch)));
}

/** Marks rows as carried by the pouch with this sequence number. */
export async function markCarried(
  tx: StoreTransaction,
  rows: readonly number[],
  sequence: number,
): Promise<void> {
  for (let start = 0; start < rows.length; start += sqlListMax) {
    const part = rows.slice(start, start + sqlListMax);
    await tx.updateTable('outbox').set({ pouch: sequence }).where('id', 'in', part).execute();
  }
}

/** Removes statements from a party's queue that its receipts or refusals cover. */
export async function coverStatements(
  tx: StoreTransaction,
  party: string,
  ids: readonly string[],
): Promise<void> {
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const part = ids.slice(start, start + sqlListMax);
    await tx
      .deleteFrom('outbox')
      .where('party', '=', party)
      .where(isItem('statement'))
      .where('ref', 'in', part)
      .execute();
  }
}

/** Removes what an answered pouch carried, except statements: those need a receipt or a refusal. */
export async function coverAnswered(
  tx: StoreTransaction,
  party: string,
  sequence: number,
): Promise<void> {
  await tx
    .deleteFrom('outbox')
    .where('party', '=', party)
    .where('pouch', '=', sequence)
    .where('item', '!=', 'statement')
    .execute();
}

/** Removes rows by id: what can no longer be sent (a party that is gone, a record that is void). */
export async function dropRows(tx: StoreTransaction, rows: readonly number[]): Promise<void> {
  for (let start = 0; start < rows.length; start += sqlListMax) {
    await tx
      .deleteFrom('outbox')
      .where('id', 'in', rows.slice(start, start + sqlListMax))
      .execute();
  }
}
