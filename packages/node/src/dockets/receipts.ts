/** Receipts of statements as inputs of a fold: the `held` entry of each participant that counts. */
import { comparePositions, isPastEnd } from '@comity/record';
import type { Chain } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import type { EntryPlace } from './facts.ts';
import type { StoredStatement } from './stored-statement.ts';

const listMax = 400;

/** By statement; our own `held` entries and those of others' proofs. */
export async function receiptsOf(
  reader: StoreReader | StoreTransaction,
  deps: { self: string; ownOrigin: string },
  stored: readonly StoredStatement[],
  chains: ReadonlyMap<string, Chain>,
): Promise<Map<string, { party: string; place: EntryPlace }[]>> {
  const receipts = new Map<string, { party: string; place: EntryPlace }[]>();
  const add = (id: string, party: string, place: EntryPlace): void => {
    const list = receipts.get(id) ?? [];
    list.push({ party, place });
    receipts.set(id, list);
  };
  for (const { row } of stored) {
    if (row.held_index === null || row.held_size === null) continue;
    const origin = row.held_origin ?? deps.ownOrigin;
    const place = { origin, index: row.held_index, size: row.held_size };
    if (isPastEnd(chains.get(deps.self), place)) continue;
    add(row.id, deps.self, place);
  }
  const ids = stored.map(({ row }) => row.id);
  for (let start = 0; start < ids.length; start += listMax) {
    const rows = await reader
      .selectFrom('proofs')
      .select(['statement', 'party', 'origin', 'log_index', 'size'])
      .where('role', '=', 'held')
      .where('statement', 'in', ids.slice(start, start + listMax))
      .orderBy('log_index')
      .orderBy('size')
      .orderBy('origin')
      .execute();
    // The first entry counts (rulings.md, 12); later proofs of the same party are evidence. What is
    // past the end of a log that ended counts for nothing.
    const places = rows
      .map(({ log_index: index, ...row }) => ({ ...row, index }))
      .filter((row) => !isPastEnd(chains.get(row.party), row));
    // Positions of two parties have no order, so each party's are sorted by themselves.
    for (const group of Map.groupBy(places, (row) => `${row.statement} ${row.party}`).values()) {
      const first = firstOf(group, chains);
      if (first === undefined) continue;
      const { statement, party, origin, index, size } = first;
      add(statement, party, { origin, index, size });
    }
  }
  return receipts;
}

/** The first of one party's entries in the order of its logs. */
function firstOf<T extends EntryPlace & { party: string }>(
  group: readonly T[],
  chains: ReadonlyMap<string, Chain>,
): T | undefined {
  const chain = chains.get(group[0]?.party ?? '');
  if (chain === undefined) return group[0];
  return group.toSorted((a, b) => comparePositions(chain, a, b))[0];
}
