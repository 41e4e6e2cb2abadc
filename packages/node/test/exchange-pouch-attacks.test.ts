/** Hostile, broken and repeated pouches, one test each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelDocket, sealTo, statementId } from '@comity/record';
import {
  openingBytesMax,
  openingPouchesMax,
  sealedPouchBytesMax,
  unaskedPerSenderMax,
} from '../src/exchange/limits.ts';
import { makeWorld, messageBody } from './parties.ts';
import { craftPlaintext, craftPouch, sayRaw } from './raw-statements.ts';
import type { TestParty, TestWorld } from './parties.ts';
import type { EnvelopeRecord } from './raw-statements.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
let stranger: TestParty;
let channel: string;

beforeAll(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  stranger = await world.party('Stranger');
  await world.pair(a, b);
  channel = channelDocket(a.id, b.id);
});
afterAll(async () => {
  await world.close();
});

const reader = (party: TestParty) => party.node.storage.store.reader;
const logSize = (party: TestParty) => party.node.storage.sequencer.newest()?.size ?? 0;
const idOf = (record: EnvelopeRecord) =>
  statementId(record.envelope.payloadType, record.envelope.payload);

async function take(sealed: Uint8Array, by: TestParty = b) {
  const taken = await by.exchange.takeIn(sealed);
  if (!taken.ok) throw new Error(taken.code);
  return taken.value;
}

const message = (more = {}) => ({
  to: [b.id],
  body: messageBody('hello'),
  more: { docket: channel, ...more },
});

describe('a pouch', () => {
  it('that comes twice gets the same receipt byte for byte and makes no second entry', async () => {
    const record = await sayRaw(a, message());
    const first = await take(await craftPouch(a, b, [record]));
    const size = logSize(b);
    const held = await reader(b)
      .selectFrom('statements')
      .select(['held_index', 'held_size'])
      .where('id', '=', idOf(record))
      .executeTakeFirstOrThrow();
    const second = await take(await craftPouch(a, b, [record]));
    expect(first.taken).toEqual([idOf(record)]);
    expect(second.taken).toEqual([]);
    expect(second.duplicates).toEqual([idOf(record)]);
    expect(logSize(b)).toBe(size);
    const again = await reader(b)
      .selectFrom('statements')
      .select(['held_index', 'held_size'])
      .where('id', '=', idOf(record))
      .executeTakeFirstOrThrow();
    expect(again).toEqual(held);
    const queued = await reader(b)
      .selectFrom('outbox')
      .selectAll()
      .where('item', '=', 'receipt')
      .where('ref', '=', idOf(record))
      .execute();
    expect(queued).toHaveLength(1);
  });

  it('that two routes bring at once is taken in once', async () => {
    const record = await sayRaw(a, message());
    const pouches = await Promise.all([craftPouch(a, b, [record]), craftPouch(a, b, [record])]);
    const reports = await Promise.all(pouches.map((sealed) => take(sealed)));
    expect(reports.flatMap((report) => report.taken)).toEqual([idOf(record)]);
    expect(reports.flatMap((report) => report.duplicates)).toEqual([idOf(record)]);
  });

  it('for another receiver is turned away', async () => {
    const plaintext = craftPlaintext(a, stranger, [await sayRaw(a, message())]);
    const sealed = await sealTo(await sealingOf(b), plaintext);
    expect(await b.exchange.takeIn(sealed)).toMatchObject({ ok: false, code: 'not-for-us' });
    expect(await b.exchange.receive(sealed)).toEqual({ status: 403, code: 'not-paired' });
  });

  it('of an unknown signer changes nothing but a counter', async () => {
    const size = logSize(b);
    const record = await sayRaw(stranger, { to: [b.id], body: messageBody('hello') });
    const sealed = await craftPouch(stranger, b, [record]);
    expect(await b.exchange.receive(sealed)).toEqual({ status: 403, code: 'not-paired' });
    expect(logSize(b)).toBe(size);
    expect(b.exchange.counters().get('unknown-sender')).toBeGreaterThan(0);
  });

  it('in the name of a counterpart, by another key, is turned away', async () => {
    const plaintext = craftPlaintext(stranger, b, [], { sender: a.id });
    const sealed = await sealTo(await sealingOf(b), plaintext);
    expect(await b.exchange.takeIn(sealed)).toMatchObject({ ok: false, code: 'bad-signature' });
  });

  it('that is no age file is turned away', async () => {
    const answer = await b.exchange.receive(new Uint8Array(500).fill(7));
    expect(answer).toEqual({ status: 400, code: 'unreadable' });
  });

  it('that is too large is turned away before it is opened', async () => {
    const answer = await b.exchange.receive(new Uint8Array(6 * 1024 * 1024));
    expect(answer).toEqual({ status: 413, code: 'too-large' });
  });

  it('of strangers cannot be more than wait in line: the rest is told to come again', async () => {
    const flood = Array.from({ length: openingPouchesMax + 6 }, () => new Uint8Array(500).fill(7));
    const before = b.exchange.counters().get('busy') ?? 0;
    const record = await sayRaw(a, message());
    const genuine = await craftPouch(a, b, [record]);
    const answers = flood.map((sealed) => b.exchange.receive(sealed));
    expect(await b.exchange.receive(genuine)).toEqual({ status: 503, code: 'busy' });
    // What we asked for, and what an officer brings, does not stand in that line.
    const byHand = b.exchange.hand.importFile(genuine);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 503)).toHaveLength(6);
    expect(statuses.filter((status) => status === 400)).toHaveLength(openingPouchesMax);
    expect(b.exchange.counters().get('busy')).toBe(before + 7);
    expect(await byHand).toMatchObject({ ok: true, value: { taken: [idOf(record)] } });
    expect(await b.exchange.receive(genuine)).toMatchObject({ status: 200 });
  });

  it('of one counterpart are taken in only so many at a time, whatever else waits', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const blocked = b.node.storage.store.transact(() => gate);
    const pouches = await Promise.all(
      Array.from({ length: unaskedPerSenderMax + 2 }, () => craftPouch(a, b, [])),
    );
    const before = b.exchange.counters().get('busy') ?? 0;
    const answers = pouches.map((sealed) => b.exchange.receive(sealed));
    const busy = () => (b.exchange.counters().get('busy') ?? 0) - before;
    await expect.poll(busy, { timeout: 20_000 }).toBe(2);
    // What an officer brings is not counted.
    const byHand = b.exchange.hand.importFile(await craftPouch(a, b, []));
    open(undefined);
    await blocked;
    const all = await Promise.all(answers);
    expect(all.filter(({ status }) => status === 200)).toHaveLength(unaskedPerSenderMax);
    expect(all.filter(({ status }) => status === 503)).toHaveLength(2);
    expect(await byHand).toMatchObject({ ok: true });
    expect(await b.exchange.receive(await craftPouch(a, b, []))).toMatchObject({ status: 200 });
  });

  it('of strangers cannot weigh more than the line may', async () => {
    const most = Math.floor(openingBytesMax / sealedPouchBytesMax);
    const flood = Array.from({ length: most + 1 }, () => new Uint8Array(sealedPouchBytesMax));
    const answers = await Promise.all(flood.map((sealed) => b.exchange.receive(sealed)));
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(1);
  });

  it('that is turned away as busy stays with its sender, which tries again', async () => {
    const flood = Array.from({ length: openingPouchesMax }, () => new Uint8Array(500).fill(7));
    let answers: Promise<unknown>[] = [];
    world.network.onSend = (from) => {
      if (from === a.id && answers.length === 0) {
        answers = flood.map((sealed) => b.exchange.receive(sealed));
      }
      return 'deliver';
    };
    const id = await a.message(b, 'in the midst of a flood');
    await world.settle();
    await Promise.all(answers);
    const channelRow = await reader(a)
      .selectFrom('channels')
      .select(['failures', 'last_error'])
      .where('party', '=', b.id)
      .executeTakeFirstOrThrow();
    expect(channelRow).toEqual({ failures: 1, last_error: 'test: 503 busy' });
    world.clock.advance(1_000);
    await world.settle();
    const held = await reader(b)
      .selectFrom('statements')
      .select('held_index')
      .where('id', '=', id)
      .executeTakeFirst();
    expect(held?.held_index).toBeGreaterThan(0);
    world.network.onSend = () => 'deliver';
  });

  it('that was cut keeps what was whole', async () => {
    const records: EnvelopeRecord[] = [];
    for (let i = 0; i < 3; i += 1) {
      const body = messageBody('x'.repeat(60_000));
      records.push(await sayRaw(a, { ...message(), body }));
    }
    const sealed = await craftPouch(a, b, records);
    const report = await take(sealed.subarray(0, Math.floor(sealed.length * 0.75)));
    expect(report.complete).toBe(false);
    expect(report.taken.length).toBeGreaterThan(0);
    expect(report.taken.length).toBeLessThan(3);
    const whole = await take(sealed);
    expect([...report.taken, ...whole.taken].sort()).toEqual(records.map(idOf).sort());
    expect(whole.duplicates).toEqual(report.taken);
  });

  it('with its end cut off on the direct route is asked for again', async () => {
    const record = await sayRaw(a, message());
    const plaintext = craftPlaintext(a, b, [record]);
    const sealed = await sealTo(await sealingOf(b), plaintext.subarray(0, plaintext.length - 20));
    expect(await b.exchange.receive(sealed)).toEqual({ status: 400, code: 'cut' });
  });

  it('out of sequence is taken in all the same', async () => {
    const record = await sayRaw(a, message());
    const report = await take(await craftPouch(a, b, [record], { sequence: 3 }));
    expect(report.taken).toEqual([idOf(record)]);
  });

  it('that answered another of ours long ago covers nothing when it comes again', async () => {
    const answers: Uint8Array[] = [];
    const receive = b.exchange.receive.bind(b.exchange);
    b.exchange.receive = async (sealed) => {
      const answer = await receive(sealed);
      if (answer.status === 200) answers.push(answer.sealed);
      return answer;
    };
    await a.message(b, 'first');
    await world.settle();
    world.network.onSend = () => 'lose';
    await a.message(b, 'second');
    await world.settle();
    const before = await reader(a).selectFrom('outbox').selectAll().execute();
    const old = answers.at(0);
    if (old === undefined) throw new Error('no answer');
    const replayed = await a.exchange.takeIn(old);
    expect(replayed).toMatchObject({ ok: true, value: { answers: null } });
    const after = await reader(a).selectFrom('outbox').selectAll().execute();
    expect(after.map((row) => row.id)).toEqual(before.map((row) => row.id));
    b.exchange.receive = receive;
    world.network.onSend = () => 'deliver';
    world.clock.advance(600_000);
    await world.settle();
  });
});

async function sealingOf(party: TestParty): Promise<string[]> {
  const row = await reader(party)
    .selectFrom('credentials')
    .select('body')
    .where('party', '=', party.id)
    .executeTakeFirstOrThrow();
  return (JSON.parse(row.body) as { sealing: string[] }).sealing;
}
