/** Display names of parties by identifier, for everything that is shown. */
import type { StoreReader, StoreTransaction } from '../store/store.ts';

export async function partyNames(
  reader: StoreReader | StoreTransaction,
): Promise<ReadonlyMap<string, string>> {
  const rows = await reader.selectFrom('parties').select(['id', 'name']).execute();
  return new Map(rows.map((row) => [row.id, row.name]));
}
