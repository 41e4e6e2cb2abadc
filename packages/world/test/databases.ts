/** Databases of the homes that tests make: SQLite in the home, PostgreSQL where a server is named. */
import { randomBytes } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

export type Row = { [column: string]: unknown };

/** The database of one home. */
export interface TestDatabase {
  /** For `config.json`; null = SQLite in the home. */
  url: string | null;
  /** Copies home and database away; the node must not run. */
  save(): Promise<void>;
  /** Puts home and database back as they were saved; the node must not run. */
  putBack(): Promise<void>;
  /** Reads only; `query` without parameters, for both databases. */
  rows(query: string): Promise<Row[]>;
  drop(): Promise<void>;
}

export interface DatabaseKind {
  name: string;
  make(home: string): Promise<TestDatabase>;
}

const server = process.env['COMITY_TEST_POSTGRES'];

/** Use as `describe.each(databaseKinds)('… on $name', (kind) => …)`. */
export const databaseKinds: DatabaseKind[] = [
  { name: 'SQLite', make: sqliteDatabase },
  ...(server
    ? [{ name: 'PostgreSQL', make: (home: string) => postgresDatabase(server, home) }]
    : []),
];

async function replaceFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  // Sockets cannot be copied, and a stopped node leaves none.
  await cp(from, to, { recursive: true, filter: (path) => !path.endsWith('/socket') });
}

async function sqliteDatabase(home: string): Promise<TestDatabase> {
  const copy = `${home}-copy`;
  return {
    url: null,
    save: () => replaceFolder(home, copy),
    putBack: () => replaceFolder(copy, home),
    rows: async (query) => {
      const database = new DatabaseSync(join(home, 'store', 'comity.sqlite'), { readOnly: true });
      try {
        return database.prepare(query).all();
      } finally {
        database.close();
      }
    },
    drop: async () => undefined,
  };
}

async function postgresDatabase(url: string, home: string): Promise<TestDatabase> {
  const name = `world_${randomBytes(8).toString('hex')}`;
  const copy = `${name}_copy`;
  const own = new URL(url);
  own.pathname = `/${name}`;
  await query(url, `create database ${name}`);
  return {
    url: own.href,
    save: async () => {
      await replaceFolder(home, `${home}-copy`);
      await query(url, `create database ${copy} template ${name}`);
    },
    putBack: async () => {
      await replaceFolder(`${home}-copy`, home);
      await query(url, `drop database ${name} with (force)`);
      await query(url, `create database ${name} template ${copy}`);
    },
    rows: (text) => query(own.href, text),
    drop: async () => {
      await query(url, `drop database if exists ${name} with (force)`);
      await query(url, `drop database if exists ${copy} with (force)`);
    },
  };
}

async function query(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
