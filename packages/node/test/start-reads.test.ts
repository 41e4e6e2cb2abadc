/**
 * Starting must not read the record: guarded by what is asked of the database, not by time. Every
 * query of a start is explained with its own parameters, and its rows are counted at two sizes.
 */
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openMany } from '../src/desk/open-many.ts';
import { homeLayout } from '../src/home/layout.ts';
import type { RunningNode } from '../src/node.ts';
import type { PartyState } from '../src/store/schema.ts';
import { SqliteStatements } from '../src/store/sqlite-statements.ts';
import { SqliteWriter } from '../src/store/sqlite-writer.ts';
import { api, apiFile, makeHome } from './homes.ts';
import type { TestHome } from './homes.ts';

/** Tables that grow with every statement, or with every batch of them. */
const growing = [
  'statements',
  'parents',
  'proofs',
  'refusals',
  'entries',
  'tiles',
  'checkpoints',
  'cosignatures',
  'dockets',
  'confirmations',
  'obligations',
];
/** Indexes of which a scan is short: they hold what is still to be done. */
const shortIndexes = ['dockets_dirty'];

interface Asked {
  sql: string;
  parameters: readonly unknown[];
  rows: number;
}

/** Notes what goes to the database on both threads; rows of the reading one. */
function listenToStore(): Asked[] {
  vi.restoreAllMocks();
  const asked: Asked[] = [];
  const { run: read } = SqliteStatements.prototype;
  vi.spyOn(SqliteStatements.prototype, 'run').mockImplementation(function (
    this: SqliteStatements,
    sql,
    parameters,
  ) {
    const result = read.call(this, sql, parameters);
    asked.push({ sql, parameters, rows: result.rows.length });
    return result;
  });
  const { run: write } = SqliteWriter.prototype;
  vi.spyOn(SqliteWriter.prototype, 'run').mockImplementation(function (
    this: SqliteWriter,
    ...call
  ) {
    const [sql, parameters] = call;
    if (sql !== null) asked.push({ sql, parameters, rows: 0 });
    return write.call(this, ...call);
  });
  return asked;
}

/** Steps of query plans that go through a growing table from end to end. */
function scansIn(home: TestHome, asked: readonly Asked[]): string[] {
  const database = new DatabaseSync(homeLayout(home.home).store, { readOnly: true });
  const found = new Set<string>();
  for (const { sql, parameters } of asked) {
    if (!/^\s*(select|update|delete|insert|with)\b/i.test(sql)) continue;
    const steps = database
      .prepare(`explain query plan ${sql}`)
      .all(...(parameters as SQLInputValue[])) as { detail: string }[];
    for (const { detail } of steps) {
      const [, table] = /^SCAN (\w+)/.exec(detail) ?? [];
      if (table === undefined || !growing.includes(table)) continue;
      if (!shortIndexes.some((index) => detail.endsWith(` ${index}`))) found.add(detail);
    }
  }
  database.close();
  return [...found];
}

const incident = {
  title: 'Scanning of the national results portal',
  text: 'Since 02:10 UTC sustained scanning from address space that you answer for.',
  category: 'reconnaissance',
  sector: 'elections',
  severity: 'medium',
  priority: 'ordinary',
  times: [],
  origin: 'network-origin',
  proposition: null,
  confidence: 'moderate',
  signals: [],
  tlp: 'AMBER',
  asked: [],
};

/** Opens so many dockets with a party and leaves the store as if all had been delivered. */
async function say(node: RunningNode, home: TestHome, to: string, count: number): Promise<void> {
  const { store } = node.desk;
  const pair = async (state: PartyState) =>
    await store.transact(async (tx) => {
      await tx.updateTable('parties').set({ state }).where('id', '=', to).execute();
      await tx.deleteFrom('outbox').execute();
    });
  await pair('confirmed');
  const opening = { kind: 'incident.notify', body: incident };
  const opened = await openMany(node.desk, [to], Array(count).fill(opening), home.secrets);
  expect(opened).toMatchObject({ ok: true });
  await node.settled();
  await pair('added');
}

/** A start is what happens by itself; chores of later seconds are not meant. */
const noTimers = () => () => undefined;

/** What one start of the home asks, until nothing goes on any more. */
async function startListening(home: TestHome): Promise<{ node: RunningNode; asked: Asked[] }> {
  const asked = listenToStore();
  const node = await home.start({ after: noTimers });
  await node.settled();
  return { node, asked: asked.splice(0) };
}

const rowsOf = (asked: readonly Asked[]): number => asked.reduce((sum, { rows }) => sum + rows, 0);

describe('what is read of the record', () => {
  const homes: TestHome[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const home of homes.splice(0)) await home.remove();
  });

  it('grows neither at start nor in status and short lists', { timeout: 120_000 }, async () => {
    const north = await makeHome('Northland');
    const south = await makeHome('Southmark');
    homes.push(north, south);
    const southNode = await south.start({ offline: true });
    const credentials = (await southNode.call({ method: 'GET', path: '/credentials' })).body;
    await southNode.close();
    const first = await north.start({ after: noTimers });
    expect((await apiFile(first, '/parties/file', credentials)).status).toBe(200);
    // Past one full tile, after which the log's right edge has one more tile at most every 256 times.
    await say(first, north, south.party, 260);
    await first.close();

    const few = await startListening(north);
    await say(few.node, north, south.party, 200);
    await few.node.close();

    const many = await startListening(north);
    expect(many.asked.length).toBeGreaterThan(10);
    expect(scansIn(north, many.asked)).toEqual([]);
    expect(rowsOf(many.asked)).toBe(rowsOf(few.asked));

    const asked = listenToStore();
    for (const path of ['/status', '/dockets?limit=3', '/parties']) {
      expect((await api(many.node, 'GET', path)).status).toBe(200);
    }
    expect(asked.length).toBeGreaterThan(5);
    // The newest of a list come by an index that is left after as many as were asked for.
    const listed = 'SCAN dockets USING INDEX dockets_last_act';
    expect(scansIn(north, asked)).toEqual([listed]);
    expect(rowsOf(asked)).toBeLessThan(60);
    await many.node.close();
  });

  it('finds a scan where there is one', async () => {
    const north = await makeHome('Northland');
    homes.push(north);
    const node = await north.start({ offline: true });
    const asked = listenToStore();
    await node.desk.store.reader
      .selectFrom('statements')
      .selectAll()
      .where('made', '=', '')
      .execute();
    expect(scansIn(north, asked)).toEqual(['SCAN statements']);
    await node.close();
  });
});
