/** Old copies of a log's database, for tests of restoring. */
import type { Store } from '../src/store/store.ts';

const loggedTables = [
  'statements',
  'parents',
  'proofs',
  'outbox',
  'entries',
  'tiles',
  'checkpoints',
  'cosignatures',
] as const;

type Tables = Map<(typeof loggedTables)[number], Record<string, unknown>[]>;

/** What a backup of the log's tables holds. */
export async function tablesOf(store: Store): Promise<Tables> {
  const tables: Tables = new Map();
  for (const table of loggedTables) {
    tables.set(table, await store.reader.selectFrom(table).selectAll().execute());
  }
  return tables;
}

/** Brings the database back to what it was, as a restored backup does. */
export async function putBack(store: Store, tables: Tables): Promise<void> {
  await store.transact(async (tx) => {
    for (const [table, rows] of tables) {
      await tx.deleteFrom(table).execute();
      if (rows.length > 0) await tx.insertInto(table).values(rows).execute();
    }
  });
}
