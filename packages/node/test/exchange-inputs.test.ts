/** What one side alone could have: anchors' lines, second signature lists, narrower statements. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  channelDocket,
  cosign,
  encodeBase64,
  formatCheckpoint,
  formatLogProof,
  formatNote,
  logEntry,
  parseEnvelope,
  signNote,
  statementId,
} from '@comity/record';
import { currentHeads } from '../src/desk/place.ts';
import { deferredCosignaturesMax } from '../src/exchange/limits.ts';
import { queueItems } from '../src/exchange/outbox.ts';
import { ownProof } from '../src/log/proofs.ts';
import { insertRows } from '../src/store/insert-rows.ts';
import { showDocket } from '../src/watch/dockets.ts';
import { OtherLog } from './log-fixture.ts';
import { incidentBody, makeWorld } from './parties.ts';
import { craftPouch, sayRaw } from './raw-statements.ts';
import type { TestParty, TestWorld } from './parties.ts';
import type { EnvelopeRecord } from './raw-statements.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
let c: TestParty;
let docket: string;
const cut = new Set<string>();

const reader = (party: TestParty) => party.node.storage.store.reader;
const assist = (text: string) => ({ text });

beforeAll(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  c = await world.party('Eastmere');
  await world.pair(a, b);
  await world.pair(b, c);
  await world.pair(a, c);
  world.network.onSend = (from, to) => (cut.has(`${from} ${to}`) ? 'lose' : 'deliver');
  await a.say('incident.notify', [b, c], incidentBody('So that all know who cosigns'));
  await rounds(2);
}, 180_000);
beforeEach(async () => {
  cut.clear();
  docket = await a.say('incident.notify', [b, c], incidentBody('Scan of three'));
  await rounds(1);
}, 60_000);
afterAll(async () => {
  await world.close();
});

function cutLine(x: TestParty, y: TestParty): void {
  cut.add(`${x.id} ${y.id}`).add(`${y.id} ${x.id}`);
}

/** Time passes, with everything that it brings. */
async function rounds(count: number, seconds = 30): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    world.clock.advance(seconds * 1000);
    await world.settle();
    for (const party of [a, b, c]) await party.exchange.chores();
    await world.settle();
  }
}

async function digestsOf(party: TestParty, of = docket) {
  await party.node.refolder.settled();
  return reader(party)
    .selectFrom('dockets')
    .select(['input_digest', 'state_digest', 'heads'])
    .where('id', '=', of)
    .executeTakeFirstOrThrow();
}

/** A party's own statement as it sends it. */
async function recordOf(party: TestParty, id: string): Promise<EnvelopeRecord> {
  const row = await reader(party)
    .selectFrom('statements')
    .select(['envelope', 'anchor_lines'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) throw new Error(envelope.code);
  const said = await ownProof(reader(party), id, 'said');
  const anchorLines = JSON.parse(row.anchor_lines) as string[];
  return { type: 'envelope', envelope: envelope.value, said, anchorLines };
}

async function take(by: TestParty, sealed: Uint8Array) {
  const taken = await by.exchange.takeIn(sealed);
  if (!taken.ok) throw new Error(taken.code);
  await world.settle();
  return taken.value;
}

describe('a statement that was passed on without the lines of its anchors', () => {
  it('waits, is no head, and is asked for until both have the lines', async () => {
    cutLine(a, c);
    const id = await a.say('incident.assist', [b, c], assist('Take this.'), docket);
    const record = await recordOf(a, id);
    expect(record.anchorLines.length).toBeGreaterThan(0);
    await world.settle();
    cutLine(b, c);
    const stripped = { ...record, anchorLines: [], introduced: true };
    const before = await digestsOf(c);
    const report = await take(c, await craftPouch(b, c, [stripped]));
    expect(report.taken).toEqual([id]);
    expect(await digestsOf(c)).toEqual(before);
    expect(await currentHeads(reader(c), c.node.keys, docket)).not.toContain(id);
    const missing = reader(c).selectFrom('missing').select(['id', 'party']);
    expect(await missing.execute()).toEqual([{ id, party: a.id }]);
    cut.clear();
    await rounds(12);
    expect(await missing.execute()).toEqual([]);
    expect(await digestsOf(c)).toEqual(await digestsOf(a));
    expect((await digestsOf(c)).input_digest).not.toBe(before.input_digest);
  });

  it('comes again with them from who has them, when its author cannot be reached', async () => {
    cutLine(a, c);
    const id = await a.say('incident.assist', [b, c], assist('Take this.'), docket);
    const record = await recordOf(a, id);
    await world.settle();
    await take(c, await craftPouch(b, c, [{ ...record, anchorLines: [], introduced: true }]));
    await rounds(8, 900);
    const row = await reader(c)
      .selectFrom('statements')
      .select('anchor_lines')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(JSON.parse(row.anchor_lines)).toEqual(record.anchorLines);
    expect((await digestsOf(c)).heads).toEqual((await digestsOf(b)).heads);
  });
});

describe('a statement that leaves out a participant', () => {
  const idOf = ({ envelope }: EnvelopeRecord) =>
    statementId(envelope.payloadType, envelope.payload);

  it('is outside for all, with what rests on it, and nobody queues it to who may not have it', async () => {
    const raw = { kind: 'incident.assist', body: assist('Between us.') };
    const narrow = await sayRaw(a, { ...raw, to: [b.id], more: { docket, after: [docket] } });
    const after = [idOf(narrow)];
    const child = await sayRaw(a, { ...raw, to: [b.id, c.id], more: { docket, after } });
    await rounds(4, 1_200);
    const before = await digestsOf(b);
    expect(await digestsOf(c)).toEqual(before);
    await take(b, await craftPouch(a, b, [narrow, child]));
    await take(c, await craftPouch(a, c, [child]));
    expect(await digestsOf(b)).toEqual(before);
    expect(await digestsOf(c)).toEqual(before);
    expect(await currentHeads(reader(b), b.node.keys, docket)).toEqual(JSON.parse(before.heads));
    const effects = async (now: number) => {
      const shown = await showDocket(reader(b), docket, now);
      const statements = shown.ok ? shown.value.statements : [];
      return new Map(statements.map(({ id, act, reason }) => [id, [act, reason]]));
    };
    const soon = await effects(world.clock.now());
    expect(soon.get(idOf(narrow))).toEqual(['void', 'wrong-participants']);
    expect(soon.get(idOf(child))).toEqual(['waiting', 'parents-missing']);
    const later = await effects(world.clock.now() + 25 * 3600);
    expect(later.get(idOf(child))).toEqual(['waiting', 'parents-withheld']);
    expect(later.get(docket)).toEqual(['effective', null]);
    await b.exchange.hand.exportFor(c.id);
    const body = { reach: { office: 'Duty officer 1', languages: ['en'] } };
    await b.say('incident.acknowledge', [a, c], body, docket);
    await rounds(6);
    const queued = reader(b).selectFrom('outbox').select('item').where('ref', '=', idOf(narrow));
    expect(await queued.where('item', '=', 'statement').execute()).toEqual([]);
    expect(await digestsOf(c)).toEqual(await digestsOf(b));
    expect(await digestsOf(c)).toEqual(await digestsOf(a));
    expect(await digestsOf(c)).not.toEqual(before);
  }, 90_000);
});

describe('a statement that its author logged twice with different signatures', () => {
  it('counts by the lower index on both sides, whichever came first', async () => {
    const first = await sayAssist(1);
    const { payload } = first.envelope;
    const id = statementId(first.envelope.payloadType, payload);
    await a.node.storage.store.transact(async (tx) => {
      await tx.deleteFrom('statements').where('id', '=', id).execute();
    });
    const second = await sayAssist(2, payload);
    // Each is told one of them.
    await take(b, await craftPouch(a, b, [second]));
    await take(c, await craftPouch(a, c, [first]));
    await rounds(6);
    const kept = (party: TestParty) =>
      reader(party).selectFrom('evidence').select('kind').where('id', 'like', `%${id}%`).execute();
    expect(await kept(b)).toEqual([{ kind: 'double-said' }]);
    expect(await kept(c)).toEqual([{ kind: 'double-said' }]);
    expect(await digestsOf(b)).toEqual(await digestsOf(c));
    const alarms = reader(b).selectFrom('alarms').select('party').where('code', '=', 'double-said');
    expect(await alarms.execute()).toEqual([{ party: a.id }]);
    const waiting = reader(b).selectFrom('outbox').select('item').where('party', '=', c.id);
    expect(await waiting.where('item', 'in', ['statement', 'second-list']).execute()).toEqual([]);
  });

  it('is not given to who is not addressed, though its log says that it holds another list', async () => {
    const between = await a.say('incident.notify', [b], incidentBody('Not for a third'));
    await world.settle();
    const listDigest = 'cd'.repeat(32);
    const entry = logEntry('held', between, Uint8Array.from(Buffer.from(listDigest, 'hex')));
    const { logSigner } = c.node.keys;
    const log = new OtherLog(logSigner.key.name, [entry]);
    const text = log.note(1).split('\n\n')[0] ?? '';
    const checkpoint = formatNote(`${text}\n`, [signNote(`${text}\n`, logSigner)]);
    const proof = formatLogProof({ index: 0, path: [], checkpoint });
    const record = { type: 'proof' as const, statement: between, party: c.id, listDigest, proof };
    await take(b, await craftPouch(c, b, [{ ...record, role: 'held' }]));
    const stored = reader(b).selectFrom('proofs').select('list_digest').where('party', '=', c.id);
    const forged = await stored.where('statement', '=', between).execute();
    expect(forged).toEqual([{ list_digest: listDigest }]);
    const queued = reader(b).selectFrom('outbox').select('party').where('ref', '=', between);
    expect(await queued.where('item', '=', 'statement').execute()).toEqual([]);
  });

  function sayAssist(officers: number, payload?: Uint8Array): Promise<EnvelopeRecord> {
    const body = assist('Signed by one, and by two.');
    const raw = { kind: 'incident.assist', to: [b.id, c.id], body, officers };
    const more = { docket, after: [docket] };
    return sayRaw(a, {
      ...raw,
      more,
      ...(payload === undefined ? {} : { payload: () => payload }),
    });
  }
});

describe('what is past a bound', () => {
  it('of one pouch leaves it unanswered, and none is composed so', async () => {
    const record = { type: 'request' as const, what: 'checkpoint' as const };
    const most = Array.from({ length: 16 }, () => record);
    expect((await take(b, await craftPouch(a, b, most))).complete).toBe(true);
    const sealed = await craftPouch(a, b, [...most, record]);
    expect(await b.exchange.receive(sealed)).toEqual({ status: 400, code: 'cut' });
    cutLine(a, b);
    const items = Array.from({ length: 20 }, (_, from) => ({
      party: b.id,
      item: 'request' as const,
      ref: JSON.stringify({ type: 'request', what: 'entries', from }),
      lane: 0 as const,
    }));
    await a.node.storage.store.transact((tx) => queueItems(tx, items, world.clock.now()));
    await a.exchange.hand.exportFor(b.id);
    const left = reader(a).selectFrom('outbox').select('ref').where('party', '=', b.id);
    const requests = left.where('item', '=', 'request').where('pouch', 'is', null);
    expect(await requests.execute()).toHaveLength(4);
  });

  it('of cosignatures ahead of our clock is an alarm until there is room', async () => {
    const { store, sequencer } = b.node.storage;
    const newest = sequencer.newest();
    if (newest === null) throw new Error('no log');
    const { origin, size, root } = newest;
    const ahead = world.clock.now() + 1_000;
    const rows = Array.from({ length: deferredCosignaturesMax }, (_, at) => ({
      key: `deferred-cosignature/x/${at}`,
      value: JSON.stringify({ time: ahead, vkey: '', checkpoint: { size: 1, root: '' } }),
    }));
    await store.transact((tx) => insertRows(tx, 'meta', rows));
    const line = cosign(formatCheckpoint(newest), a.node.keys.witnessSigner, ahead);
    const coming = { origin, size, root: encodeBase64(root), line };
    await take(b, await craftPouch(a, b, [{ type: 'cosignature', ...coming }]));
    const alarm = reader(b).selectFrom('alarms').select('cleared_at');
    const raised = alarm.where('code', '=', 'cosignatures-ahead');
    expect(await raised.execute()).toEqual([{ cleared_at: null }]);
    await store.transact((tx) =>
      tx.deleteFrom('meta').where('key', '=', 'deferred-cosignature/x/0').execute(),
    );
    await b.exchange.chores();
    expect((await raised.execute())[0]?.cleared_at).not.toBeNull();
    await store.transact((tx) =>
      tx.deleteFrom('meta').where('key', 'like', 'deferred-cosignature/%').execute(),
    );
  });
});

describe('channel.pair', () => {
  it('counts by its author’s log: an older one that comes later changes nothing', async () => {
    const credentials = async (party: TestParty) =>
      (
        await reader(a)
          .selectFrom('credentials')
          .select('id')
          .where('party', '=', party.id)
          .orderBy('version', 'desc')
          .executeTakeFirstOrThrow()
      ).id;
    const own = await credentials(a);
    const say = (theirs: string) =>
      sayRaw(a, {
        kind: 'channel.pair',
        to: [b.id],
        body: { own, theirs },
        more: { docket: channelDocket(a.id, b.id) },
      });
    const older = await say('ab'.repeat(32));
    const newer = await say(await credentials(b));
    await take(b, await craftPouch(a, b, [newer]));
    world.clock.advance(2_000);
    await take(b, await craftPouch(a, b, [older]));
    const state = reader(b).selectFrom('parties').select('state').where('id', '=', a.id);
    expect(await state.execute()).toEqual([{ state: 'confirmed' }]);
  });
});

describe('a log that proves two entries at one index', () => {
  it('has forked: both proofs are kept, with an alarm', async () => {
    const { logSigner } = a.node.keys;
    const newest = a.node.storage.sequencer.newest();
    if (newest === null) throw new Error('no log');
    // Another tree, in which the last entry is a receipt that the true one does not have.
    const index = newest.size - 1;
    const statement = 'ab'.repeat(32);
    const listDigest = 'cd'.repeat(32);
    const entry = logEntry('held', statement, Uint8Array.from(Buffer.from(listDigest, 'hex')));
    const rows = await reader(a)
      .selectFrom('entries')
      .select('entry')
      .where('origin', '=', logSigner.key.name)
      .orderBy('log_index')
      .limit(index)
      .execute();
    const log = new OtherLog(logSigner.key.name, [...rows.map((row) => row.entry), entry]);
    const text = log.note(newest.size).split('\n\n')[0] ?? '';
    const checkpoint = formatNote(`${text}\n`, [signNote(`${text}\n`, logSigner)]);
    const proof = formatLogProof({ index, path: log.inclusion(index, newest.size), checkpoint });
    const record = { type: 'proof' as const, statement, party: a.id, role: 'held' as const };
    await take(b, await craftPouch(a, b, [{ ...record, listDigest, proof }]));
    const kept = await reader(b)
      .selectFrom('evidence')
      .select('body')
      .where('kind', '=', 'log-fork')
      .execute();
    const bodies = kept.map(({ body }) => JSON.parse(body) as { proofs?: string[] });
    expect(bodies.filter(({ proofs }) => proofs?.includes(proof))).toHaveLength(1);
    const alarms = reader(b).selectFrom('alarms').select('code').where('party', '=', a.id);
    expect(await alarms.where('code', '=', 'log-fork').execute()).toHaveLength(1);
  });
});
