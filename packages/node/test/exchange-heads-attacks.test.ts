/**
 * A counterpart that says what waits for ever must not take along what we say: our acts rest on what
 * the fold takes in, and on nothing else.
 */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelDocket, statementId } from '@comity/record';
import { incidentBody, makeWorld, messageBody } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';
import { craftPouch, sayRaw } from './raw-statements.ts';
import type { EnvelopeRecord } from './raw-statements.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
let docket: string;
const reader = (party: TestParty) => party.node.storage.store.reader;
const idOf = ({ envelope }: EnvelopeRecord) => statementId(envelope.payloadType, envelope.payload);
const reach = { reach: { office: 'Duty officer 1', languages: ['en'] } };
const invented = () => randomBytes(32).toString('hex');
const channel = () => channelDocket(a.id, b.id);

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
  docket = await b.say('incident.notify', [a], incidentBody('Something'));
  await pass(1);
}, 60_000);
afterEach(async () => await world.close());

async function pass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    world.clock.advance(60_000);
    for (const party of [a, b]) await party.exchange.chores();
    await world.settle();
  }
}

async function give(to: TestParty, records: EnvelopeRecord[]): Promise<void> {
  const taken = await to.exchange.takeIn(await craftPouch(b, to, records));
  expect(taken.ok).toBe(true);
  await to.node.refolder.settled();
}

const update = (after: string[], more: object = {}): Promise<EnvelopeRecord> =>
  sayRaw(b, {
    kind: 'incident.update',
    to: [a.id],
    body: { stage: 'progress', text: 'nothing new' },
    more: { docket, after: [docket, ...after].sort(), ...more },
  });

const message = (after: string[]): Promise<EnvelopeRecord> =>
  sayRaw(b, { to: [a.id], body: messageBody('hello'), more: { docket: channel(), after } });

type Acts = { [id: string]: { effect: string } };

async function actsOf(party: TestParty, of: string): Promise<Acts> {
  const row = await reader(party)
    .selectFrom('dockets')
    .select('state_json')
    .where('id', '=', of)
    .executeTakeFirstOrThrow();
  return (JSON.parse(row.state_json) as { acts: Acts }).acts;
}

/** We acknowledge and go on; both have an effect at both, and the bad statement has none at us. */
async function expectHeard(bad: EnvelopeRecord): Promise<void> {
  const first = await a.say('incident.acknowledge', [b], reach, docket);
  await pass(2);
  const second = await a.say('incident.update', [b], { stage: 'progress', text: 'on' }, docket);
  await pass(2);
  for (const party of [a, b]) {
    const acts = await actsOf(party, docket);
    expect([acts[first]?.effect, acts[second]?.effect]).toEqual(['effective', 'effective']);
  }
  expect((await actsOf(a, docket))[idOf(bad)]?.effect).not.toBe('effective');
}

describe('our acts stay heard beside a statement that waits for ever', () => {
  it('for a parent that nobody has', async () => {
    const bad = await update([invented()]);
    await give(a, [bad]);
    await expectHeard(bad);
  });

  it('for a parent that was missing in another docket first', async () => {
    const parent = invented();
    await give(a, [await message([parent])]);
    const bad = await update([parent]);
    await give(a, [bad]);
    await expectHeard(bad);
  });

  it('for a parent that it refused in the channel', async () => {
    const refused = invented();
    const automatic = b.node.keys.automaticSeed;
    const refusal = { kind: 'channel.refuse', body: { refused, code: 'bad-schema' }, automatic };
    await give(a, [await sayRaw(b, { to: [a.id], ...refusal, more: { docket: channel() } })]);
    const bad = await update([refused]);
    await give(a, [bad]);
    await expectHeard(bad);
  });

  it('for a parent past those that we note as missing', async () => {
    const filling = Array.from({ length: 17 }, () =>
      message(Array.from({ length: 64 }, invented).sort()),
    );
    await give(a, await Promise.all(filling));
    const bad = await update([invented()]);
    await give(a, [bad]);
    await expectHeard(bad);
  });

  it('and is refused by us', async () => {
    const more = { docket, after: [docket, invented()].sort() };
    const body = { nonsense: 1 };
    const bad = await sayRaw(b, { kind: 'incident.update', to: [a.id], body, more });
    await give(a, [bad]);
    await expectHeard(bad);
  });

  it('for a citation that nobody has', async () => {
    const more = { docket, after: [docket], cites: [invented()] };
    const withdrawal = { kind: 'assurance.withdraw', officers: 2, body: { reasons: 'x' } };
    const bad = await sayRaw(b, { to: [a.id], ...withdrawal, more });
    await give(a, [bad]);
    await expectHeard(bad);
  });

  it('in the channel', async () => {
    const parent = invented();
    await give(a, [await update([parent])]);
    await give(a, [await message([parent])]);
    const said = await a.message(b, 'we accept your terms');
    await pass(2);
    for (const party of [a, b]) {
      expect((await actsOf(party, channel()))[said]?.effect).toBe('effective');
    }
  });
});

describe('a parent in another docket', () => {
  it('keeps waiting for who holds it and for who does not, and splits no two of three', async () => {
    const c = await world.party('Eastmark');
    await world.pair(a, c);
    await world.pair(b, c);
    const ofThree = await c.say('incident.notify', [a, b], incidentBody('Between three'));
    await pass(1);
    await c.exchange.chores();
    await world.settle();
    const elsewhere = await b.say('incident.notify', [a], incidentBody('For Northland alone'));
    await pass(2);
    const bad = await sayRaw(b, {
      kind: 'incident.update',
      to: [a.id, c.id],
      body: { stage: 'progress', text: 'hm' },
      more: { docket: ofThree, after: [ofThree, elsewhere].sort() },
    });
    await give(a, [bad]);
    await give(c, [bad]);
    const said = await a.say('incident.acknowledge', [b, c], reach, ofThree);
    for (let minute = 0; minute < 4; minute += 1) {
      await pass(1);
      await c.exchange.chores();
      await world.settle();
    }
    for (const party of [a, c]) {
      const acts = await actsOf(party, ofThree);
      expect([acts[idOf(bad)], acts[said]?.effect]).toEqual([undefined, 'effective']);
    }
    const digests = await Promise.all(
      [a, c].map(async (party) =>
        reader(party)
          .selectFrom('dockets')
          .select(['input_digest', 'state_digest'])
          .where('id', '=', ofThree)
          .executeTakeFirstOrThrow(),
      ),
    );
    expect(digests[0]).toEqual(digests[1]);
  });
});
