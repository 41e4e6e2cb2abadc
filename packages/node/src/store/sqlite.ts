/** The store on SQLite: one writing connection in a worker thread, one read-only here. */
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { migrate } from './migrate.ts';
import { sqliteWords } from './migrations.ts';
import type { Schema } from './schema.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { SqliteStatements } from './sqlite-statements.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import type { Store } from './store.ts';
import { TransactQueue } from './transact-queue.ts';

/**
 * Opens or creates the file at `path`. A second process that writes the same file is kept out by
 * the home's lock, not here.
 */
export async function openSqlite(path: string): Promise<Store> {
  const connection = new SqliteWriter(path);
  const writer = new Kysely<Schema>({ dialect: sqliteDialect(connection) });
  try {
    await migrate(writer, sqliteWords);
    const reader = openReader(path);
    const queue = new TransactQueue(writer);
    return {
      kind: 'sqlite',
      reader,
      transact: (work) => queue.run(work),
      close: async () => {
        await queue.drain();
        await reader.destroy();
        await writer.destroy();
      },
    };
  } catch (error) {
    await writer.destroy();
    throw error;
  }
}

/** Opened after the migration, since a read-only connection cannot create the WAL index. */
function openReader(path: string): Kysely<Schema> {
  const database = new DatabaseSync(path, { readOnly: true });
  database.exec('pragma busy_timeout = 10000; pragma cache_size = -32000;');
  const statements = new SqliteStatements(database);
  return new Kysely<Schema>({
    dialect: sqliteDialect({
      run: (sql, parameters) => statements.run(sql, parameters),
      iterate: (sql, parameters) => statements.iterate(sql, parameters),
      close: () => database.close(),
    }),
  });
}
