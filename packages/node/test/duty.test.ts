/** What a duty officer must not miss: overdue obligations as alarms, and what was not looked at. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningNode } from '../src/node.ts';
import { api, makeHome } from './homes.ts';
import type { TestHome } from './homes.ts';

let home: TestHome;
let node: RunningNode;

beforeAll(async () => {
  home = await makeHome('Northland');
  node = await home.start({ offline: true });
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

async function owe(state: 'running' | 'met'): Promise<void> {
  const { store } = node.desk;
  await store.transact(async (tx) => {
    await tx.deleteFrom('obligations').where('id', '=', 'a'.repeat(64)).execute();
    await tx
      .insertInto('obligations')
      .values({
        id: 'a'.repeat(64),
        docket: 'd'.repeat(64),
        owed_by: home.party,
        owed_to: 'b'.repeat(64),
        what: 'acknowledge',
        state,
        start: 1_000,
        due: 2_000,
        basis: 'terms',
        provisional: 0,
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
  await api(node, 'POST', `/alarms/${late.alarms[0]?.id ?? ''}/clear`);
  await owe('running');
  const cleared = await status();
  expect([cleared.alarms, cleared.duty.overdue]).toEqual([[], 1]);
  await owe('met');
  expect((await status()).duty).toMatchObject({ owed: 0, overdue: 0 });
});
