/** Exchange without a network, and with more than two parties. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { standingOf } from '../src/exchange/confirmations.ts';
import { flowMin, flowMs } from '../src/exchange/limits.ts';
import { add, confirm, incidentBody, makeWorld } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
});
afterEach(async () => {
  await world.close();
});

const reader = (party: TestParty) => party.node.storage.store.reader;

async function dockets(party: TestParty) {
  await party.node.refolder.settled();
  return reader(party)
    .selectFrom('dockets')
    .select(['id', 'type', 'input_digest', 'state_digest', 'heads'])
    .orderBy('id')
    .execute();
}

async function state(party: TestParty, other: TestParty) {
  const row = await reader(party)
    .selectFrom('parties')
    .select('state')
    .where('id', '=', other.id)
    .executeTakeFirst();
  return row?.state;
}

/** Carries files to and fro until nobody has anything new; returns how many went. */
async function carry(x: TestParty, y: TestParty): Promise<number> {
  for (let files = 0; files < 40; files += 2) {
    let fresh = 0;
    for (const [from, to] of [
      [x, y],
      [y, x],
    ] as const) {
      const file = await from.exchange.hand.exportFor(to.id);
      if (file === null) throw new Error('nothing to seal to');
      fresh += file.fresh;
      const taken = await to.exchange.hand.importFile(file.sealed);
      if (!taken.ok) throw new Error(taken.code);
      await world.settle();
    }
    if (fresh === 0) return files + 2;
  }
  throw new Error('the exchange by hand does not end');
}

describe('by hand alone', () => {
  it('two parties pair and exchange everything, the files end, and both have the same state', async () => {
    world.network.onSend = () => 'lose';
    await add(a, b);
    await add(b, a);
    await confirm(a, b);
    await confirm(b, a);
    await world.settle();
    await carry(a, b);
    expect([await state(a, b), await state(b, a)]).toEqual(['confirmed', 'confirmed']);
    const opening = await a.say('incident.notify', [b], incidentBody('Scan'));
    const other = await b.say('incident.notify', [a], incidentBody('Answering scan'));
    await carry(a, b);
    const body = { reach: { office: 'Duty officer 1', languages: ['en'] } };
    await b.say('incident.acknowledge', [a], body, opening);
    await a.say('incident.acknowledge', [b], body, other);
    const files = await carry(a, b);
    // Two of them carry heartbeats, which confirm what the others brought.
    expect(files).toBeLessThanOrEqual(10);
    expect(await dockets(a)).toEqual(await dockets(b));
    const sizes = [a, b].map((party) => party.node.storage.sequencer.newest()?.size);
    await carry(a, b);
    expect([a, b].map((party) => party.node.storage.sequencer.newest()?.size)).toEqual(sizes);
    for (const party of [a, b]) {
      const rows = await reader(party).selectFrom('outbox').select('item').execute();
      expect(rows.filter((row) => row.item === 'statement')).toEqual([]);
    }
  });

  it('a file that is lost is in the next one again', async () => {
    await world.pair(a, b);
    world.network.onSend = () => 'lose';
    const id = await a.message(b, 'by courier');
    await world.settle();
    await a.exchange.hand.exportFor(b.id);
    await carry(a, b);
    const receipt = await reader(a)
      .selectFrom('proofs')
      .select('party')
      .where('statement', '=', id)
      .where('role', '=', 'held')
      .execute();
    expect(receipt).toEqual([{ party: b.id }]);
  });
});

describe('while much goes to and fro', () => {
  const confirmed = async (party: TestParty, docket: string) =>
    (await standingOf(reader(party), docket))?.by;
  const many = async (from: TestParty, to: TestParty) => {
    for (let at = 0; at < flowMin; at += 1) await from.message(to, `message ${at}`);
  };
  const byBoth = () => [a.id, b.id].sort();

  it('files confirm what they bring all the same', async () => {
    await world.pair(a, b);
    world.network.onSend = () => 'lose';
    const opening = await a.say('incident.notify', [b], incidentBody('Scan'));
    for (let round = 0; round < 3; round += 1) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        await many(from, to);
        const file = await from.exchange.hand.exportFor(to.id);
        expect(file?.statements).toBeGreaterThanOrEqual(flowMin);
        await to.exchange.hand.importFile(file?.sealed ?? new Uint8Array());
        await world.settle();
      }
      world.clock.advance(12 * 3_600_000);
      await world.settle();
    }
    expect(await confirmed(a, opening)).toEqual(byBoth());
    expect(await confirmed(b, opening)).toEqual(byBoth());
  }, 120_000);

  it('a heartbeat in a full pouch is compared once the flow has ended', async () => {
    await world.pair(a, b);
    const opening = await a.say('incident.notify', [b], incidentBody('Scan'));
    await world.settle();
    world.network.onSend = () => 'lose';
    await many(a, b);
    // As a courier would carry it, with the heartbeat that goes into every file.
    const file = await a.exchange.hand.exportFor(b.id);
    await b.exchange.takeIn(file?.sealed ?? new Uint8Array());
    await world.settle();
    const before = await confirmed(b, opening);
    expect(before).not.toContain(a.id);
    world.clock.advance(flowMs - 1);
    await world.settle();
    expect(await confirmed(b, opening)).toEqual(before);
    world.clock.advance(1);
    await world.settle();
    expect(await confirmed(b, opening)).toContain(a.id);
  }, 60_000);
});

describe('before the pairing stands', () => {
  it('a message waits and a pairing goes through', async () => {
    await add(a, b);
    await confirm(a, b);
    await world.settle();
    // Southmark has never heard of Northland: nothing of it is kept.
    expect(await state(b, a)).toBeUndefined();
    await add(b, a);
    world.clock.advance(600_000);
    await world.settle();
    expect(await state(b, a)).toBe('added');
    await confirm(b, a);
    await world.settle();
    world.clock.advance(600_000);
    await world.settle();
    expect([await state(a, b), await state(b, a)]).toEqual(['confirmed', 'confirmed']);
    const pairs = await reader(a)
      .selectFrom('proofs')
      .innerJoin('statements', 'statements.id', 'proofs.statement')
      .select(['proofs.party'])
      .where('statements.kind', '=', 'channel.pair')
      .where('proofs.role', '=', 'held')
      .execute();
    expect(pairs).toEqual([{ party: b.id }]);
  });
});

describe('three parties', () => {
  it('where one line is cut, the third passes on what the other lacks, and all agree', async () => {
    const c = await world.party('Eastmere');
    await world.pair(a, b);
    await world.pair(b, c);
    await world.pair(a, c);
    const cut = new Set([`${a.id} ${c.id}`, `${c.id} ${a.id}`]);
    world.network.onSend = (from, to) => (cut.has(`${from} ${to}`) ? 'lose' : 'deliver');
    const opening = await a.say('incident.notify', [b, c], incidentBody('Scan of three'));
    await world.settle();
    for (let round = 0; round < 12; round += 1) {
      world.clock.advance(30_000);
      await world.settle();
      for (const party of [a, b, c]) await party.exchange.chores();
      await world.settle();
    }
    const held = await reader(c)
      .selectFrom('statements')
      .select(['introduced_by', 'held_index'])
      .where('id', '=', opening)
      .executeTakeFirst();
    expect(held).toMatchObject({ introduced_by: b.id });
    expect(held?.held_index).not.toBeNull();
    cut.clear();
    for (let round = 0; round < 30; round += 1) {
      world.clock.advance(30_000);
      await world.settle();
      for (const party of [a, b, c]) await party.exchange.chores();
      await world.settle();
    }
    const find = async (party: TestParty) =>
      (await dockets(party)).find((row) => row.id === opening);
    const [ofA, ofB, ofC] = [await find(a), await find(b), await find(c)];
    expect(ofA).toBeDefined();
    expect(ofB).toEqual(ofA);
    expect(ofC).toEqual(ofA);
    for (const party of [a, b, c]) {
      const found = await reader(party)
        .selectFrom('docket_participants')
        .select(['party', 'participants'])
        .where('docket', '=', opening)
        .orderBy('party')
        .execute();
      const expected = [a.id, b.id, c.id].sort().map((id) => ({ party: id, participants: 3 }));
      expect(found).toEqual(expected);
    }
  });

  it('a party that two others talk about is introduced with its credentials', async () => {
    const c = await world.party('Eastmere');
    await world.pair(a, b);
    await world.pair(b, c);
    const opening = await b.say('incident.notify', [a, c], incidentBody('Scan of three'));
    await world.settle();
    world.clock.advance(120_000);
    await world.settle();
    for (let round = 0; round < 6; round += 1) {
      for (const party of [a, b, c]) await party.exchange.chores();
      world.clock.advance(120_000);
      await world.settle();
    }
    const body = { reach: { office: 'Duty officer 1', languages: ['en'] } };
    const said = await c.say('incident.acknowledge', [a, b], body, opening);
    for (let round = 0; round < 12; round += 1) {
      for (const party of [a, b, c]) await party.exchange.chores();
      world.clock.advance(60_000);
      await world.settle();
    }
    const held = await reader(a)
      .selectFrom('statements')
      .select(['introduced_by'])
      .where('id', '=', said)
      .executeTakeFirst();
    expect(held).toEqual({ introduced_by: b.id });
    expect(await state(a, c)).toBe('introduced');
  });
});
