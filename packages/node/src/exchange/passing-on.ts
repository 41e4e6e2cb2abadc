/**
 * Passing on: each participant of a docket sends the others what they lack (protocol.md, Intake).
 *
 * The author sends its statement to everybody first; who has given no receipt after a while is sent
 * it by the others too, with the author's credentials chain before it.
 */
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { passOnPerSweepMax, sqlListMax } from './limits.ts';
import { queueItems } from './outbox.ts';
import type { QueueItem } from './outbox.ts';
import { chainItems } from './requests.ts';

/** Queues what this counterpart lacks and has had `seconds` to receive; returns how many. */
export async function passOnTo(
  tx: StoreTransaction,
  self: string,
  party: string,
  seconds: number,
  now: number,
): Promise<number> {
  const dockets = await manySidedDockets(tx, party);
  const items: QueueItem[] = [];
  const authors = new Set<string>();
  for (let start = 0; start < dockets.length; start += sqlListMax) {
    const part = dockets.slice(start, start + sqlListMax);
    for (const row of await lackedBy(tx, party, part, now - seconds)) {
      if (row.author !== self) authors.add(row.author);
      items.push({ party, item: 'statement', ref: row.id, lane: 1 });
    }
  }
  const chains: QueueItem[] = [];
  for (const author of authors) chains.push(...(await chainItems(tx, author, party)));
  await queueItems(tx, [...chains, ...items], now);
  return items.length;
}

async function manySidedDockets(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<string[]> {
  const rows = await reader
    .selectFrom('dockets')
    .select('id')
    .where('participants', 'like', `%${party}%`)
    // Three participants or more: at least two commas between them.
    .where('participants', 'like', '%,%,%')
    .execute();
  return rows.map((row) => row.id);
}

async function lackedBy(
  reader: StoreReader | StoreTransaction,
  party: string,
  dockets: readonly string[],
  before: number,
): Promise<{ id: string; author: string }[]> {
  return reader
    .selectFrom('statements')
    .select(['id', 'author'])
    .where('docket', 'in', dockets)
    .where('author', '!=', party)
    .where('refused', 'is', null)
    .where('logged_at', '<=', before)
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
    .limit(passOnPerSweepMax)
    .execute();
}
