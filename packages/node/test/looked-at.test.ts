/** What an officer here has not looked at, over all logs that this node has had. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insertRows } from '../src/store/insert-rows.ts';
import type { Store } from '../src/store/store.ts';
import { lookAt, notLookedAt } from '../src/watch/looked-at.ts';
import { checkpointRow, credentialsRow, statementRow } from './rows.ts';
import { storeKinds, type TestPlace } from './stores.ts';

const self = 'f'.repeat(64);
const [x, y, z] = ['x', 'y', 'z'] as const;

describe.each(storeKinds)('acts not looked at on $name', ({ place: makePlace }) => {
  let place: TestPlace;
  let store: Store;
  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
    await begin(1, 'log');
  });
  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  async function begin(version: number, origin: string): Promise<void> {
    await store.transact(async (tx) => {
      await insertRows(tx, 'credentials', [credentialsRow(self, version, origin)]);
    });
  }

  /** Takes in so many acts of others, the first of them at this index of a log of ours. */
  async function hold(
    docket: string,
    index: number,
    { count = 1, origin = 'log', kind = 'channel.message' } = {},
  ): Promise<void> {
    const rows = Array.from({ length: count }, (_, at) => ({
      ...{ ...statementRow(`${origin} ${index + at}`), docket, kind },
      ...{ held_origin: origin, held_index: index + at, held_size: index + count },
    }));
    await store.transact(async (tx) => {
      await insertRows(tx, 'statements', rows);
      await insertRows(tx, 'checkpoints', [checkpointRow(origin, index + count)]);
    });
  }

  const look = async (docket: string | null) => {
    await store.transact(async (tx) => {
      await lookAt(tx, self, docket);
    });
  };
  const unseen = async () => await notLookedAt(store.reader, self);

  it('are counted by docket until the docket, or all, is looked at', async () => {
    await hold(x, 0, { count: 3 });
    await hold(y, 3);
    await hold('', 4);
    await hold(x, 5, { kind: 'channel.test' });
    expect(await unseen()).toEqual({ count: 4, dockets: [x, y] });
    await look(x);
    expect(await unseen()).toEqual({ count: 1, dockets: [y] });
    await hold(x, 6);
    expect(await unseen()).toEqual({ count: 2, dockets: [y, x] });
    await look(null);
    expect(await unseen()).toEqual({ count: 0, dockets: [] });
    await hold(z, 7);
    expect(await unseen()).toEqual({ count: 1, dockets: [z] });
  });

  it('are not hidden by any number that were read after an old one', async () => {
    await hold(x, 0);
    await hold(y, 1, { count: 10_050 });
    await look(y);
    expect(await unseen()).toEqual({ count: 1, dockets: [x] });
    await hold(z, 10_051);
    expect(await unseen()).toEqual({ count: 2, dockets: [x, z] });
    await look(x);
    expect(await unseen()).toEqual({ count: 1, dockets: [z] });
  });

  it('stay when a new log begins, and are looked at there', async () => {
    await hold(x, 0, { count: 2 });
    await hold(y, 2, { count: 4 });
    await begin(2, 'log/2');
    await hold(z, 0, { origin: 'log/2', count: 3 });
    expect(await unseen()).toEqual({ count: 9, dockets: [x, y, z] });
    await look(y);
    expect(await unseen()).toEqual({ count: 5, dockets: [x, z] });
    await hold(y, 3, { origin: 'log/2' });
    await look(z);
    expect(await unseen()).toEqual({ count: 3, dockets: [x, y] });
    await look(null);
    expect(await unseen()).toEqual({ count: 0, dockets: [] });
  });
});
