/** Whom an operator can turn to when our log waits for what others hold of it. */
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const namesShownMax = 8;

/** Names of confirmed counterparts, sorted; past eight of them the last word says how many more. */
export async function counterpartNames(reader: StoreReader | StoreTransaction): Promise<string[]> {
  const rows = await reader
    .selectFrom('parties')
    .select('name')
    .where('state', '=', 'confirmed')
    .orderBy('name')
    .execute();
  const names = rows.slice(0, namesShownMax).map(({ name }) => name);
  if (rows.length > names.length) names.push(`${rows.length - names.length} more`);
  return names;
}
