/** What a restored home lacks once its log goes on: its statements, and the facts of both sides. */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelDocket } from '@comity/record';
import { makeDraft } from '../src/desk/drafts.ts';
import { approveWith, say } from '../src/desk/say.ts';
import { incidentBody, makeWorld, messageBody } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
}, 120_000);
afterEach(async () => {
  await world.close();
});

const reader = (party: TestParty) => party.node.storage.store.reader;
const log = (party: TestParty) => party.node.storage.sequencer;
const database = (home: string) => join(home, 'store', 'comity.sqlite');

async function pass(seconds: number, parties: TestParty[]): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 30) {
    world.clock.advance(30_000);
    for (const each of parties) await each.exchange.chores();
    await world.settle();
  }
}

async function saveCopy(): Promise<string> {
  const copy = join(a.folder, 'copy.sqlite');
  a = await world.restart(a, (home) => copyFile(database(home), copy));
  return copy;
}

async function putBack(copy: string): Promise<void> {
  a = await world.restart(a, async (home) => {
    await rm(`${database(home)}-wal`, { force: true });
    await rm(`${database(home)}-shm`, { force: true });
    await copyFile(copy, database(home));
  });
}

/** From here on nothing reaches anybody while statements of ours are awaited. */
function cutWhileAwaiting(): void {
  world.network.onSend = () => (log(a).awaited > 0 ? 'lose' : 'deliver');
}

async function digests(party: TestParty, docket: string) {
  return await reader(party)
    .selectFrom('dockets')
    .select(['input_digest', 'state_digest'])
    .where('id', '=', docket)
    .executeTakeFirstOrThrow();
}

async function alarms(party: TestParty): Promise<string[]> {
  const rows = await reader(party)
    .selectFrom('alarms')
    .select('code')
    .where('cleared_at', 'is', null)
    .execute();
  return rows.map((row) => row.code);
}

const trySaying = (party: TestParty, to: TestParty, text: string) => {
  const act = { kind: 'channel.message', to: [to.id], docket: null, body: messageBody(text) };
  return say(party.node.desk, act, party.secrets);
};

const acknowledgement = { reach: { office: 'Duty officer 1', languages: ['en'] } };

describe('a home whose log came back without its statements', () => {
  it('says nothing until the last of them is here, over a restart too', async () => {
    const copy = await saveCopy();
    const lost = await a.message(b, 'after the copy');
    await pass(120, [a, b]);
    await putBack(copy);
    cutWhileAwaiting();
    await pass(120, [a, b]);
    expect(log(a).blocked).toBeNull();
    expect(log(a).awaited).toBeGreaterThan(0);
    expect(await alarms(a)).toEqual(expect.arrayContaining(['statements-awaited']));

    const refused = await trySaying(a, b, 'too early');
    expect(refused).toMatchObject({ ok: false, code: 'statements-awaited' });
    expect(refused).toMatchObject({ detail: expect.stringContaining('Southmark') });
    const size = log(a).newest()?.size;
    a = await world.restart(a);
    expect(log(a).awaited).toBeGreaterThan(0);
    await pass(60, [a]);
    expect(log(a).newest()?.size).toBe(size);

    world.network.onSend = () => 'deliver';
    await pass(300, [a, b]);
    expect(log(a).awaited).toBe(0);
    const next = await a.message(b, 'in its place');
    await pass(120, [a, b]);
    const row = await reader(b)
      .selectFrom('statements')
      .select('prior')
      .where('id', '=', next)
      .executeTakeFirst();
    expect(row?.prior).toBe(lost);
    expect(await alarms(a)).toEqual([]);
    expect(await alarms(b)).toEqual([]);
  }, 120_000);

  it('has the same inputs as its counterpart in the end, in the channel too', async () => {
    const before = await a.say('incident.notify', [b], incidentBody('Before'));
    await pass(60, [a, b]);
    const copy = await saveCopy();
    await b.say('incident.acknowledge', [a], acknowledgement, before);
    await a.message(b, 'one');
    await pass(120, [a, b]);
    const after = await b.say('incident.notify', [a], incidentBody('After'));
    await pass(60, [a, b]);
    await a.say('incident.acknowledge', [b], acknowledgement, after);
    await a.message(b, 'two');
    await b.message(a, 'three');
    await pass(600, [a, b]);
    const channel = channelDocket(a.id, b.id);
    const dockets = [channel, before, after];
    for (const docket of dockets)
      expect(await digests(a, docket)).toEqual(await digests(b, docket));
    const agreed = await digests(b, after);
    await putBack(copy);
    await pass(900, [a, b]);
    expect(log(a).awaited).toBe(0);
    for (const docket of dockets)
      expect(await digests(a, docket)).toEqual(await digests(b, docket));
    // Nothing that was settled changes by a restore of the other side.
    expect(await digests(b, after)).toEqual(agreed);
    expect(await alarms(a)).toEqual([]);
    expect(await alarms(b)).toEqual([]);
  }, 120_000);

  it('waits for each counterpart, until an officer says not to; what comes late has its place', async () => {
    const c = await world.party('Eastmark');
    await world.pair(a, c);
    const copy = await saveCopy();
    const toB = await a.message(b, 'for one');
    const toC = await a.message(c, 'for another');
    await pass(120, [a, b, c]);
    await putBack(copy);
    const cut = (from: string, to: string) => log(a).awaited > 0 && [from, to].includes(c.id);
    world.network.onSend = (from, to) => (cut(from, to) ? 'lose' : 'deliver');
    await pass(600, [a, b, c]);
    expect(log(a)).toMatchObject({ blocked: null });
    const here = async () =>
      (await reader(a).selectFrom('statements').select('id').where('own', '=', 1).execute()).map(
        ({ id }) => id,
      );
    expect(await here()).toContain(toB);
    expect(await here()).not.toContain(toC);
    expect(await trySaying(a, b, 'too early')).toMatchObject({ code: 'statements-awaited' });

    const { awaited } = log(a);
    expect(awaited).toBeGreaterThan(0);
    expect(await a.exchange.withoutTheRest()).toMatchObject({ value: { givenUp: awaited } });
    expect(await alarms(a)).toContain('statements-lost');
    expect(await a.exchange.withoutTheRest()).toMatchObject({ code: 'nothing-awaited' });
    expect(await trySaying(a, b, 'in time')).toMatchObject({ ok: true });
    await pass(300, [a, b, c]);
    expect(await here()).toContain(toC);
    expect(await reader(a).selectFrom('adopted_entries').selectAll().execute()).toEqual([]);
    const channel = channelDocket(a.id, c.id);
    expect(await digests(a, channel)).toEqual(await digests(c, channel));
    // What was said without the rest and what came back have one `prior`: one of them is void.
    expect((await alarms(a)).toSorted()).toEqual(['own-act-void', 'statements-lost']);
  }, 120_000);

  it('goes on with an alarm when all have answered and none has the rest', async () => {
    const copy = await saveCopy();
    const lost = await a.message(b, 'nobody keeps this');
    await pass(120, [a, b]);
    const { said_index: index } = await reader(b)
      .selectFrom('statements')
      .select('said_index')
      .where('id', '=', lost)
      .executeTakeFirstOrThrow();
    await b.node.storage.store.transact(async (tx) => {
      await tx.deleteFrom('statements').where('id', '=', lost).execute();
    });
    await putBack(copy);
    await pass(60, [a, b]);
    expect(log(a).awaited).toBe(1);
    await pass(300, [a, b]);
    expect(log(a).awaited).toBe(0);
    expect(await alarms(a)).toContain('statements-lost');
    const { detail } = await reader(a)
      .selectFrom('alarms')
      .select('detail')
      .where('code', '=', 'statements-lost')
      .executeTakeFirstOrThrow();
    expect(detail).toContain(`did not come back after a restore: ${index}.`);
    expect(await trySaying(a, b, 'we go on')).toMatchObject({ ok: true });
  }, 120_000);

  it('keeps the signatures of a draft and offers it anew when it may speak', async () => {
    const act = { kind: 'channel.message', to: [b.id], docket: null, body: messageBody('draft') };
    const made = await makeDraft(a.node.desk, act);
    if (!made.ok) throw new Error(made.code);
    const copy = await saveCopy();
    const lost = await a.message(b, 'after the copy');
    await pass(120, [a, b]);
    await putBack(copy);
    cutWhileAwaiting();
    await pass(120, [a, b]);
    const approve = () => approveWith(a.node.desk, made.value.id, a.secrets);
    expect(await approve()).toMatchObject({ code: 'statements-awaited' });
    world.network.onSend = () => 'deliver';
    await pass(300, [a, b]);
    const again = await approve();
    // Signed anew on the draft that takes its place.
    expect(again).toMatchObject({ value: { state: 'logged' } });
    const id = again.ok && again.value.state === 'logged' ? again.value.id : '';
    expect(id).not.toBe(made.value.id);
    const said = await reader(a)
      .selectFrom('statements')
      .select('prior')
      .where('id', '=', id)
      .executeTakeFirst();
    expect(said?.prior).toBe(lost);
  }, 120_000);
});
