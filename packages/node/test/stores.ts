/** Real stores for tests: SQLite in a temporary folder always, PostgreSQL where a server is named. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openStore } from '../src/store/open.ts';
import type { Store, StoreLocation } from '../src/store/store.ts';

/** A place of its own for one test: a folder, and a database that nobody else uses. */
export interface TestPlace {
  folder: string;
  location: StoreLocation;
  open(): Promise<Store>;
  remove(): Promise<void>;
}

export interface StoreKind {
  name: string;
  place(): Promise<TestPlace>;
}

/** Address of a PostgreSQL server, set by postgres-server.ts or by hand. */
export const postgresUrl = process.env['COMITY_TEST_POSTGRES'];

/** Use as `describe.each(storeKinds)('… on $name', ({ place }) => …)`. */
export const storeKinds: StoreKind[] = [
  { name: 'SQLite', place: sqlitePlace },
  ...(postgresUrl ? [{ name: 'PostgreSQL', place: () => postgresPlace(postgresUrl) }] : []),
];

async function sqlitePlace(): Promise<TestPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'comity-test-'));
  const location: StoreLocation = { kind: 'sqlite', path: join(folder, 'comity.sqlite') };
  return {
    folder,
    location,
    open: () => openStore(location),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Each place is a schema of its own in the server's database. */
async function postgresPlace(server: string): Promise<TestPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'comity-test-'));
  const schema = `test_${randomBytes(8).toString('hex')}`;
  await administer(server, `create schema ${schema}`);
  const url = new URL(server);
  url.searchParams.set('options', `-c search_path=${schema}`);
  const location: StoreLocation = { kind: 'postgres', url: url.href.replaceAll('+', '%20') };
  return {
    folder,
    location,
    open: () => openStore(location),
    remove: async () => {
      await administer(server, `drop schema ${schema} cascade`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
