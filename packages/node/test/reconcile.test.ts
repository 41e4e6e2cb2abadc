/** Facts of dockets that are larger than one record may state, and records that cost more than one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatEnvelope } from '@comity/record';
import { cosignerBook } from '../src/exchange/cosignature-checks.ts';
import { docketFacts } from '../src/exchange/facts.ts';
import type { FactsRecord } from '../src/exchange/facts.ts';
import { factsBytesMax, factsPerDocketMax, requestIdsMax } from '../src/exchange/limits.ts';
import { compareDigests, reconcile } from '../src/exchange/reconcile.ts';
import { makeWorld } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';
import { sayRaw } from './raw-statements.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;

const digest = (n: number) => n.toString(16).padStart(64, '0');
const docket = digest(1);
const total = factsPerDocketMax + 300;
const lackedByA = [0, 1, 2000, total - 2].map(digest);
const lackedByB = [5, 6, 2001, factsPerDocketMax, total - 1].map(digest);

beforeAll(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
  for (const party of [a, b]) {
    const lacked = party === a ? lackedByA : lackedByB;
    await keepDocket(party, { docket, first: 0, lacked, narrow: [], participants: [a.id, b.id] });
  }
});
afterAll(async () => {
  await world.close();
});

const storeOf = (party: TestParty) => party.node.storage.store;

/** What this party would tell the other of the docket, having heard that its digests differ. */
async function factsFrom(party: TestParty, to: TestParty, of = docket): Promise<FactsRecord> {
  const differs = { docket: of, heads: [], inputDigest: digest(8), stateDigest: digest(9) };
  const record = { type: 'digests' as const, about: digest(0), dockets: [differs, differs] };
  const ref = await storeOf(party).transact(async (tx) => {
    await tx.deleteFrom('outbox').execute();
    await compareDigests(tx, { log: () => undefined }, to.id, record, 0);
    const rows = await tx.selectFrom('outbox').select('ref').where('item', '=', 'facts').execute();
    expect(rows).toHaveLength(1);
    return JSON.parse(rows[0]?.ref ?? '{}') as { docket: string; from?: string };
  });
  const facts = await docketFacts(storeOf(party).reader, ref.docket, ref.from);
  if (facts === null) throw new Error('no facts');
  return facts;
}

/** Takes in facts; gives the statements that are asked for, and those that are sent, by it. */
async function takeIn(party: TestParty, from: TestParty, facts: FactsRecord[]) {
  const own = { party: party.id, origin: party.node.keys.logSigner.key.name };
  return storeOf(party).transact(async (tx) => {
    await tx.deleteFrom('outbox').execute();
    await tx
      .deleteFrom('missing')
      .where('docket', '!=', facts[0]?.docket ?? '')
      .execute();
    await reconcile(tx, own, { sender: from.id, book: cosignerBook([], []), facts }, 0);
    const asked = await tx.selectFrom('missing').select('id').orderBy('id').execute();
    const sent = await tx
      .selectFrom('outbox')
      .select('ref')
      .where('item', '=', 'statement')
      .orderBy('ref')
      .execute();
    return { asked: asked.map(({ id }) => id), sent: sent.map(({ ref }) => ref) };
  });
}

describe('the facts of a docket with more statements than a record may state', () => {
  it('come in windows, and after two rounds nothing is left unequal in silence', async () => {
    const sent = { a: new Set<string>(), b: new Set<string>() };
    const asked = { a: [] as string[], b: [] as string[] };
    for (let round = 0; round < 2; round += 1) {
      const byA = await factsFrom(a, b);
      expect(byA.statements).toHaveLength(factsPerDocketMax);
      const atB = await takeIn(b, a, [byA]);
      const atA = await takeIn(a, b, [await factsFrom(b, a)]);
      asked.a = atA.asked;
      asked.b = atB.asked;
      for (const id of atA.sent) sent.a.add(id);
      for (const id of atB.sent) sent.b.add(id);
    }
    expect(asked).toEqual({ a: lackedByA, b: lackedByB });
    // Nobody is sent what it has, which comparing different windows would do.
    for (const id of sent.a) expect(lackedByB).toContain(id);
    for (const id of sent.b) expect(lackedByA).toContain(id);
    // The third round begins anew.
    expect((await factsFrom(a, b)).statements[0]).toBe(digest(2));
  });

  it('are taken once a docket however many records of it a pouch has', async () => {
    const facts = await factsFrom(a, b);
    const none = { ...facts, statements: [], facts: [] };
    const once = await takeIn(b, a, [none]);
    const often = await takeIn(b, a, [facts, facts, facts, none]);
    expect(often).toEqual(once);
    expect(once.sent.length).toBeLessThanOrEqual(factsPerDocketMax);
  });

  it('weigh no more than a pouch can bear, whatever was cosigned', async () => {
    const origin = a.node.keys.logSigner.key.name;
    const line = `— witness ${'x'.repeat(3_400)}\n`;
    const rows = Array.from({ length: 400 }, (_, at) => {
      return { origin, size: at * 10 + 5, vkey: 'witness', time: at, line: `${at} ${line}` };
    });
    await storeOf(a).transact((tx) => tx.insertInto('cosignatures').values(rows).execute());
    const facts = await docketFacts(storeOf(a).reader, docket);
    const bytes = JSON.stringify(facts).length;
    expect(bytes).toBeLessThan(factsBytesMax + 4_096);
    expect(facts?.facts.length).toBeGreaterThan(50);
    expect(facts?.facts.length).toBeLessThan(400);
  });
});

describe('statements that leave out a participant', () => {
  const first = 10_000;
  const wide = digest(first);
  const third = 'ef'.repeat(32);
  const narrow = [7, 2_002, factsPerDocketMax + 1].map((n) => digest(first + n));
  const lacked = {
    a: [1, total - 2].map((n) => digest(first + n)),
    b: [5, total - 1].map((n) => digest(first + n)),
  };

  beforeAll(async () => {
    const participants = [a.id, b.id, third];
    await keepDocket(a, { docket: wide, first, lacked: lacked.a, narrow, participants });
    await keepDocket(b, { docket: wide, first, lacked: lacked.b, narrow, participants });
  });

  it('make no window of a large docket pass for all of it', async () => {
    const sent = new Set<string>();
    const asked = new Set<string>();
    for (let round = 0; round < 2; round += 1) {
      const facts = await factsFrom(a, b, wide);
      expect(facts.statements).toHaveLength(factsPerDocketMax);
      for (const id of narrow) expect(facts.statements).not.toContain(id);
      const atB = await takeIn(b, a, [facts]);
      for (const id of atB.asked) asked.add(id);
      for (const id of atB.sent) sent.add(id);
    }
    expect([...asked].sort()).toEqual(lacked.b);
    expect([...sent].sort()).toEqual(lacked.a);
  });

  it('and others that we hold outside a docket take no place of those that we ask for', async () => {
    // Held, but in another docket: the other side says that they are in this one.
    const held = Array.from({ length: requestIdsMax }, (_, n) => digest(n + 100));
    const unknown = digest(50_000);
    const facts = {
      type: 'facts' as const,
      docket: wide,
      statements: [...held, unknown],
      facts: [],
    };
    const { asked } = await takeIn(b, a, [facts]);
    expect(asked).toContain(unknown);
    for (const id of held) expect(asked).not.toContain(id);
  });
});

interface Kept {
  docket: string;
  /** Number of its first statement's id. */
  first: number;
  lacked: readonly string[];
  /** Those that are for nobody but the two. */
  narrow: readonly string[];
  participants: string[];
}

/** A docket of so many statements, as this party keeps it. */
async function keepDocket(party: TestParty, kept: Kept): Promise<void> {
  const { docket: id, first, lacked, narrow } = kept;
  const body = { text: 'Between us.' };
  const between = await sayRaw(a, { kind: 'incident.assist', to: [b.id], body });
  const rows = Array.from({ length: total }, (_, index) => ({
    id: digest(first + index),
    docket: id,
    author: a.id,
    kind: 'channel.message',
    chain: 'duty' as const,
    prior: null,
    made: '2027-01-15T08:00:00Z',
    envelope: narrow.includes(digest(first + index))
      ? formatEnvelope(between.envelope)
      : new Uint8Array(1),
    list_digest: digest(0),
    anchor_lines: '[]',
    said_origin: a.node.keys.logSigner.key.name,
    said_index: first + index,
    said_size: first + total,
    own: 0,
    held_origin: null,
    held_index: null,
    held_size: null,
    refused: null,
    introduced_by: null,
    logged_at: 0,
  })).filter((row) => !lacked.includes(row.id));
  await storeOf(party).transact(async (tx) => {
    for (let at = 0; at < rows.length; at += 200) {
      await tx
        .insertInto('statements')
        .values(rows.slice(at, at + 200))
        .execute();
    }
    const participants = JSON.stringify(kept.participants.toSorted());
    await tx
      .insertInto('dockets')
      .values({
        id,
        type: 'channel',
        subject: '',
        state: 'open',
        state_json: '{}',
        state_digest: digest(2),
        input_digest: digest(3),
        fold: 1,
        heads: '[]',
        participants,
        last_act: null,
        last_act_at: null,
        dirty: 0,
      })
      .execute();
  });
}
