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
      .execute();
    // The first entry counts (rulings.md, 12); later proofs of the same party are evidence. What is
    // past the end of a log that ended counts for nothing.
    const places = rows
      .map(({ log_index: index, ...row }) => ({ ...row, index }))
      .filter((row) => !isPastEnd(chains.get(row.party), row))
      .sort((a, b) => {
        const chain = chains.get(a.party);
        return chain === undefined || a.party !== b.party ? 0 : comparePositions(chain, a, b);
      });
    const seen = new Set<string>();
    for (const { statement, party, origin, index, size } of places) {
      if (seen.has(`${statement} ${party}`)) continue;
      seen.add(`${statement} ${party}`);
      add(statement, party, { origin, index, size });
    }
  }
  return receipts;
}
