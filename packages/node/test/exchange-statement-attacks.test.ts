/** Hostile and broken statements in sound pouches, one test each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  channelDocket,
  encodeBase64,
  signEnvelopeEd25519,
  statementId,
  statementPayloadType,
} from '@comity/record';
import { rateDefault } from '../src/exchange/deps.ts';
import { add, makeWorld, messageBody } from './parties.ts';
import { craftPouch, sayRaw } from './raw-statements.ts';
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

async function refusals(party: TestParty, statement: string) {
  return reader(party)
    .selectFrom('refusals')
    .selectAll()
    .where('statement', '=', statement)
    .execute();
}

const message = (more = {}) => ({
  to: [b.id],
  body: messageBody('hello'),
  more: { docket: channel, ...more },
});

describe('a statement', () => {
  it('with a tampered signature, on the word of its own author, is refused as bad-proof', async () => {
    const record = await sayRaw(a, message());
    const spoilt = { ...record, envelope: tampered(record.envelope) };
    const report = await take(await craftPouch(a, b, [spoilt]));
    expect(report.refused).toMatchObject([{ id: idOf(record), code: 'bad-proof' }]);
    expect(await refusals(b, idOf(record))).toHaveLength(1);
  });

  it('whose logged signature does not verify is refused as bad-signature, once', async () => {
    const record = await sayRaw(a, { ...message(), envelope: tampered });
    const report = await take(await craftPouch(a, b, [record]));
    expect(report.refused).toMatchObject([{ id: idOf(record), code: 'bad-signature' }]);
    const size = logSize(b);
    await take(await craftPouch(a, b, [record]));
    expect(logSize(b)).toBe(size);
    const said = await reader(b)
      .selectFrom('statements')
      .select('id')
      .where('kind', '=', 'channel.refuse')
      .where('own', '=', 1)
      .execute();
    expect(said.length).toBeGreaterThan(0);
    expect(await refusals(b, idOf(record))).toHaveLength(1);
  });

  it('with a stripped second signature is refused, whoever stripped it', async () => {
    const record = await sayRaw(a, { ...message(), officers: 2 });
    const [only] = record.envelope.signatures;
    if (only === undefined) throw new Error('unsigned');
    const stripped = { ...record, envelope: { ...record.envelope, signatures: [only] } };
    const report = await take(await craftPouch(a, b, [stripped]));
    expect(report.refused).toMatchObject([{ id: idOf(record), code: 'bad-proof' }]);
    // The whole one still comes in: nobody can get a statement refused by spoiling a copy.
    const whole = await take(await craftPouch(a, b, [record]));
    expect(whole.taken).toEqual([idOf(record)]);
  });

  it('with too few officers is refused as insufficient-authority', async () => {
    const kind = 'assurance.withdraw';
    const record = await sayRaw(a, {
      kind,
      to: [b.id],
      body: {},
      more: { docket: '77'.repeat(32) },
    });
    const report = await take(await craftPouch(a, b, [record]));
    expect(['insufficient-authority', 'bad-schema']).toContain(report.refused[0]?.code);
  });

  it('that does not fit its kind is refused as bad-schema', async () => {
    const record = await sayRaw(a, { ...message(), body: { ...messageBody('x'), extra: 1 } });
    const report = await take(await craftPouch(a, b, [record]));
    expect(report.refused).toMatchObject([{ code: 'bad-schema' }]);
    const kept = await reader(b)
      .selectFrom('statements')
      .select(['refused', 'held_index'])
      .where('id', '=', idOf(record))
      .executeTakeFirstOrThrow();
    expect(kept).toEqual({ refused: 'bad-schema', held_index: null });
  });

  it('of an unknown kind with a duty signature is taken in', async () => {
    const record = await sayRaw(a, { ...message(), kind: 'weather.report', body: { rain: 1 } });
    const report = await take(await craftPouch(a, b, [record]));
    expect(report.taken).toEqual([idOf(record)]);
  });

  it('under credentials that its author never sent is refused as credentials-gap', async () => {
    const record = await sayRaw(a, {
      ...message(),
      payload: (payload) => {
        const text = new TextDecoder().decode(payload);
        const other = text.replace(
          /"credentials":"[0-9a-f]{64}"/,
          `"credentials":"${'ab'.repeat(32)}"`,
        );
        return new TextEncoder().encode(other);
      },
    });
    const report = await take(await craftPouch(a, b, [record]));
    expect(report.refused).toMatchObject([{ code: 'credentials-gap' }]);
  });

  it('of the other world is refused as wrong-exercise', async () => {
    const record = await sayRaw(a, { ...message(), payloadType: statementPayloadType });
    const report = await take(await craftPouch(a, b, [record]));
    expect(report.refused).toMatchObject([{ code: 'wrong-exercise' }]);
  });

  it('that is not for us is refused as not-addressed', async () => {
    const record = await sayRaw(a, { to: [stranger.id], body: messageBody('x') });
    const report = await take(await craftPouch(a, b, [record]));
    expect(report.refused).toMatchObject([{ code: 'not-addressed' }]);
  });

  it('with hostile text is refused as bad-text before its signature is looked at', async () => {
    for (const hostile of ['\u202e', '\u0000', 'e\u0301', '\u{e0fff}']) {
      const record = await sayRaw(a, {
        ...message(),
        payload: (payload) =>
          new TextEncoder().encode(
            new TextDecoder()
              .decode(payload)
              .replace('hello', JSON.stringify(hostile).slice(1, -1)),
          ),
      });
      const report = await take(await craftPouch(a, b, [record]));
      expect(report.refused).toMatchObject([{ code: 'bad-text' }]);
    }
  });

  it('that is too large is refused by its id alone', async () => {
    const payload = new Uint8Array(300 * 1024).fill(0x20);
    const { seed } = a.secrets[0] ?? { seed: new Uint8Array(32) };
    const payloadType = 'application/vnd.comity.exercise+json';
    const signatures = [signEnvelopeEd25519(payloadType, payload, seed)];
    const envelope = { payload, payloadType, signatures };
    const record: EnvelopeRecord = { type: 'envelope', envelope, said: 'x', anchorLines: [] };
    const report = await take(await craftPouch(a, b, [record]));
    expect(report.refused).toMatchObject([{ id: idOf(record), code: 'too-large' }]);
    const kept = await reader(b)
      .selectFrom('statements')
      .select('id')
      .where('id', '=', idOf(record))
      .execute();
    expect(kept).toEqual([]);
  });

  it('of a party that was added and not confirmed is left alone', async () => {
    await add(b, stranger);
    const size = logSize(b);
    const record = await sayRaw(stranger, {
      to: [b.id],
      body: messageBody('hello'),
      more: { docket: channelDocket(stranger.id, b.id) },
    });
    const sealed = await craftPouch(stranger, b, [record]);
    expect(await b.exchange.receive(sealed)).toEqual({ status: 403, code: 'not-confirmed' });
    expect(logSize(b)).toBe(size);
  });

  it('logged twice with different signatures is kept as evidence and answered once', async () => {
    const record = await sayRaw(a, message());
    const size = logSize(b);
    await take(await craftPouch(a, b, [record]));
    expect(logSize(b)).toBe(size + 1);
    const other = await secondList(record);
    const report = await take(await craftPouch(a, b, [other]));
    expect(report.duplicates).toEqual([idOf(record)]);
    expect(logSize(b)).toBe(size + 1);
    const evidence = await reader(b)
      .selectFrom('evidence')
      .select('kind')
      .where('kind', '=', 'double-said')
      .execute();
    expect(evidence).toEqual([{ kind: 'double-said' }]);
    const alarms = await reader(b).selectFrom('alarms').select('code').execute();
    expect(alarms).toContainEqual({ code: 'double-said' });
    const spoilt = { ...record, envelope: tampered(record.envelope) };
    await take(await craftPouch(a, b, [spoilt]));
    expect(await reader(b).selectFrom('evidence').select('kind').execute()).toHaveLength(1);
  });

  it('that names 10,000 missing parents costs a bounded number of rows and one request', async () => {
    const records: EnvelopeRecord[] = [];
    for (let i = 0; i < 157; i += 1) {
      const after = Array.from({ length: 64 }, (_, j) =>
        (i * 64 + j + 1).toString(16).padStart(64, '0'),
      );
      records.push(await sayRaw(a, message({ after })));
    }
    const report = await take(await craftPouch(a, b, records));
    expect(report.taken).toHaveLength(157);
    const missing = await reader(b).selectFrom('missing').select('id').execute();
    expect(missing).toHaveLength(1024);
    await b.node.refolder.settled();
    const row = await reader(b)
      .selectFrom('dockets')
      .select('heads')
      .where('id', '=', channel)
      .executeTakeFirstOrThrow();
    const heads = JSON.parse(row.heads) as string[];
    expect(heads.length).toBeGreaterThan(0);
    // None of what waits for them is a head that a heartbeat would confirm.
    expect(heads.filter((id) => records.some((record) => idOf(record) === id))).toEqual([]);
    const requests = await reader(b)
      .selectFrom('outbox')
      .select('ref')
      .where('item', '=', 'request')
      .execute();
    const asking = requests.filter((row) => row.ref.includes('"statements"'));
    expect(asking).toHaveLength(1);
    expect((JSON.parse(asking[0]?.ref ?? '{}') as { ids: string[] }).ids).toHaveLength(256);
  });

  it('that a flood pushes past the limit is refused, and the reserve stays open', async () => {
    const narrow = { ...rateDefault, burst: 2, perSecond: 0, reserveBurst: 100 };
    const c = await world.party('Thinland', { rate: narrow });
    await world.pair(a, c);
    const open = (n: number) => ({
      kind: 'weather.report',
      to: [c.id],
      body: { n },
    });
    const records: EnvelopeRecord[] = [];
    for (let n = 0; n < 4; n += 1) records.push(await sayRaw(a, open(n)));
    const more = { docket: channelDocket(a.id, c.id) };
    records.push(await sayRaw(a, { to: [c.id], body: messageBody('still here'), more }));
    const report = await take(await craftPouch(a, c, records), c);
    expect(report.taken).toHaveLength(3);
    expect(report.refused.map((each) => each.code)).toEqual(['rate-limited', 'rate-limited']);
  });
});

describe('a flood of statements that must be refused', () => {
  it('gets no more signed refusals than the limit, the rest stays due, and the hotline is open', async () => {
    const rate = { ...rateDefault, refusalBurst: 3, refusalPerSecond: 1 / 60 };
    const c = await world.party('Thinland', { rate });
    await world.pair(a, c);
    const more = { docket: channelDocket(a.id, c.id) };
    const bad: EnvelopeRecord[] = [];
    for (let n = 0; n < 5; n += 1) {
      bad.push(await sayRaw(a, { kind: 'incident.notify', to: [c.id], body: { n } }));
    }
    const badHotline = await sayRaw(a, { to: [c.id], body: { n: 0 }, more });
    const hotline = await sayRaw(a, { to: [c.id], body: messageBody('still here'), more });
    const report = await take(await craftPouch(a, c, [...bad, badHotline, hotline]), c);
    const first = bad.slice(0, 3).map(idOf);
    expect(report.refused.map(({ id }) => id)).toEqual([...first, idOf(badHotline)]);
    expect(new Set(report.refused.map(({ code }) => code))).toEqual(new Set(['bad-schema']));
    expect(report.taken).toEqual([idOf(hotline)]);
    expect(c.exchange.counters().get('refusal-held-back')).toBe(2);
    // Nothing of what was held back is noted: the sender's queue is not covered, and it comes again.
    for (const held of bad.slice(3)) expect(await refusals(c, idOf(held))).toEqual([]);
    const size = logSize(c);
    const again = await take(await craftPouch(a, c, bad), c);
    expect(again.refused.map(({ id }) => id)).toEqual([]);
    expect(logSize(c)).toBe(size);
    world.clock.advance(120_000);
    const later = await take(await craftPouch(a, c, bad), c);
    expect(later.refused.map(({ id }) => id)).toEqual(bad.slice(3).map(idOf));
  });
});

function tampered(envelope: EnvelopeRecord['envelope']): EnvelopeRecord['envelope'] {
  const [signature, ...others] = envelope.signatures;
  if (signature === undefined) return envelope;
  const sig = encodeBase64(new Uint8Array(64).fill(1));
  return { ...envelope, signatures: [{ ...signature, sig }, ...others] };
}

/** The same statement with both officers' signatures, in an entry of its own of the author's log. */
async function secondList(record: EnvelopeRecord): Promise<EnvelopeRecord> {
  const { payload } = record.envelope;
  await a.node.storage.store.transact(async (tx) => {
    await tx.deleteFrom('statements').where('id', '=', idOf(record)).execute();
  });
  return sayRaw(a, { ...message(), officers: 2, payload: () => payload });
}
