/** Brings a database to the newest version of the tables, each version in one transaction. */
import { sql, type Kysely } from 'kysely';
import { metaTable, migrationsFrom, schemaVersionNewest, type ColumnWords } from './migrations.ts';
import type { Schema } from './schema.ts';

const versionKey = 'schema-version';

/** Throws when the database is newer than this program; otherwise migrates and returns. */
export async function migrate(writer: Kysely<Schema>, words: ColumnWords): Promise<void> {
  await sql.raw(metaTable(words)).execute(writer);
  const found = await writer
    .selectFrom('meta')
    .select('value')
    .where('key', '=', versionKey)
    .executeTakeFirst();
  const version = found === undefined ? 0 : Number(found.value);
  if (!Number.isSafeInteger(version) || version > schemaVersionNewest) {
    throw new Error(
      `the database has version ${found?.value ?? '?'}, this program knows up to ` +
        `${schemaVersionNewest}: use the newer program`,
    );
  }
  let next = version;
  for (const statements of migrationsFrom(version, words)) {
    next += 1;
    await applyVersion(writer, next, statements);
  }
}

/** Both databases undo table changes with the transaction, so a kill leaves the older version. */
async function applyVersion(
  writer: Kysely<Schema>,
  version: number,
  statements: string[],
): Promise<void> {
  await writer.transaction().execute(async (tx) => {
    for (const statement of statements) await sql.raw(statement).execute(tx);
    await tx
      .insertInto('meta')
      .values({ key: versionKey, value: String(version) })
      .onConflict((row) => row.column('key').doUpdateSet({ value: String(version) }))
      .execute();
  });
}
