/** One log, one party: who claims another's log or key is not let in. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cosign, encodeBase64, formatCheckpoint, formatVkey } from '@comity/record';
import { say } from '../src/desk/say.ts';
import { checkCosignature, cosignerBook } from '../src/exchange/cosignature-checks.ts';
import { rotateCredentials } from '../src/officers/rotation.ts';
import { loadChain } from '../src/parties/chains.ts';
import { repairChains } from '../src/parties/taking.ts';
import { signer } from './log-fixture.ts';
import { add, makeWorld } from './parties.ts';
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

const originOf = (party: TestParty) => party.node.keys.logSigner.key.name;

async function partiesOf(party: TestParty): Promise<string[]> {
  const rows = await party.node.desk.store.reader.selectFrom('parties').select('id').execute();
  return rows.map(({ id }) => id);
}

describe('credentials that claim the log of another party', () => {
  it('are refused by the party whose log it is, which goes on logging', async () => {
    const mallory = await world.party('Mallory', { origin: originOf(a) });
    await expect(add(a, mallory)).rejects.toThrow('bad-schema /log/origin');
    expect(await partiesOf(a)).not.toContain(mallory.id);
    await world.pair(a, b);
    await a.message(b, 'still here');
    await world.settle();
  });

  it('are refused by a third party that knows whose log it is', async () => {
    await add(b, a);
    const mallory = await world.party('Mallory', { origin: originOf(a) });
    await expect(add(b, mallory)).rejects.toThrow('bad-schema /log/origin');
    expect(await partiesOf(b)).not.toContain(mallory.id);
  });
});

/** New credentials of a party that list this witness key as its own. */
async function listWitness(party: TestParty, vkey: string): Promise<string> {
  const chain = await loadChain(party.node.desk.store.reader, party.id);
  if (chain === null) throw new Error('no chain');
  const body = rotateCredentials(chain, { name: { en: 'Renamed' } }, world.clock.now());
  if (!body.ok) throw new Error(body.code);
  const claiming = { ...body.value, witnessKey: vkey };
  const request = { kind: 'party.credentials', to: [], docket: null, body: claiming };
  const said = await say(party.node.desk, request, party.secrets);
  if (!said.ok || said.value.state !== 'logged') throw new Error('not said');
  world.clock.advance(60_000);
  await world.settle();
  return said.value.id;
}

async function versionsAt(party: TestParty, of: TestParty): Promise<number> {
  return (await loadChain(party.node.desk.store.reader, of.id))?.versions.length ?? 0;
}

describe('two parties that claim one log and come at the same moment', () => {
  it('are not both let in, nor after a restart', async () => {
    const mallory = await world.party('Mallory', { origin: originOf(a) });
    const both = await Promise.allSettled([add(b, a), add(b, mallory)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const rejected = both.find((each) => each.status === 'rejected');
    expect(String(rejected?.reason)).toContain('bad-schema /log/origin');
    expect(await partiesOf(b)).toHaveLength(2);
    expect(await repairChains(b.node.desk.store, 0)).toBe(0);
    expect(await partiesOf(b)).toHaveLength(2);
  });
});

describe('a witness key', () => {
  it('of another party is not taken over by new credentials', async () => {
    await world.pair(a, b);
    const c = await world.party('Westmark');
    await add(b, c);
    await listWitness(a, formatVkey(c.node.keys.witnessSigner.key));
    expect(await versionsAt(b, a)).toBe(1);
  });

  it('that we appointed is not claimed by a counterpart, and an officer is told', async () => {
    const witness = signer('witness.example/w', 0x04, 50);
    const c = await world.party('Westmark', { witnesses: [witness.key] });
    await world.pair(a, c);
    await world.pair(a, b);
    const id = await listWitness(a, formatVkey(witness.key));
    expect(await versionsAt(c, a)).toBe(1);
    const { reader } = c.node.desk.store;
    const alarms = await reader.selectFrom('alarms').select(['code', 'party']).execute();
    expect(alarms).toContainEqual({ code: 'witness-claimed', party: a.id });
    // It is not said to be wrong, which it is not: it stays due until an officer decides.
    const refused = await reader.selectFrom('refusals').select('code').execute();
    expect(refused).toEqual([]);
    const due = await a.node.desk.store.reader
      .selectFrom('outbox')
      .select('party')
      .where('ref', '=', id)
      .execute();
    expect(due).toEqual([{ party: c.id }]);
    expect(await versionsAt(b, a)).toBe(2);
    await add(c, a);
    expect(await versionsAt(c, a)).toBe(2);
  });

  it('with the name and the short id of another takes nothing from it', async () => {
    const chain = await loadChain(b.node.desk.store.reader, b.id);
    if (chain === null) throw new Error('no chain');
    const { witnessSigner } = b.node.keys;
    const { name, id } = witnessSigner.key;
    const other = signer('witness.example/w', 0x04, 51);
    const ground = { ...other, key: { ...other.key, name, id } };
    const book = cosignerBook([chain], [ground.key]);
    const checkpoint = { origin: 'log.example', size: 3, root: new Uint8Array(32) };
    const by = (one: typeof other) =>
      checkCosignature(book, {
        origin: checkpoint.origin,
        size: checkpoint.size,
        root: encodeBase64(checkpoint.root),
        line: cosign(formatCheckpoint(checkpoint), one, 1_800_000_000),
      });
    expect(by(witnessSigner)).toMatchObject({ party: b.id, vkey: formatVkey(witnessSigner.key) });
    expect(by(ground)).toMatchObject({ party: null });
  });

  it('that two parties list speaks for neither', async () => {
    const chain = await loadChain(b.node.desk.store.reader, b.id);
    if (chain === null) throw new Error('no chain');
    const thief = { ...chain, party: a.id };
    const { name, id } = b.node.keys.witnessSigner.key;
    const found = cosignerBook([chain, thief], []).find('log.example', name, id);
    expect(found.map(({ party }) => party)).toEqual([null]);
  });
});
