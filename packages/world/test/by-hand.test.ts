import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exerciseTerms } from '@comity/accord';
import {
  TestPlace,
  beginPairing,
  notification,
  pairingState,
  problemsOf,
  update,
} from './parties.ts';
import type { TestParty } from './parties.ts';

/** Nobody listens there: whatever is sent directly goes nowhere. */
const nowhere = 'http://127.0.0.1:1';
/** Rarer than this test: heartbeats would go on for ever. */
const heartbeatSeconds = 86_400;
/** Both ways twice: a statement with its receipt, and the receipts' cosignatures. */
const carriesMax = 6;

let place: TestPlace;
let north: TestParty;
let south: TestParty;
let files = 0;

beforeAll(async () => {
  place = await TestPlace.make();
  const cutOff = { direct: nowhere, heartbeatSeconds };
  north = await place.party({ name: 'Northland', ...cutOff });
  south = await place.party({ name: 'Southmark', ...cutOff });
  await Promise.all([north.start(), south.start()]);
}, 200_000);
afterAll(async () => {
  await place.remove();
}, 120_000);

interface Carried {
  records: number;
  taken: number;
  refused: number;
}

/** One file from one to the other. */
async function carry(from: TestParty, to: TestParty): Promise<Carried> {
  const { pouch } = await from.desk.post<{ pouch: string }>(`/parties/${to.party}/pouch`, {});
  files += 1;
  return await to.desk.postFile<Carried>('/pouches', new Uint8Array(Buffer.from(pouch, 'base64')));
}

/** Files both ways until neither brings a statement; finitely many, or it throws. */
async function carryUntilQuiet(): Promise<void> {
  for (let turn = 0; turn < carriesMax; turn += 1) {
    const there = await carry(north, south);
    const back = await carry(south, north);
    expect([there.refused, back.refused]).toEqual([0, 0]);
    if (there.taken + back.taken === 0) return;
  }
  throw new Error(`still new statements after ${2 * carriesMax} files`);
}

async function sizes(): Promise<[number, number]> {
  return [(await north.desk.status()).log.size, (await south.desk.status()).log.size];
}

describe('two nodes that never reach each other', () => {
  it('pair, by files', async () => {
    await beginPairing(north, south);
    expect(await pairingState(north, south)).not.toBe('confirmed');
    await carryUntilQuiet();
    expect([await pairingState(north, south), await pairingState(south, north)]).toEqual([
      'confirmed',
      'confirmed',
    ]);
  }, 200_000);

  it('agree terms, by files', async () => {
    const terms = { ...exerciseTerms(3600)['incidents-ict'], heartbeatSeconds };
    const body = { terms: terms as never, replaces: null };
    for (const [one, other] of [
      [north, south],
      [south, north],
    ] as const) {
      await one.desk.say({ kind: 'channel.terms', to: [other.party], docket: null, body });
    }
    await carryUntilQuiet();
    for (const party of [north, south]) {
      const channel = (await party.desk.dockets()).find(({ type }) => type === 'channel');
      const shown = await party.desk.docket(channel?.docket ?? '');
      const agreed = shown.statements.filter(({ kind }) => kind === 'channel.terms');
      expect(agreed.map(({ act }) => act)).toEqual(['effective', 'effective']);
    }
  }, 200_000);

  it('give each other new credentials, by files', async () => {
    const { draft } = await south.desk.post<{ draft: string }>('/credentials/rotation', {
      name: { en: 'Southmark, renamed' },
    });
    await south.desk.approve(draft);
    await carryUntilQuiet();
    const { counterparts } = await north.desk.status();
    expect(counterparts[0]?.name).toBe('Southmark, renamed');
  }, 200_000);

  it('lead a docket, by files, and end in the same state after finitely many', async () => {
    const docket = await north.desk.say({
      kind: 'incident.notify',
      to: [south.party],
      docket: null,
      body: notification('Reported on paper and by courier'),
    });
    await carryUntilQuiet();
    await south.desk.say({
      kind: 'incident.acknowledge',
      to: [north.party],
      docket,
      body: { reach: { office: 'Duty officer 1', languages: ['en'] } },
    });
    // Both speak before either has the other's file.
    await north.desk.say({
      kind: 'incident.request',
      to: [south.party],
      docket,
      body: { what: 'information', text: 'Who answers for the range?', priority: 'ordinary' },
    });
    await carryUntilQuiet();
    const body = update('Nothing was changed.');
    await north.desk.say({ kind: 'incident.update', to: [south.party], docket, body });
    await carryUntilQuiet();

    const [own, theirs] = [await north.desk.docket(docket), await south.desk.docket(docket)];
    expect(own.statements).toHaveLength(4);
    expect(theirs.stateDigest).toBe(own.stateDigest);
    expect(theirs.inputDigest).toBe(own.inputDigest);
    expect(own.statements.every(({ act }) => act === 'effective')).toBe(true);
    for (const party of [north, south]) {
      const { statements } = await party.desk.docket(docket);
      const sent = statements.filter((statement) => statement.own);
      expect(sent.map(({ deliveryState }) => deliveryState)).toEqual(
        ['received', 'received', 'received'].slice(0, sent.length),
      );
      expect(statements.every(({ witnessed }) => witnessed !== null)).toBe(true);
      expect(await problemsOf(party)).toEqual([]);
    }
  }, 200_000);

  it('log nothing more for further files, and take one file twice without harm', async () => {
    const before = await sizes();
    const count = files;
    await carryUntilQuiet();
    const { pouch } = await north.desk.post<{ pouch: string }>(`/parties/${south.party}/pouch`, {});
    const bytes = new Uint8Array(Buffer.from(pouch, 'base64'));
    await south.desk.postFile('/pouches', bytes);
    await south.desk.postFile('/pouches', bytes).catch(() => undefined);
    expect(await sizes()).toEqual(before);
    expect(files - count).toBe(2);
    const { counterparts } = await north.desk.status();
    expect(counterparts[0]?.lastError).not.toBeNull();
  }, 200_000);
});
