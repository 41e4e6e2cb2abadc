/** The courier with pouches in flight that do not come back: what goes on beside them. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readChannel, setChannel } from '../src/exchange/channels.ts';
import { makeCourier } from '../src/exchange/courier.ts';
import type { SendResult } from '../src/exchange/courier.ts';
import { plentyRowsMin, pouchesInFlightMax, quietDelayMs } from '../src/exchange/limits.ts';
import { queueItems } from '../src/exchange/outbox.ts';
import { openStore } from '../src/store/open.ts';
import { makeWorld } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
let open: () => void;

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
  open = () => undefined;
});
afterEach(async () => {
  open();
  await world.close();
});

const sentByA = () => world.network.sent.filter((each) => each.from === a.id).length;
const poll = <T>(look: () => T) => expect.poll(look, { timeout: 30_000 });
const statementsOfA = () =>
  a.node.storage.store.reader
    .selectFrom('outbox')
    .select(['ref', 'pouch'])
    .where('item', '=', 'statement')
    .execute();

/** From now on no pouch of anybody arrives, until `open`. */
function hold(): void {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  world.network.onTheWay = () => promise;
  world.network.sent.length = 0;
  open = () => resolve(undefined);
}

describe('what has the reserve', () => {
  it('goes beside a pouch of what was quiet', async () => {
    await a.message(b, 'first');
    await world.settle();
    hold();
    world.clock.advance(quietDelayMs);
    await poll(sentByA).toBe(1);
    const id = await a.message(b, 'now');
    await poll(sentByA).toBe(2);
    expect(await statementsOfA()).toEqual([{ ref: id, pouch: expect.any(Number) }]);
  });

  it('finds a place however much else is in flight', async () => {
    hold();
    const plenty = async () => {
      await a.node.storage.store.transact(async (tx) => {
        const items = Array.from({ length: plentyRowsMin }, () => {
          const ref = randomBytes(32).toString('hex');
          return { party: b.id, item: 'receipt' as const, ref, lane: 1 as const };
        });
        await queueItems(tx, items, world.clock.now());
      });
      a.exchange.said([b.id]);
    };
    for (let count = 1; count < pouchesInFlightMax; count += 1) {
      await plenty();
      await poll(sentByA).toBe(count);
    }
    await plenty();
    const id = await a.message(b, 'now');
    await poll(sentByA).toBe(pouchesInFlightMax);
    expect(await statementsOfA()).toEqual([{ ref: id, pouch: expect.any(Number) }]);
  });

  it('goes again when the wait after a failure is over, whatever is still in flight', async () => {
    hold();
    await a.message(b, 'first');
    await poll(sentByA).toBe(1);
    world.network.onSend = () => 'lose';
    await a.message(b, 'second');
    const failures = async () => {
      const { reader } = a.node.storage.store;
      const row = await reader.selectFrom('channels').select('failures').executeTakeFirst();
      return row?.failures;
    };
    await poll(failures).toBe(1);
    world.network.onSend = () => 'deliver';
    world.clock.advance(1_000);
    await poll(sentByA).toBe(2);
  });
});

describe('a store that fails while a pouch flies', () => {
  it('is written to the log, and the courier is idle only when the pouch has come back', async () => {
    const store = await openStore({ kind: 'sqlite', path: a.node.layout.store });
    const { promise: answer, resolve } = Promise.withResolvers<SendResult>();
    const { promise: flies, resolve: sent } = Promise.withResolvers<undefined>();
    const happened: string[] = [];
    const courier = makeCourier({
      store,
      sequencer: a.node.storage.sequencer,
      keys: a.node.keys,
      clock: world.clock,
      after: world.clock.after,
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      log: (level, message) => happened.push(`${level}: ${message}`),
      sealing: world.sealing,
      takeAnswer: () => Promise.resolve(true),
      routes: [
        {
          name: 'held',
          send: () => {
            sent(undefined);
            return answer;
          },
        },
      ],
    });
    hold();
    await a.message(b, 'while the store is there');
    courier.kick(b.id);
    await flies;
    await store.close();
    courier.kick(b.id);
    await poll(() => happened).toContain('error: courier stumbled');
    const idle = courier.idle().then(() => happened.push('idle'));
    await setImmediate();
    resolve({ sent: false, error: 'cut' });
    await idle;
    expect(happened.slice(-3)).toEqual([
      'info: pouch not delivered',
      'error: courier stumbled',
      'idle',
    ]);
    await courier.close();
  });
});

it('forgets the failures of an earlier process when a pouch arrives', async () => {
  const { store } = a.node.storage;
  await store.transact((tx) => setChannel(tx, b.id, { failures: 9, last_error: 'ECONNREFUSED' }));
  await a.message(b, 'after a restart');
  await world.settle();
  const channel = await readChannel(store.reader, b.id);
  expect([channel?.failures, channel?.last_error]).toEqual([0, null]);
});
