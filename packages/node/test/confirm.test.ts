/** Having a docket confirmed now, and what a stranger then sees in its bundle. */
import { meaning } from '@comity/accord';
import { verifyBundle, verifyInclusion } from '@comity/record';
import type { VerifyReport } from '@comity/record';
import { heartbeatLeaf, heartbeatRoot } from '@comity/accord';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Confirmed } from '../src/exchange/confirm.ts';
import { leafPaths } from '../src/exchange/shared-dockets.ts';
import { exportBundle } from '../src/watch/bundles.ts';
import { incidentBody, makeWorld } from './parties.ts';
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

const reach = { reach: { office: 'Duty officer 1', languages: ['en'] } };
const reader = (party: TestParty) => party.node.storage.store.reader;

/** Calls for confirmation while time passes; `meanwhile` happens in each step of it. */
async function confirm(
  party: TestParty,
  docket: string,
  seconds: number,
  meanwhile: (step: number) => Promise<void> = async () => undefined,
): Promise<Confirmed | null> {
  let done = false;
  const asked = party.exchange.confirm(docket, seconds).finally(() => (done = true));
  // Chains of timers and of work that both have to go on; each step is a tenth of a second.
  for (let step = 0; !done && step < seconds * 10 + 20; step += 1) {
    await meanwhile(step);
    await world.settle();
    await new Promise((resume) => setTimeout(resume, 5));
    world.clock.advance(100);
  }
  return await asked;
}

async function verify(party: TestParty, docket: string, trust: TestParty[]): Promise<VerifyReport> {
  const { storage, keys } = party.node;
  await party.node.refolder.settled();
  const bundle = await exportBundle(
    { reader: storage.store.reader, sequencer: storage.sequencer, keys },
    docket,
  );
  if (!bundle.ok) throw new Error(bundle.code);
  return verifyBundle(bundle.value, { trust: trust.map(({ id }) => id), meaning });
}

async function testsOf(party: TestParty): Promise<number> {
  const rows = await reader(party)
    .selectFrom('statements')
    .select('id')
    .where('kind', '=', 'channel.test')
    .execute();
  return rows.length;
}

describe('two parties', () => {
  it('confirm a docket at once, and its bundle is valid on both sides', async () => {
    const docket = await a.say('incident.notify', [b], incidentBody('Scan'));
    await world.settle();
    await b.say('incident.acknowledge', [a], reach, docket);
    await world.settle();
    const by = [a.id, b.id].sort();
    expect(await confirm(a, docket, 10)).toEqual({ confirmed: true, by, missing: [] });
    const report = await verify(a, docket, [a, b]);
    expect([report.verdict, report.checks.filter((check) => !check.ok)]).toEqual(['valid', []]);
    expect(await confirm(b, docket, 10)).toMatchObject({ confirmed: true });
    expect((await verify(b, docket, [a, b])).verdict).toBe('valid');
  });

  it('confirm it also while other dockets change, and keep that when they changed', async () => {
    const docket = await a.say('incident.notify', [b], incidentBody('The one to show'));
    await world.settle();
    const busy = async (step: number) => {
      await b.say('incident.notify', [a], incidentBody(`of Southmark ${step}`));
      await a.say('incident.notify', [b], incidentBody(`of Northland ${step}`));
    };
    expect(await confirm(a, docket, 10, busy)).toMatchObject({ confirmed: true });
    await busy(100);
    await world.settle();
    expect((await verify(a, docket, [a, b])).verdict).toBe('valid');
  });

  it('answer heartbeats for a while only: what is current is not answered', async () => {
    const docket = await a.say('incident.notify', [b], incidentBody('Scan'));
    await confirm(a, docket, 10);
    await confirm(b, docket, 10);
    for (let second = 0; second < 10; second += 1) {
      world.clock.advance(1_000);
      await world.settle();
    }
    const said = await testsOf(a);
    expect(said).toBeLessThanOrEqual(8);
    for (let second = 0; second < 10; second += 1) {
      world.clock.advance(1_000);
      await world.settle();
    }
    expect(await testsOf(a)).toBe(said);
    // Asked again where nothing changed: nothing is said.
    expect(await confirm(a, docket, 10)).toMatchObject({ confirmed: true });
    expect(await testsOf(a)).toBe(said);
  });

  it('write a confirmation again only for a docket that changed', async () => {
    const first = await a.say('incident.notify', [b], incidentBody('First'));
    await confirm(a, first, 10);
    const tests = async (docket: string) =>
      await reader(a)
        .selectFrom('confirmations')
        .select(['author', 'test'])
        .where('docket', '=', docket)
        .orderBy('author')
        .execute();
    const before = await tests(first);
    expect(before.map(({ author }) => author)).toEqual([a.id, b.id].sort());
    const second = await a.say('incident.notify', [b], incidentBody('Second'));
    await confirm(a, second, 10);
    expect(await tests(first)).toEqual(before);
    expect((await tests(second)).map(({ test }) => test)).not.toEqual(before.map((r) => r.test));
  });

  it('wait no longer than told, and do not fill the log of one whose line is cut', async () => {
    const docket = await a.say('incident.notify', [b], incidentBody('Scan'));
    await world.settle();
    world.network.onSend = () => 'lose';
    await b.say('incident.acknowledge', [a], reach, docket);
    await world.settle();
    for (let call = 0; call < 3; call += 1) {
      const answer = await confirm(b, docket, 5);
      expect(answer).toMatchObject({ confirmed: false, missing: [a.id] });
    }
    const rows = await reader(b)
      .selectFrom('statements')
      .select('id')
      .where('kind', '=', 'channel.test')
      .where('own', '=', 1)
      .execute();
    expect(rows.length).toBeLessThanOrEqual(3);
    expect((await verify(b, docket, [a, b])).verdict).toBe('incomplete');
  });

  it('an unknown docket is nobody’s, and a channel cannot be confirmed', async () => {
    expect(await confirm(a, '0'.repeat(64), 1)).toBeNull();
    await a.message(b, 'Good evening.');
    await world.settle();
    const channel = await reader(a)
      .selectFrom('dockets')
      .select('id')
      .where('type', '=', 'channel')
      .executeTakeFirstOrThrow();
    expect(await confirm(a, channel.id, 30)).toMatchObject({ confirmed: false });
  });
});

describe('three parties', () => {
  let c: TestParty;
  beforeEach(async () => {
    c = await world.party('Eastmere');
    await world.pair(a, c);
    await world.pair(b, c);
  });

  it('every participant confirms, or the bundle is incomplete', async () => {
    const docket = await a.say('incident.notify', [b, c], incidentBody('Scan of three'));
    await world.settle();
    await b.say('incident.acknowledge', [a, c], reach, docket);
    await world.settle();
    const cut = (from: string, to: string) => [from, to].includes(c.id);
    world.network.onSend = (from, to) => (cut(from, to) ? 'lose' : 'deliver');
    await c.say('incident.acknowledge', [a, b], reach, docket);
    const partly = await confirm(a, docket, 5);
    expect(partly?.confirmed).toBe(false);
    expect(partly?.missing).toContain(c.id);
    expect((await verify(a, docket, [a, b, c])).verdict).toBe('incomplete');
    world.network.onSend = () => 'deliver';
    await a.exchange.courier.kickAll();
    await c.exchange.courier.kickAll();
    await world.settle();
    for (const party of [a, b, c]) {
      const answer = await confirm(party, docket, 30);
      expect(answer).toEqual({ confirmed: true, by: [a.id, b.id, c.id].sort(), missing: [] });
      const report = await verify(party, docket, [a, b, c]);
      expect([report.verdict, report.completeness]).toEqual([
        'valid',
        expect.stringMatching(/^complete to the heads that all confirmed at /u),
      ]);
    }
  });
});

describe('paths of leaves', () => {
  it('prove each leaf under the root that the heartbeat states, at every size', () => {
    const salt = new Uint8Array(16).fill(7);
    for (const size of [1, 2, 3, 5, 8, 13, 100]) {
      const leaves = Array.from({ length: size }, (_, index) => ({
        docket: index.toString(16).padStart(64, '0'),
        heads: ['1'.repeat(64)],
        inputDigest: '2'.repeat(64),
        stateDigest: '3'.repeat(64),
      }));
      const root = heartbeatRoot(salt, leaves);
      const pathOf = leafPaths(salt, leaves);
      for (const [index, leaf] of leaves.entries()) {
        const entry = heartbeatLeaf(salt, leaf);
        expect(verifyInclusion(entry, index, size, pathOf(index), root)).toBe(true);
      }
    }
  });
});
