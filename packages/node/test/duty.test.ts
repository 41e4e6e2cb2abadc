/** What a duty officer must not miss: overdue obligations as alarms, and what was not looked at. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createEventHub } from '../src/api/events.ts';
import type { RunningNode } from '../src/node.ts';
import { watchDuty } from '../src/watch/duty.ts';
import { api, makeHome } from './homes.ts';
import type { TestHome } from './homes.ts';
import { testClock } from './parties.ts';

let home: TestHome;
let node: RunningNode;

beforeAll(async () => {
  home = await makeHome('Northland');
  node = await home.start({ offline: true });
});
afterEach(async () => {
  await node.desk.store.transact(async (tx) => {
    await tx.deleteFrom('obligations').execute();
    await tx.deleteFrom('alarms').execute();
  });
});
afterAll(async () => {
  await node.close();
  await home.remove();
});

interface Status {
  alarms: { id: string; code: string; detail: string }[];
  duty: { notLookedAt: number; owed: number; overdue: number };
}
const status = async () => (await api<Status>(node, 'GET', '/status')).value;

const clear = async (id = '') => await api(node, 'POST', `/alarms/${id}/clear`);

/** What a fold stores of an obligation of ours, and that it is known. */
async function owe(state: 'running' | 'met', due = 2_000): Promise<void> {
  const { store } = node.desk;
  await store.transact(async (tx) => {
    await tx.deleteFrom('obligations').where('id', '=', 'a'.repeat(64)).execute();
    await tx
      .insertInto('obligations')
      .values({
        ...{ id: 'a'.repeat(64), docket: 'd'.repeat(64) },
        ...{ owed_by: home.party, owed_to: 'b'.repeat(64), what: 'acknowledge' },
        ...{ state, start: 1_000, due, basis: 'terms', provisional: 0 },
      })
      .execute();
  });
  node.desk.notify({ type: 'docket', docket: 'd'.repeat(64) });
  await node.settled();
}

it('an overdue obligation of ours is an alarm until it is met', async () => {
  expect((await status()).duty).toEqual({ notLookedAt: 0, dockets: [], owed: 0, overdue: 0 });
  await owe('running');
  const late = await status();
  expect(late.duty).toMatchObject({ owed: 1, overdue: 1 });
  expect(late.alarms).toMatchObject([
    { code: 'overdue', detail: expect.stringContaining('we owe: acknowledge, due 1970-01-01') },
  ]);
  await owe('met');
  const met = await status();
  expect([met.alarms, met.duty.owed, met.duty.overdue]).toEqual([[], 0, 0]);
});

it('an alarm that was over by itself comes again, even with the same due time', async () => {
  await owe('running');
  const [first] = (await status()).alarms;
  await owe('met');
  await owe('running');
  expect((await status()).alarms).toMatchObject([{ id: first?.id, detail: first?.detail }]);
});

it('what a person cleared stays cleared until an extended due time passes too', async () => {
  await owe('running');
  const [first] = (await status()).alarms;
  await clear(first?.id);
  await owe('running');
  const cleared = await status();
  expect([cleared.alarms, cleared.duty.overdue]).toEqual([[], 1]);
  await owe('running', Math.floor(Date.now() / 1000) + 3_600);
  expect((await status()).duty).toMatchObject({ owed: 1, overdue: 0 });
  await owe('running', 3_000);
  expect((await status()).alarms).toMatchObject([
    { code: 'overdue', detail: expect.stringContaining('due 1970-01-01 00:50:00') },
  ]);
  await owe('running');
  expect((await status()).alarms).toEqual([]);
});

it('is found under a steady flow of folded dockets', async () => {
  await owe('met');
  const { store } = node.desk;
  const clock = testClock();
  const hub = createEventHub();
  const duty = watchDuty({
    ...{ store, self: home.party, hub, clock },
    ...{ after: clock.after, log: () => undefined },
  });
  const raised = new Promise<string>((resolve) => {
    hub.subscribe((event) => {
      if (event.type === 'alarm') resolve(event.id);
    });
  });
  await store.transact(async (tx) => {
    await tx.updateTable('obligations').set({ state: 'running' }).execute();
  });
  for (let event = 0; event < 30; event += 1) {
    hub.notify({ type: 'docket', docket: 'd'.repeat(64) });
    clock.advance(100);
  }
  const id = await raised;
  expect((await status()).alarms.map((alarm) => alarm.id)).toContain(id);
  await duty.close();
});
