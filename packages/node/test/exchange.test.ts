/** The exchange of statements between real stores, by direct function calls. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelDocket } from '@comity/record';
import { plentyRowsMin } from '../src/exchange/limits.ts';
import { incidentBody, makeWorld, messageBody } from './parties.ts';
import { craftPouch, sayRaw } from './raw-statements.ts';
import type { TestParty, TestWorld } from './parties.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
});
afterEach(async () => {
  await world.close();
});

const reader = (party: TestParty) => party.node.storage.store.reader;
const outbox = (party: TestParty) => reader(party).selectFrom('outbox').selectAll().execute();

/** Lets all waiting timers of an hour run, half a minute at a time. */
async function pass(seconds: number) {
  for (let passed = 0; passed < seconds; passed += 30) {
    world.clock.advance(30_000);
    await world.settle();
  }
}

async function receipt(party: TestParty, id: string, by: TestParty) {
  return reader(party)
    .selectFrom('proofs')
    .selectAll()
    .where('statement', '=', id)
    .where('party', '=', by.id)
    .where('role', '=', 'held')
    .executeTakeFirst();
}

async function held(party: TestParty, id: string) {
  return reader(party)
    .selectFrom('statements')
    .select(['held_index', 'held_size', 'refused'])
    .where('id', '=', id)
    .executeTakeFirst();
}

async function dockets(party: TestParty) {
  await party.node.refolder.settled();
  return reader(party)
    .selectFrom('dockets')
    .select(['id', 'type', 'input_digest', 'state_digest', 'heads'])
    .orderBy('id')
    .execute();
}

describe('a statement', () => {
  it('is logged, sent, held and receipted, and leaves nothing in any queue', async () => {
    const id = await a.message(b, 'test of the channel');
    await world.settle();
    const row = await held(b, id);
    expect(row?.held_index).not.toBeNull();
    expect(await receipt(a, id, b)).toMatchObject({ log_index: row?.held_index });
    await pass(180);
    expect(await outbox(a)).toEqual([]);
    expect(await outbox(b)).toEqual([]);
  });

  it('has only its own docket folded again when its log entry is new to us', async () => {
    await a.say('incident.notify', [b], incidentBody('An intrusion'));
    await pass(60);
    const folded: string[] = [];
    const stop = b.node.hub.subscribe((event) => {
      if (event.type === 'docket') folded.push(event.docket);
    });
    const second = await a.say('incident.notify', [b], incidentBody('An intrusion'));
    await pass(60);
    stop();
    expect(new Set(folded)).toEqual(new Set([second]));
  });

  it('gets a refusal that covers it, and the refusal is receipted and never refused', async () => {
    const body = { ...messageBody('x'), extra: 1 };
    const more = { docket: channelDocket(a.id, b.id) };
    const record = await sayRaw(a, { to: [b.id], body, more });
    const answer = await b.exchange.receive(await craftPouch(a, b, [record]));
    expect(answer.status).toBe(200);
    await pass(180);
    const refusals = await reader(a).selectFrom('refusals').selectAll().execute();
    expect(refusals).toMatchObject([{ refuser: b.id, code: 'bad-schema' }]);
    expect(await receipt(b, refusals[0]?.refusal ?? '', a)).toBeDefined();
    expect(await outbox(a)).toEqual([]);
    expect(await outbox(b)).toEqual([]);
  });

  it('refused without ground is covered all the same, and the refusal stands in the record', async () => {
    world.network.onSend = () => 'lose';
    const id = await a.message(b, 'perfectly good');
    await world.settle();
    world.network.onSend = () => 'deliver';
    const { automaticSeed } = b.node.keys;
    const record = await sayRaw(b, {
      kind: 'channel.refuse',
      to: [a.id],
      body: { refused: id, code: 'bad-signature' },
      more: { docket: channelDocket(a.id, b.id) },
      automatic: automaticSeed,
    });
    const taken = await a.exchange.takeIn(await craftPouch(b, a, [record]));
    expect(taken).toMatchObject({ ok: true, value: { refused: [], ignored: 0 } });
    expect(await reader(a).selectFrom('refusals').selectAll().execute()).toMatchObject([
      { statement: id, refuser: b.id, code: 'bad-signature' },
    ]);
    const waiting = (await outbox(a)).filter((row) => row.item === 'statement' && row.ref === id);
    expect(waiting).toEqual([]);
  });
});

describe('the courier', () => {
  it('loses nothing and stalls nothing when an answer is lost', async () => {
    let lost = 0;
    world.network.onSend = () => (lost++ === 0 ? 'lose-answer' : 'deliver');
    const id = await a.message(b, 'first');
    await world.settle();
    const size = b.node.storage.sequencer.newest()?.size;
    expect(await held(b, id)).toMatchObject({ refused: null });
    expect(await receipt(a, id, b)).toBeUndefined();
    const second = await a.message(b, 'second');
    await pass(180);
    expect(await receipt(a, id, b)).toMatchObject({ log_index: (await held(b, id))?.held_index });
    expect(await receipt(a, second, b)).toBeDefined();
    expect(b.node.storage.sequencer.newest()?.size).toBe((size ?? 0) + 1);
    expect(await outbox(a)).toEqual([]);
  });

  it('waits longer after each failure, five minutes at most, and never gives up', async () => {
    const times: number[] = [];
    world.network.onSend = () => {
      times.push(world.clock.now());
      return 'lose';
    };
    const id = await a.message(b, 'into the void');
    await world.settle();
    for (let i = 0; i < 240; i += 1) {
      world.clock.advance(15_000);
      await world.settle();
    }
    const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(waits.length).toBeGreaterThan(12);
    expect(Math.max(...waits)).toBeLessThanOrEqual(315);
    expect(waits.at(-1)).toBeGreaterThan(100);
    const channel = await reader(a)
      .selectFrom('channels')
      .select(['failures', 'last_error'])
      .executeTakeFirstOrThrow();
    expect(channel.failures).toBe(times.length);
    expect(channel.last_error).toContain('lost');
    world.network.onSend = () => 'deliver';
    await pass(330);
    expect(await receipt(a, id, b)).toBeDefined();
  });

  it('sends what has gathered in order, in few pouches of at most 512 statements', async () => {
    world.network.onSend = () => 'lose';
    const report = { kind: 'weather.report', to: [b.id], recipients: [b.id] };
    await Promise.all(Array.from({ length: 600 }, (_, n) => sayRaw(a, { ...report, body: { n } })));
    await world.settle();
    world.network.onSend = () => 'deliver';
    world.network.sent.length = 0;
    await pass(30);
    const rows = await reader(b)
      .selectFrom('statements')
      .select(['said_index', 'held_index'])
      .where('kind', '=', 'weather.report')
      .orderBy('held_index')
      .execute();
    expect(rows).toHaveLength(600);
    expect(rows.map((row) => row.said_index)).toEqual(
      rows.map((row) => row.said_index).toSorted((x, y) => x - y),
    );
    const sentByA = world.network.sent.filter((each) => each.from === a.id);
    // What the first pouch left may go in the answer to one of theirs.
    expect(sentByA.length).toBeLessThanOrEqual(4);
    await pass(120);
    expect((await outbox(a)).filter((row) => row.item === 'statement')).toEqual([]);
  });

  it('sends a second pouch beside one in flight only for plenty, or for the reserve', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    world.network.onTheWay = () => gate;
    world.network.sent.length = 0;
    const sent = (count: number) =>
      expect.poll(() => world.network.sent.length, { timeout: 60_000 }).toBe(count);
    const report = { kind: 'weather.report', to: [b.id], recipients: [b.id] };
    await sayRaw(a, { ...report, body: { n: 0 } });
    a.exchange.said([b.id]);
    await sent(1);
    await sayRaw(a, { ...report, body: { n: 1 } });
    a.exchange.said([b.id]);
    // A message has the reserve: it does not wait for the pouch, and takes the other along.
    await a.message(b, 'now');
    a.exchange.said([b.id]);
    await sent(2);
    await sayRaw(a, { ...report, body: { n: 2 } });
    a.exchange.said([b.id]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await sent(2);
    const plenty = Array.from({ length: plentyRowsMin }, (_, n) => ({ ...report, body: { n } }));
    await Promise.all(plenty.map((one) => sayRaw(a, one)));
    a.exchange.said([b.id]);
    await sent(3);
    open(undefined);
    await pass(180);
    expect((await outbox(a)).filter((row) => row.item === 'statement')).toEqual([]);
  });
});

describe('both sides', () => {
  it('come to the same docket, inputs and state, and their heartbeats agree', async () => {
    const opening = await a.say('incident.notify', [b], incidentBody('Scan'));
    await world.settle();
    const body = { reach: { office: 'Duty officer 1', languages: ['en'] } };
    await b.say('incident.acknowledge', [a], body, opening);
    await pass(60);
    const [ofA, ofB] = [await dockets(a), await dockets(b)];
    const shared = (list: typeof ofA) => list.filter((row) => row.type !== 'channel');
    expect(shared(ofA)).toHaveLength(1);
    expect(shared(ofA)).toEqual(shared(ofB));
    await a.exchange.chores();
    await b.exchange.chores();
    await pass(60);
    const tests = await reader(a)
      .selectFrom('statements')
      .select(['author'])
      .where('kind', '=', 'channel.test')
      .execute();
    expect(tests.map((row) => row.author).sort()).toEqual([a.id, b.id].sort());
    const digests = [...(await outbox(a)), ...(await outbox(b))];
    expect(digests.filter((row) => row.item === 'digests')).toEqual([]);
    const alarms = await reader(a).selectFrom('alarms').selectAll().execute();
    expect(alarms.filter((row) => row.cleared_at === null)).toEqual([]);
  });

  it('keep every entry and cosign the newest checkpoint of each other’s log', async () => {
    for (let n = 0; n < 5; n += 1) await a.message(b, `message ${n}`);
    await pass(120);
    const newest = a.node.storage.sequencer.newest();
    if (newest === null) throw new Error('empty log');
    const copied = await reader(b)
      .selectFrom('entries')
      .select('entry')
      .where('origin', '=', newest.origin)
      .orderBy('log_index')
      .execute();
    const own = await reader(a)
      .selectFrom('entries')
      .select('entry')
      .where('origin', '=', newest.origin)
      .orderBy('log_index')
      .execute();
    expect(copied).toEqual(own);
    const cosigned = await reader(a)
      .selectFrom('cosignatures')
      .select(['size', 'vkey'])
      .where('origin', '=', newest.origin)
      .where('vkey', 'like', `${b.node.keys.witnessSigner.key.name}+%`)
      .orderBy('size', 'desc')
      .execute();
    expect(cosigned[0]?.size).toBe(newest.size);
  });

  it('alarm silence after two missed heartbeats, and clear it when one comes', async () => {
    const silent = async () =>
      (await reader(b).selectFrom('alarms').selectAll().execute()).filter(
        (row) => row.code === 'silence' && row.cleared_at === null,
      );
    await a.exchange.chores();
    await pass(30);
    world.network.onSend = () => 'lose';
    world.clock.advance(2 * 3600_000);
    await b.exchange.chores();
    expect(await silent()).toEqual([]);
    world.clock.advance(3600_000);
    await b.exchange.chores();
    expect(await silent()).toHaveLength(1);
    world.network.onSend = () => 'deliver';
    await world.settle();
    await a.exchange.chores();
    await pass(330);
    expect(await silent()).toEqual([]);
  });
});
