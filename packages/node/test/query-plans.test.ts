/** What an exchange asks often is found by an index, however much else a node holds. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CompiledQuery } from 'kysely';
import type { Kysely, KyselyPlugin } from 'kysely';
import { createRefolder } from '../src/dockets/refold.ts';
import { witnessesWeSignedFor } from '../src/dockets/timing-witnesses.ts';
import { docketsOfParties, docketsWithEntries } from '../src/exchange/docket-marks.ts';
import { sharedDockets } from '../src/exchange/shared-dockets.ts';
import { notLookedAt } from '../src/watch/looked-at.ts';
import { insertRows } from '../src/store/insert-rows.ts';
import { checkpointRow, credentialsRow } from './rows.ts';
import type { Schema } from '../src/store/schema.ts';
import type { Store, StoreReader } from '../src/store/store.ts';
import { storeKinds, type TestPlace } from './stores.ts';

const party = 'a'.repeat(64);
const self = 'b'.repeat(64);
let place: TestPlace;
let store: Store;

beforeEach(async () => {
  const sqlite = storeKinds.find(({ name }) => name === 'SQLite');
  if (sqlite === undefined) throw new Error('no SQLite');
  place = await sqlite.place();
  store = await place.open();
});
afterEach(async () => {
  await store.close();
  await place.remove();
});

/** Tables that these queries read from end to end, by SQLite's plans for them. */
async function readWhole(run: (reader: StoreReader) => Promise<unknown>): Promise<string[]> {
  const whole: string[] = [];
  const asked: CompiledQuery[] = [];
  const reader = store.reader as Kysely<Schema>;
  const listen: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      asked.push(reader.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  await run(reader.withPlugin(listen));
  expect(asked).not.toEqual([]);
  for (const { sql: text, parameters } of asked) {
    const explain = CompiledQuery.raw(`explain query plan ${text}`, [...parameters]);
    const { rows } = await reader.executeQuery<{ detail: string }>(explain);
    for (const { detail } of rows) if (detail.startsWith('SCAN')) whole.push(detail);
  }
  return whole;
}

it('the check sees a table that is read from end to end', async () => {
  expect(await readWhole((reader) => reader.selectFrom('dockets').selectAll().execute())).toEqual([
    'SCAN dockets',
  ]);
});

it.each<[string, (reader: StoreReader) => Promise<unknown>]>([
  ['the dockets under a heartbeat', (reader) => sharedDockets(reader, party)],
  ['the dockets that new credentials concern', (reader) => docketsOfParties(reader, [party])],
  [
    'the dockets that a cosignature concerns',
    (reader) => docketsWithEntries(reader, 'log', 0, 9, 'log'),
  ],
  ['the witnesses in terms that we signed', (reader) => witnessesWeSignedFor(reader, self)],
  ['the dockets left dirty, at start', (reader) => startFolding(reader)],
  ['what was not looked at', (reader) => countNotLookedAt(reader)],
])('%s', async (_, run) => {
  // An index that holds little is read whole by right.
  const whole = await readWhole(run);
  expect(whole.filter((detail) => !detail.includes('dockets_dirty'))).toEqual([]);
});

async function countNotLookedAt(reader: StoreReader): Promise<void> {
  await store.transact(async (tx) => {
    const own = [credentialsRow(self, 1, 'log'), credentialsRow(self, 2, 'log/2')];
    await insertRows(tx, 'credentials', own);
    await insertRows(tx, 'checkpoints', [checkpointRow('log', 9), checkpointRow('log/2', 9)]);
  });
  await notLookedAt(reader, self);
}

async function startFolding(reader: StoreReader): Promise<void> {
  const refolder = await createRefolder({
    ...{ store: { ...store, reader }, self, ownOrigin: 'log', exercise: true },
    ...{ clock: { now: () => 0, nowMs: () => 0 }, after: () => () => undefined },
    ...{ log: () => undefined, notify: () => undefined },
  });
  await refolder.close();
}
