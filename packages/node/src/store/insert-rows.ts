/**
 * Inserts many rows of one table, or of several together.
 *
 * Kysely builds a tree node for every single value, which for a batch of the log costs more than
 * the database does. Here the text is one row's insert, made once for all rows: SQLite runs it row by
 * row, all tables in one message to the writer's thread (each message waits for its turn on a busy
 * main thread while the transaction is held), PostgreSQL takes the rows in chunks of a few sizes.
 */
import { CompiledQuery, PostgresAdapter, type Insertable } from 'kysely';
import type { Schema } from './schema.ts';
import { ManyRuns } from './sqlite-dialect.ts';
import type { StoreTransaction } from './store.ts';

/** Rows in one PostgreSQL insert, the largest that fits first; it allows 65,535 parameters. */
const postgresChunks = [256, 32, 4, 1];

/**
 * What becomes of a row whose key is there already: it fails the transaction, stays as it is, or
 * (found by the unique columns `key`) gets the values of the columns `replace` where they differ.
 */
export type OnConflict<Column extends string = string> =
  'fail' | 'keep' | { key: readonly Column[]; replace: readonly Column[] };

/** Rows for one table, made by `rowsFor`. */
export interface TableRows {
  table: string;
  columns: readonly string[];
  /** Row after row. */
  values: readonly unknown[];
  /** Columns with the same value in every row, which stands in the text. */
  constants: { readonly [column: string]: string | number | null };
  onConflict: OnConflict;
}

/** `rows` must all have the columns of the first and no key twice. */
export function rowsFor<T extends keyof Schema>(
  table: T,
  rows: readonly Insertable<Schema[T]>[],
  onConflict: OnConflict<keyof Schema[T] & string> = 'fail',
): TableRows {
  const columns = Object.keys(rows[0] ?? {});
  const values: unknown[] = [];
  for (const row of rows as readonly { readonly [column: string]: unknown }[]) {
    for (const column of columns) values.push(row[column] ?? null);
  }
  return { table, columns, values, constants: {}, onConflict };
}

/** Inserts `rows` into one table; see `rowsFor`. */
export async function insertRows<T extends keyof Schema>(
  tx: StoreTransaction,
  table: T,
  rows: readonly Insertable<Schema[T]>[],
  onConflict: OnConflict<keyof Schema[T] & string> = 'fail',
): Promise<void> {
  await insertTogether(tx, [rowsFor(table, rows, onConflict)]);
}

/** Inserts the rows of several tables, in this order. */
export async function insertTogether(
  tx: StoreTransaction,
  tables: readonly TableRows[],
): Promise<void> {
  const filled = tables.filter(({ values }) => values.length > 0);
  if (filled.length === 0) return;
  if (tx.getExecutor().adapter instanceof PostgresAdapter) {
    for (const one of filled) await insertInChunks(tx, one);
    return;
  }
  const runs = filled.map((one) => ({
    sql: insertText(one, [
      marks(
        one.columns.map(() => '?'),
        one,
      ),
    ]),
    width: one.columns.length,
    values: one.values,
  }));
  await tx.executeQuery(CompiledQuery.raw('', [new ManyRuns(runs)]));
}

async function insertInChunks(tx: StoreTransaction, one: TableRows): Promise<void> {
  const { columns, values } = one;
  const rows = values.length / columns.length;
  let start = 0;
  for (const size of postgresChunks) {
    if (rows - start < size) continue;
    const tuples = Array.from({ length: size }, (_, row) => {
      const first = row * columns.length + 1;
      return marks(
        columns.map((_column, position) => `$${first + position}`),
        one,
      );
    });
    const text = insertText(one, tuples);
    for (; rows - start >= size; start += size) {
      const part = values.slice(start * columns.length, (start + size) * columns.length);
      await tx.executeQuery(CompiledQuery.raw(text, part));
    }
  }
}

// Names of tables and columns, and constants, come from this program alone, never from outside.
function insertText(one: TableRows, tuples: readonly string[]): string {
  const { table, columns, constants } = one;
  const names = [...columns, ...Object.keys(constants)].map((column) => `"${column}"`).join(', ');
  return `insert into "${table}" (${names}) values ${tuples.join(', ')}${ending(one)}`;
}

function marks(parameters: readonly string[], { constants }: TableRows): string {
  const written = Object.values(constants).map((value) =>
    typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value),
  );
  return `(${[...parameters, ...written].join(', ')})`;
}

function ending({ table, onConflict }: TableRows): string {
  if (onConflict === 'fail') return '';
  if (onConflict === 'keep') return ' on conflict do nothing';
  const { key, replace } = onConflict;
  const set = replace.map((column) => `"${column}" = excluded."${column}"`).join(', ');
  const names = key.map((column) => `"${column}"`).join(', ');
  // A row that has the values already is not written again: it may be a large one.
  const differs = replace
    .map((column) => `"${table}"."${column}" is distinct from excluded."${column}"`)
    .join(' or ');
  return ` on conflict (${names}) do update set ${set} where ${differs}`;
}
