/** The store on PostgreSQL 15 or newer: a pool for reading, one writing client under a lock. */
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { migrate } from './migrate.ts';
import { postgresWords } from './migrations.ts';
import { PostgresWriter } from './postgres-writer.ts';
import type { Schema } from './schema.ts';
import type { Store } from './store.ts';
import { TransactQueue } from './transact-queue.ts';

/** Connections for reading; the writer has one more. */
const readConnectionsMax = 8;

const typeInt8 = 20;
const typeBytea = 17;

type Parser = (value: string) => unknown;
const parserOfPg = pg.types.getTypeParser as (oid: number, format?: string) => Parser;

/** bigint as a number (throws past 2^53), bytea as a plain Uint8Array; the rest as pg has it. */
const postgresTypes = {
  getTypeParser: (oid: number, format?: string): Parser => {
    if (oid === typeInt8) return parseSafeInteger;
    if (oid === typeBytea) return parseBytea;
    return parserOfPg(oid, format);
  },
} as pg.CustomTypesConfig;

/**
 * Connects to `url` (a schema can be chosen with `?options=-c search_path=name`). Throws when
 * another process writes in that schema.
 */
export async function openPostgres(url: string): Promise<Store> {
  const client = new PostgresWriter(url, postgresTypes);
  const writer = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: client }) });
  try {
    await migrate(writer, postgresWords);
  } catch (error) {
    await client.end();
    throw error;
  }
  const reader = openReader(url);
  const queue = new TransactQueue(writer);
  return {
    kind: 'postgres',
    reader,
    transact: (work) => queue.run(work),
    close: async () => {
      await queue.drain();
      await reader.destroy();
      await writer.destroy();
    },
  };
}

function openReader(url: string): Kysely<Schema> {
  const pool = new pg.Pool({
    connectionString: url,
    max: readConnectionsMax,
    types: postgresTypes,
  });
  // An idle connection that breaks is replaced by the pool; unheard, its error would end us.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    void client.query('set default_transaction_read_only = on').catch(() => undefined);
  });
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`integer out of range: ${text}`);
  return value;
}

function parseBytea(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
}
