import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { insertRows } from '../src/store/insert-rows.ts';
import { schemaVersionNewest } from '../src/store/migrations.ts';
import type { Store } from '../src/store/store.ts';
import { storeKinds, type TestPlace } from './stores.ts';

describe.each(storeKinds)('store on $name', ({ place: makePlace }) => {
  let place: TestPlace;
  let store: Store;

  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
  });
  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  const entry = (origin: string, index: number) => ({
    origin,
    log_index: index,
    entry: new Uint8Array(32).fill(index),
  });

  it('gives back blobs as Uint8Array and integers as numbers up to 2^53 - 1', async () => {
    const row = {
      origin: 'a',
      log_index: Number.MAX_SAFE_INTEGER,
      entry: Uint8Array.of(0, 255, 7),
    };
    await store.transact((tx) => tx.insertInto('entries').values(row).execute());
    const found = await store.reader.selectFrom('entries').selectAll().executeTakeFirstOrThrow();
    expect(found).toEqual(row);
    expect(found.entry.constructor).toBe(Uint8Array);
  });

  it('undoes everything when the work throws, and goes on', async () => {
    const failing = store.transact(async (tx) => {
      await tx.insertInto('entries').values(entry('a', 1)).execute();
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await store.transact((tx) => tx.insertInto('entries').values(entry('a', 2)).execute());
    const rows = await store.reader.selectFrom('entries').select('log_index').execute();
    expect(rows).toEqual([{ log_index: 2 }]);
  });

  it('undoes everything when a statement violates a key', async () => {
    await store.transact((tx) => tx.insertInto('entries').values(entry('a', 1)).execute());
    const failing = store.transact(async (tx) => {
      await tx.insertInto('entries').values(entry('a', 2)).execute();
      await tx.insertInto('entries').values(entry('a', 1)).execute();
    });
    await expect(failing).rejects.toThrow();
    expect(await store.reader.selectFrom('entries').selectAll().execute()).toHaveLength(1);
  });

  it('runs transactions one after another in the order of the calls', async () => {
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        store.transact(async (tx) => {
          order.push(n);
          await tx.insertInto('entries').values(entry('a', n)).execute();
          order.push(n);
        }),
      ),
    );
    expect(order).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  });

  it('shows the reader nothing of a running transaction', async () => {
    await store.transact(async (tx) => {
      await tx.insertInto('entries').values(entry('a', 1)).execute();
      expect(await store.reader.selectFrom('entries').selectAll().execute()).toEqual([]);
    });
    expect(await store.reader.selectFrom('entries').selectAll().execute()).toHaveLength(1);
  });

  it('refuses transact inside transact instead of waiting for ever', async () => {
    await expect(store.transact(() => store.transact(() => Promise.resolve()))).rejects.toThrow(
      'transact inside transact',
    );
  });

  it('refuses to write through the reader', async () => {
    const write = sql`insert into meta (key, value) values ('a', 'b')`.execute(store.reader);
    await expect(write).rejects.toThrow(/read.?only/);
  });

  it('refuses a database that a newer program wrote', async () => {
    await store.transact((tx) =>
      tx.updateTable('meta').set({ value: '999' }).where('key', '=', 'schema-version').execute(),
    );
    await store.close();
    await expect(place.open()).rejects.toThrow('use the newer program');
    await removeVersion();
    store = await place.open();
  });

  /** Puts the version back the hard way, since the store no longer opens. */
  async function removeVersion(): Promise<void> {
    if (place.location.kind === 'sqlite') {
      const { DatabaseSync } = await import('node:sqlite');
      const database = new DatabaseSync(place.location.path);
      database.exec(
        `update meta set value = '${schemaVersionNewest}' where key = 'schema-version'`,
      );
      database.close();
      return;
    }
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: place.location.url });
    await client.connect();
    await client.query(
      `update meta set value = '${schemaVersionNewest}' where key = 'schema-version'`,
    );
    await client.end();
  }

  it('inserts many rows in order, whatever their number', async () => {
    const rows = Array.from({ length: 303 }, (_, n) => entry('a', n));
    await store.transact((tx) => insertRows(tx, 'entries', rows));
    await store.transact((tx) => insertRows(tx, 'entries', []));
    const found = await store.reader
      .selectFrom('entries')
      .selectAll()
      .orderBy('log_index')
      .execute();
    expect(found).toEqual(rows);
  });

  it('keeps, replaces or fails on rows that are there when many are inserted', async () => {
    const rows = (value: string) => ['a', 'b', 'c'].map((key) => ({ key: `k/${key}`, value }));
    const read = async () =>
      (await store.reader.selectFrom('meta').selectAll().orderBy('key').execute())
        .filter(({ key }) => key.startsWith('k/'))
        .map(({ value }) => value);
    await store.transact((tx) => insertRows(tx, 'meta', rows('old').slice(1, 2)));
    await store.transact((tx) => insertRows(tx, 'meta', rows('new'), 'keep'));
    expect(await read()).toEqual(['new', 'old', 'new']);
    const replace = { key: ['key'], replace: ['value'] } as const;
    await store.transact((tx) => insertRows(tx, 'meta', rows('newest'), replace));
    expect(await read()).toEqual(['newest', 'newest', 'newest']);
    const more = [{ key: 'k/d', value: 'x' }, ...rows('x')];
    await expect(store.transact((tx) => insertRows(tx, 'meta', more))).rejects.toThrow();
    expect(await read()).toEqual(['newest', 'newest', 'newest']);
  });

  it('fills the participants of dockets that version 2 had folded', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [
      string,
      string,
      string,
    ];
    const docket = (id: string, participants: string[]) => ({
      ...{ id, type: 'incident', subject: '', state: 'notified', state_json: '{}', fold: 1 },
      ...{ state_digest: '', input_digest: '', heads: '[]', last_act: null, last_act_at: null },
      ...{ participants: JSON.stringify(participants), dirty: 0 },
    });
    await store.transact(async (tx) => {
      const rows = [docket('one', [a, b]), docket('two', [a, b, c]), docket('none', [])];
      await tx.insertInto('dockets').values(rows).execute();
      await sql`drop table docket_participants`.execute(tx);
      await sql`alter table adopted_entries drop column given_up`.execute(tx);
      await sql`update meta set value = '2' where key = 'schema-version'`.execute(tx);
    });
    await store.close();
    store = await place.open();
    const rows = await store.reader
      .selectFrom('docket_participants')
      .select(['docket', 'party', 'participants'])
      .orderBy('docket')
      .orderBy('party')
      .execute();
    expect(rows).toEqual([
      { docket: 'one', party: a, participants: 2 },
      { docket: 'one', party: b, participants: 2 },
      { docket: 'two', party: a, participants: 3 },
      { docket: 'two', party: b, participants: 3 },
      { docket: 'two', party: c, participants: 3 },
    ]);
  });

  it('keeps what was committed over closing and opening', async () => {
    await store.transact((tx) => tx.insertInto('entries').values(entry('a', 3)).execute());
    await store.close();
    store = await place.open();
    expect(await store.reader.selectFrom('entries').selectAll().execute()).toEqual([entry('a', 3)]);
  });

  it('sorts text by bytes', async () => {
    await store.transact((tx) =>
      tx
        .insertInto('terms')
        .values(['b', 'A', 'ä', 'a', 'B', '-'].map((digest) => ({ digest, body: '' })))
        .execute(),
    );
    const rows = await store.reader
      .selectFrom('terms')
      .select('digest')
      .orderBy('digest')
      .execute();
    expect(rows.map((row) => row.digest)).toEqual(['-', 'A', 'B', 'a', 'b', 'ä']);
  });

  it('streams rows one by one from the reader', async () => {
    if (store.kind === 'postgres') return; // pg streams only with a cursor package
    await store.transact((tx) =>
      tx
        .insertInto('entries')
        .values([1, 2, 3].map((n) => entry('a', n)))
        .execute(),
    );
    const seen: number[] = [];
    for await (const row of store.reader.selectFrom('entries').select('log_index').stream()) {
      seen.push(row.log_index);
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  it('refuses work after closing', async () => {
    await store.close();
    await expect(store.transact(() => Promise.resolve())).rejects.toThrow('closed');
    store = await place.open();
  });

  it('lets only one process write a PostgreSQL schema', { timeout: 40_000 }, async () => {
    if (store.kind !== 'postgres') return;
    await expect(place.open()).rejects.toThrow('another process writes');
  });
});
