/** Rotation while the channel is in use: whose signatures count, and who learns of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelDocket, parseEnvelope, statementId } from '@comity/record';
import { say } from '../src/desk/say.ts';
import { createAnchorReader } from '../src/dockets/anchor-times.ts';
import { compileFoldInputs } from '../src/dockets/fold-input.ts';
import { rotateCredentials } from '../src/officers/rotation.ts';
import { ownProof } from '../src/log/proofs.ts';
import { loadChain } from '../src/parties/chains.ts';
import { makeWorld, messageBody } from './parties.ts';
import { craftPouch, sayRaw } from './raw-statements.ts';
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

const reader = (party: TestParty) => party.node.storage.store.reader;

async function rotate(
  party: TestParty,
  name: string,
  routes: { kind: 'direct'; url: string }[] = [],
): Promise<string> {
  const chain = await loadChain(reader(party), party.id);
  if (chain === null) throw new Error('no chain');
  const body = rotateCredentials(chain, { name: { en: name }, routes }, world.clock.now());
  if (!body.ok) throw new Error(body.code);
  const request = { kind: 'party.credentials', to: [], docket: null, body: body.value };
  const said = await say(party.node.desk, request, party.secrets);
  if (!said.ok) throw new Error(`${said.code} ${said.path}`);
  if (said.value.state !== 'logged') throw new Error(said.value.state);
  return said.value.id;
}

async function pass(seconds: number) {
  for (let passed = 0; passed < seconds; passed += 30) {
    world.clock.advance(30_000);
    await world.settle();
  }
}

const message = () => ({
  to: [b.id],
  body: messageBody('hello'),
  more: { docket: channelDocket(a.id, b.id) },
});

describe('new credentials', () => {
  it('reach the counterpart, are receipted, and what is said under them is taken in', async () => {
    const version = await rotate(a, 'Northland (new name)');
    const id = await a.message(b, 'under new credentials');
    await pass(180);
    const chain = await loadChain(reader(b), a.id);
    expect(chain?.versions.map((each) => each.version)).toEqual([1, 2]);
    const held = await reader(b)
      .selectFrom('statements')
      .select(['held_index', 'refused'])
      .where('id', 'in', [version, id])
      .execute();
    expect(held.map((row) => row.refused)).toEqual([null, null]);
    expect(held.every((row) => row.held_index !== null)).toBe(true);
    const waiting = await reader(a).selectFrom('outbox').selectAll().execute();
    expect(waiting).toEqual([]);
  });

  it('with another address are reached there, and an officer’s word stays where they name none', async () => {
    const address = reader(b).selectFrom('parties').select('direct_url').where('id', '=', a.id);
    const own = { direct_url: 'https://north.example/old' };
    await b.node.storage.store.transact((tx) =>
      tx.updateTable('parties').set(own).where('id', '=', a.id).execute(),
    );
    await rotate(a, 'Northland (new name)');
    await pass(60);
    expect(await address.execute()).toEqual([own]);
    const url = 'https://north.example/new';
    await rotate(a, 'Northland (moved)', [{ kind: 'direct', url }]);
    await pass(60);
    expect(await address.execute()).toEqual([{ direct_url: url }]);
  });

  it('leave what an old version signed before them valid, and what is stale to the fold', async () => {
    const before = await sayRaw(a, message());
    const version = await rotate(a, 'Northland (new name)');
    // Stale: logged after the rotation and still under the old version.
    const old = (await loadChain(reader(a), a.id))?.versions[0]?.id ?? '';
    const stale = await sayRaw(a, {
      ...message(),
      payload: (payload) => {
        const text = new TextDecoder().decode(payload);
        return new TextEncoder().encode(text.replaceAll(version, old));
      },
    });
    await pass(120);
    const taken = await b.exchange.takeIn(await craftPouch(a, b, [before, stale]));
    if (!taken.ok) throw new Error(taken.code);
    expect(taken.value.refused).toEqual([]);
    const ids = [before, stale].map(({ envelope }) =>
      statementId(envelope.payloadType, envelope.payload),
    );
    expect(taken.value.taken).toEqual(ids);
    await b.node.refolder.settled();
    const row = await reader(b)
      .selectFrom('dockets')
      .select('state_json')
      .where('id', '=', channelDocket(a.id, b.id))
      .executeTakeFirstOrThrow();
    const { acts } = JSON.parse(row.state_json) as {
      acts: { [id: string]: { effect: string; reason: string | null } };
    };
    expect(acts[ids[1] ?? '']).toMatchObject({ effect: 'void', reason: 'retired-credentials' });
  });

  it('that skip a version are refused as credentials-gap and change nothing', async () => {
    world.network.onSend = () => 'lose';
    await rotate(a, 'second');
    const third = await rotate(a, 'third');
    await world.settle();
    const row = await reader(a)
      .selectFrom('statements')
      .select('envelope')
      .where('id', '=', third)
      .executeTakeFirstOrThrow();
    const envelope = parseEnvelope(row.envelope);
    if (!envelope.ok) throw new Error(envelope.code);
    const said = await ownProof(reader(a), third, 'said');
    const record = { type: 'envelope' as const, envelope: envelope.value, said, anchorLines: [] };
    const taken = await b.exchange.takeIn(await craftPouch(a, b, [record]));
    expect(taken).toMatchObject({
      ok: true,
      value: { taken: [], refused: [{ id: third, code: 'credentials-gap' }] },
    });
    const chain = await loadChain(reader(b), a.id);
    expect(chain?.versions).toHaveLength(1);
  });

  it('that rival others freeze the chain, and folds get the bound that ends it', async () => {
    const first = (await loadChain(reader(a), a.id))?.versions[0]?.id;
    const version = await rotate(a, 'Northland (new name)');
    await pass(120);
    const row = await reader(a)
      .selectFrom('statements')
      .select(['envelope', 'said_index'])
      .where('id', '=', version)
      .executeTakeFirstOrThrow();
    const envelope = parseEnvelope(row.envelope);
    if (!envelope.ok) throw new Error(envelope.code);
    const text = new TextDecoder().decode(envelope.value.payload);
    const rival = await sayRaw(a, {
      kind: 'party.credentials',
      to: [],
      body: {},
      officers: a.secrets.length,
      payload: () => new TextEncoder().encode(text.replace('(new name)', '(old name)')),
    });
    await b.exchange.takeIn(await craftPouch(a, b, [rival]));
    expect(await loadChain(reader(b), a.id)).toMatchObject({ frozen: true, bound: row.said_index });
    const deps = { self: b.id, ownOrigin: '', exercise: true, anchors: createAnchorReader() };
    const channel = channelDocket(a.id, b.id);
    const [input] = await compileFoldInputs(reader(b), deps, [channel]);
    const party = input?.parties.find((each) => each.party === a.id);
    expect(party?.versions.map((each) => each.id)).toEqual([first]);
    expect(party).toMatchObject({ frozen: true, bound: row.said_index });
  });
});
