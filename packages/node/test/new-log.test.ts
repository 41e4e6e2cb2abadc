/**
 * A log whose end nobody can rebuild: it ends, credentials begin another, and the channel goes on
 * (protocol.md, Log; rulings.md, 8).
 */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelDocket, parseEnvelope } from '@comity/record';
import { buildApi } from '../src/api/server.ts';
import { approveWith } from '../src/desk/say.ts';
import { ownProof } from '../src/log/proofs.ts';
import { loadChain } from '../src/parties/chains.ts';
import { fsck } from '../src/watch/fsck.ts';
import { incidentBody, makeWorld } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';
import { craftPouch } from './raw-statements.ts';
import type { EnvelopeRecord } from './raw-statements.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
let copy: string;

const reader = (party: TestParty) => party.node.storage.store.reader;
const log = (party: TestParty) => party.node.storage.sequencer;
const database = (home: string) => join(home, 'store', 'comity.sqlite');

async function pass(seconds: number) {
  for (let passed = 0; passed < seconds; passed += 30) {
    world.clock.advance(30_000);
    await world.settle();
  }
}

/** Chores of both, and what follows from them. */
async function live(rounds: number) {
  for (let round = 0; round < rounds; round += 1) {
    for (const party of world.network.parties.values()) await party.exchange.chores();
    await pass(60);
  }
}

const save = async () => {
  copy = join(a.folder, 'copy.sqlite');
  a = await world.restart(a, (home) => copyFile(database(home), copy));
};
const putBack = async () => {
  a = await world.restart(a, async (home) => {
    await rm(`${database(home)}-wal`, { force: true });
    await rm(`${database(home)}-shm`, { force: true });
    await copyFile(copy, database(home));
  });
};

async function call(party: TestParty, path: string): Promise<{ status: number; value: unknown }> {
  const { node, exchange } = party;
  const app = await buildApi({
    desk: node.desk,
    keys: node.keys,
    name: node.name,
    layout: node.layout,
    unprotectedKeys: true,
    locked: false,
    witnesses: [],
    hub: node.hub,
    token: 'token',
    log: () => undefined,
    direct: () => null,
    hand: {
      export: () => Promise.reject(new Error('not here')),
      import: () => Promise.reject(new Error('not here')),
    },
    confirm: () => Promise.resolve(null),
    nobodyElse: () => exchange.nobodyElse(),
    withoutTheRest: () => exchange.withoutTheRest(),
    foldSettled: () => node.refolder.settled(),
    fetchDocument: () => Promise.reject(new Error('not here')),
    requestsPerMinute: 1_000,
  });
  const reply = await app.inject({
    method: 'POST',
    url: `/api/v1${path}`,
    headers: { authorization: 'Bearer token' },
    payload: {},
  });
  await app.close();
  return { status: reply.statusCode, value: reply.json() };
}

async function beginNewLog(party: TestParty): Promise<void> {
  const { status, value } = await call(party, '/credentials/new-log');
  expect(status).toBe(201);
  const { draft } = value as { draft: string };
  const approved = await approveWith(party.node.desk, draft, party.secrets);
  expect(approved).toMatchObject({ ok: true, value: { state: 'logged', index: 0, size: 1 } });
}

/** A statement of a party as a pouch carries it. */
async function asSent(
  party: TestParty,
  id: string,
): Promise<{ id: string; record: EnvelopeRecord }> {
  const row = await reader(party)
    .selectFrom('statements')
    .select(['envelope', 'anchor_lines'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) throw new Error(envelope.code);
  const said = await ownProof(reader(party), id, 'said');
  const anchorLines = JSON.parse(row.anchor_lines) as string[];
  const record = { type: 'envelope' as const, envelope: envelope.value, said, anchorLines };
  return { id, record: { ...record, introduced: true } };
}

const receiptsOf = async (party: TestParty, ids: string[]): Promise<string[]> => {
  const rows = await reader(party)
    .selectFrom('proofs')
    .select('statement')
    .where('role', '=', 'held')
    .where('statement', 'in', ids)
    .execute();
  return rows.map((row) => row.statement).sort();
};
/** The channel docket is left out: heartbeats do not compare it. */
const digests = async (party: TestParty, docket: string) =>
  await reader(party)
    .selectFrom('dockets')
    .select(['input_digest', 'state_digest'])
    .where('id', '=', docket)
    .execute();

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
});
afterEach(async () => {
  await world.close();
});

describe('a log that cannot be rebuilt', () => {
  it('ends for good, and credentials begin another in which everything goes on', async () => {
    const docket = await a.say('incident.notify', [b], incidentBody('Before the copy'));
    const kept = await a.message(b, 'kept');
    await pass(600);
    await save();
    const delivered = await a.message(b, 'delivered after the copy');
    const news = { stage: 'progress', text: 'delivered after the copy' };
    const updated = await a.say('incident.update', [b], news, docket);
    await pass(120);
    world.network.onSend = () => 'lose';
    const lost = await asSent(a, await a.message(b, 'lost with us'));
    await putBack();
    expect(log(a).blocked).toBe('restored');
    expect(await call(a, '/credentials/new-log')).toMatchObject({
      status: 409,
      value: { code: 'log-not-ended' },
    });
    const theirs = await b.message(a, 'are you there');
    await pass(60);
    world.network.onSend = () => 'deliver';
    await live(2);
    // Its counterpart has spoken, but once is not enough to end a log.
    expect(log(a).blocked).toBe('restored');
    await live(10);
    expect(log(a).blocked).toBe('ended');
    const { size, origin } = log(a).newest() ?? { size: 0, origin: '' };

    // A start does not change it, and neither does anything but what begins another log.
    a = await world.restart(a);
    expect(log(a).blocked).toBe('ended');
    await expect(a.message(b, 'not in this log')).rejects.toThrow('log-ended');
    await live(2);
    expect(log(a).newest()).toMatchObject({ origin, size });

    await beginNewLog(a);
    expect(log(a).blocked).toBeNull();
    expect(log(a).newest()).toMatchObject({ origin: `${origin}/2`, size: 1 });
    expect(a.node.keys.logSigner.key.name).toBe(`${origin}/2`);
    await live(4);
    const chain = await loadChain(reader(b), a.id);
    expect(chain?.versions.map(({ origin: of, index }) => [of, index])).toEqual([
      [origin, 0],
      [`${origin}/2`, 0],
    ]);
    expect(chain?.versions[1]?.body.log.previous).toEqual({ origin, size });

    const after = await a.message(b, 'in the new log');
    const back = await b.message(a, 'received');
    await a.say('incident.update', [b], { stage: 'progress', text: 'in the new log' }, docket);
    await live(8);
    expect(await receiptsOf(a, [kept, delivered, updated, after])).toEqual(
      [kept, delivered, updated, after].toSorted(),
    );
    expect(await receiptsOf(b, [theirs, back])).toEqual([theirs, back].toSorted());
    await live(4);
    expect(await digests(a, docket)).toEqual(await digests(b, docket));
    const copied = await reader(b)
      .selectFrom('entries')
      .select('log_index')
      .where('origin', '=', `${origin}/2`)
      .execute();
    expect(copied.length).toBeGreaterThan(2);

    // What we had said past the end comes back from somebody: it is named, kept and void on both sides.
    const taken = await a.exchange.takeIn(await craftPouch(b, a, [lost.record]));
    expect(taken).toMatchObject({ ok: true, value: { taken: [lost.id] } });
    await live(6);
    const alarms = await reader(a).selectFrom('alarms').select(['code', 'detail']).execute();
    expect(alarms.filter(({ code }) => code === 'statement-lost')).toMatchObject([
      { detail: expect.stringContaining('lost with us') },
    ]);
    expect(await receiptsOf(a, [lost.id])).toEqual([lost.id]);
    for (const party of [a, b]) {
      const { state_json: state } = await reader(party)
        .selectFrom('dockets')
        .select('state_json')
        .where('id', '=', channelDocket(a.id, b.id))
        .executeTakeFirstOrThrow();
      const { acts } = JSON.parse(state) as { acts: { [id: string]: unknown } };
      expect(acts[lost.id]).toMatchObject({ effect: 'void', reason: 'retired-credentials' });
      expect(acts[after]).toMatchObject({ reason: null });
    }

    // The new log is the one in force after a start, and both homes are whole.
    a = await world.restart(a);
    expect(log(a).blocked).toBeNull();
    expect(log(a).newest()?.origin).toBe(`${origin}/2`);
    const last = await a.message(b, 'after a start');
    await live(4);
    expect(await receiptsOf(a, [last])).toEqual([last]);
    for (const party of [a, b]) {
      expect(await reader(party).selectFrom('evidence').selectAll().execute()).toEqual([]);
      expect((await fsck(reader(party), party.id)).problems).toEqual([]);
    }
  }, 240_000);
});
