/**
 * Passing on: each participant of a docket sends the others what they lack (protocol.md, Intake).
 *
 * The author sends its statement to everybody first; who has given no receipt after a while is sent
 * it by the others too, with the author's credentials chain before it.
 */
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { mayHave } from './audience.ts';
import { passOnAfterSeconds, passOnPerSweepMax, passOnWatchedMax, sqlListMax } from './limits.ts';
import { queueItems } from './outbox.ts';
import type { QueueItem } from './outbox.ts';
import { chainItems } from './requests.ts';

/** Statements of others whose recipients will be looked at once they had time to answer. */
export interface PassOnWatch {
  /** A statement with more recipients than us was taken in. */
  note(id: string, recipients: readonly string[], now: number): void;
  /** What is due, and forgotten here, by recipient. */
  due(now: number): Map<string, string[]>;
}

/**
 * Remembers in memory, within a bound: what is lost by a stop, or past the bound, comes out when
 * heartbeats differ.
 */
export function makePassOnWatch(): PassOnWatch {
  const watched = new Map<string, { at: number; recipients: readonly string[] }>();
  return {
    note(id, recipients, now) {
      if (watched.size < passOnWatchedMax) {
        watched.set(id, { at: now + passOnAfterSeconds, recipients });
      }
    },
    due(now) {
      const due = new Map<string, string[]>();
      for (const [id, { at, recipients }] of watched) {
        if (at > now) break; // In order of time: the rest is later.
        watched.delete(id);
        for (const party of recipients) due.set(party, [...(due.get(party) ?? []), id]);
      }
      return due;
    },
  };
}

/** Queues those of these statements for which a counterpart gave no receipt; returns how many. */
export async function passOn(
  tx: StoreTransaction,
  self: string,
  party: string,
  ids: readonly string[],
  now: number,
): Promise<number> {
  let queued = 0;
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const part = ids.slice(start, start + sqlListMax);
    queued += await queueLacked(tx, self, party, await lackedBy(tx, party, 'id', part), now);
  }
  return queued;
}

/** The same for everything in dockets of three parties or more: before a file goes by hand. */
export async function passOnEverything(
  tx: StoreTransaction,
  self: string,
  party: string,
  now: number,
): Promise<number> {
  let queued = 0;
  const dockets = await manySidedDockets(tx, party);
  for (let start = 0; start < dockets.length; start += sqlListMax) {
    const part = dockets.slice(start, start + sqlListMax);
    queued += await queueLacked(tx, self, party, await lackedBy(tx, party, 'docket', part), now);
  }
  return queued;
}

async function queueLacked(
  tx: StoreTransaction,
  self: string,
  party: string,
  lacked: readonly { id: string; author: string }[],
  now: number,
): Promise<number> {
  const items: QueueItem[] = [];
  const authors = new Set(lacked.map((row) => row.author));
  authors.delete(self);
  for (const author of authors) items.push(...(await chainItems(tx, author, party)));
  for (const { id } of lacked) items.push({ party, item: 'statement', ref: id, lane: 1 });
  await queueItems(tx, items, now);
  return lacked.length;
}

async function manySidedDockets(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<string[]> {
  const rows = await reader
    .selectFrom('docket_participants')
    .select('docket')
    .where('party', '=', party)
    .where('participants', '>', 2)
    .orderBy('docket')
    .execute();
  return rows.map((row) => row.docket);
}

/** What the party may have and has given no receipt for, at most `passOnPerSweepMax`. */
async function lackedBy(
  reader: StoreReader | StoreTransaction,
  party: string,
  column: 'id' | 'docket',
  values: readonly string[],
): Promise<{ id: string; author: string }[]> {
  const lacked: { id: string; author: string }[] = [];
  for (let offset = 0; ; offset += passOnPerSweepMax) {
    const rows = await withoutReceipt(reader, party, column, values, offset);
    lacked.push(...rows.filter((row) => mayHave(party, row)));
    if (rows.length < passOnPerSweepMax || lacked.length >= passOnPerSweepMax) break;
  }
  return lacked.slice(0, passOnPerSweepMax);
}

async function withoutReceipt(
  reader: StoreReader | StoreTransaction,
  party: string,
  column: 'id' | 'docket',
  values: readonly string[],
  offset: number,
): Promise<{ id: string; author: string; envelope: Uint8Array }[]> {
  return reader
    .selectFrom('statements')
    .select(['id', 'author', 'envelope'])
    .where(column, 'in', values)
    .where('author', '!=', party)
    .where('refused', 'is', null)
    .where((e) =>
      e.and([
        e.not(
          e.exists(
            e
              .selectFrom('proofs')
              .select('proofs.statement')
              .whereRef('proofs.statement', '=', 'statements.id')
              .where('proofs.party', '=', party)
              .where('proofs.role', '=', 'held'),
          ),
        ),
        e.not(
          e.exists(
            e
              .selectFrom('refusals')
              .select('refusals.statement')
              .whereRef('refusals.statement', '=', 'statements.id')
              .where('refusals.refuser', '=', party),
          ),
        ),
        e.not(
          e.exists(
            e
              .selectFrom('outbox')
              .select('outbox.id')
              .whereRef('outbox.ref', '=', 'statements.id')
              .where('outbox.item', '=', 'statement')
              .where('outbox.party', '=', party),
          ),
        ),
      ]),
    )
    .orderBy('logged_at')
    .orderBy('id')
    .limit(passOnPerSweepMax)
    .offset(offset)
    .execute();
}
