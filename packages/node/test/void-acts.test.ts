/** Acts of ours without effect are alarms, however the node stops and whatever else is void. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocketState, FoldStatement } from '@comity/accord';
import { alarmId } from '../src/alarms.ts';
import { raiseVoidActs } from '../src/dockets/void-acts.ts';
import { insertRows } from '../src/store/insert-rows.ts';
import type { Store } from '../src/store/store.ts';
import { api, apiFile, makeHome } from './homes.ts';
import { incidentBody } from './parties.ts';
import { statementRow } from './rows.ts';
import { storeKinds, type TestPlace } from './stores.ts';

const self = 'f'.repeat(64);
const other = 'b'.repeat(64);
const idOf = (number: number) => number.toString(16).padStart(64, '0');

describe.each(storeKinds)('void acts on $name', ({ place: makePlace }) => {
  let place: TestPlace;
  let store: Store;
  beforeAll(async () => {
    place = await makePlace();
    store = await place.open();
  });
  afterAll(async () => {
    await store.close();
    await place.remove();
  });

  it('of ours are found after many of others, and told once', async () => {
    const statements: FoldStatement[] = [];
    const acts: DocketState['acts'] = {};
    const say = (number: number, from: string) => {
      const id = idOf(number);
      statements.push({ id, statement: { from, kind: 'incident.close' } } as FoldStatement);
      acts[id] = { effect: 'void', reason: 'not-yours' } as DocketState['acts'][string];
    };
    for (let number = 0; number < 250; number += 1) say(number, other);
    for (let number = 250; number < 700; number += 1) say(number, self);
    // One that only bears our name: we never said it.
    say(700, self);
    const raise = async () =>
      await store.transact(async (tx) => {
        const folded = { input: { docket: idOf(1), statements }, state: { acts } };
        const raised = await raiseVoidActs(tx, self, [folded], 1_000);
        return raised.map(({ act }) => act);
      });
    const said = Array.from({ length: 450 }, (_, number) => idOf(250 + number));
    await store.transact(async (tx) => {
      const rows = said.map((id) => ({ ...statementRow(id), author: self, own: 1 }));
      await insertRows(tx, 'statements', [...rows, { ...statementRow(idOf(700)), author: self }]);
    });
    expect(await raise()).toEqual(said);
    const [first = ''] = said;
    const alarm = alarmId({ code: 'own-act-void', about: first, party: null });
    await store.transact(async (tx) => {
      await tx.updateTable('alarms').set({ cleared_at: 2_000 }).where('id', '=', alarm).execute();
    });
    expect(await raise()).toEqual([]);
    const standing = await store.reader
      .selectFrom('alarms')
      .select('detail')
      .where('cleared_at', 'is', null)
      .execute();
    expect(standing).toHaveLength(449);
    expect(standing[0]?.detail).toContain('(not-yours)');
  });
});

it('a void act of ours is an alarm after a stop right behind the fold', async () => {
  const north = await makeHome('Northland');
  const south = await makeHome('Southmark');
  const noTimers = () => () => undefined;
  const southNode = await south.start({ offline: true });
  const credentials = (await southNode.call({ method: 'GET', path: '/credentials' })).body;
  await southNode.close();
  const first = await north.start({ offline: true, after: noTimers });
  expect((await apiFile(first, '/parties/file', credentials)).status).toBe(200);
  await first.desk.store.transact(async (tx) => {
    await tx
      .updateTable('parties')
      .set({ state: 'confirmed' })
      .where('id', '=', south.party)
      .execute();
  });
  const body = incidentBody('Scanning');
  const opening = { kind: 'incident.notify', to: ['Southmark'], body };
  const opened = await api<{ docket: string }>(first, 'POST', '/say', opening);
  const { docket } = opened.value;
  // Nobody acknowledges their own notification.
  const reach = { office: 'Desk', telephone: '+00', languages: ['en'] };
  const own = { kind: 'incident.acknowledge', docket, body: { reach, note: 'Read.' } };
  const said = await api<{ state: string }>(first, 'POST', '/say', { ...own, evenIfVoid: true });
  expect(said.value.state).toBe('logged');
  expect((await api(first, 'GET', `/dockets/${docket}`)).status).toBe(200);
  await first.close();

  const second = await north.start({ offline: true, after: noTimers });
  expect((await api(second, 'GET', '/alarms')).value).toMatchObject([
    { code: 'own-act-void', detail: expect.stringContaining('not-yours') },
  ]);
  await second.close();
  await north.remove();
  await south.remove();
});
