/** When folding is over for whoever waits for it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRefolder } from '../src/dockets/refold.ts';
import type { Refolder } from '../src/dockets/refold.ts';
import type { Store } from '../src/store/store.ts';
import { storeKinds, type TestPlace } from './stores.ts';

const docket = 'd'.repeat(64);
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

/** A refolder that does not fold by itself; `before` runs before it stores what it folded. */
const refolderWith = async (before: () => void): Promise<Refolder> =>
  await createRefolder({
    ...{ self: 'b'.repeat(64), ownOrigin: 'log', exercise: true },
    store: {
      ...store,
      transact: (work) => {
        before();
        return store.transact(work);
      },
    },
    ...{ clock: { now: () => 0, nowMs: () => 0 }, after: () => () => undefined },
    ...{ log: () => undefined, notify: () => undefined },
  });

it('is over once what had changed before is folded, however much changes meanwhile', async () => {
  let folds = 0;
  const refolder = await refolderWith(() => {
    folds += 1;
    if (folds < 50) refolder.docketsChanged([docket]);
  });
  refolder.docketsChanged([docket]);
  await refolder.settled();
  expect(folds).toBe(1);
  await refolder.settled();
  expect(folds).toBe(2);
  await refolder.close();
});

it('waits for a run that took what had changed before, and fails with it', async () => {
  let broken = true;
  const refolder = await refolderWith(() => {
    if (broken) throw new Error('no disk');
  });
  refolder.docketsChanged([docket]);
  const first = refolder.settled();
  const second = refolder.settled();
  await expect(first).rejects.toThrow('no disk');
  await expect(second).rejects.toThrow('no disk');
  // What could not be stored waits still.
  broken = false;
  await refolder.settled();
  await refolder.close();
});
