/** Which statements of a pouch we hold, said or refused already. */
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { sqlListMax } from './limits.ts';

export interface KnownStatement {
  author: string;
  docket: string;
  own: boolean;
  held: boolean;
  /** Code of our refusal, or null. */
  refused: string | null;
  listDigest: string;
  anchorLinesMissing: boolean;
}

/** By id; what is not there is new. */
export async function statementsKnown(
  reader: StoreReader | StoreTransaction,
  ids: readonly string[],
): Promise<Map<string, KnownStatement>> {
  const known = new Map<string, KnownStatement>();
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const rows = await reader
      .selectFrom('statements')
      .select(['id', 'author', 'docket', 'own', 'held_index', 'refused', 'list_digest'])
      .select('anchor_lines')
      .where('id', 'in', ids.slice(start, start + sqlListMax))
      .execute();
    for (const row of rows) {
      known.set(row.id, {
        author: row.author,
        docket: row.docket,
        own: row.own === 1,
        held: row.held_index !== null,
        refused: row.refused,
        listDigest: row.list_digest,
        anchorLinesMissing: row.anchor_lines === '[]',
      });
    }
  }
  return known;
}
