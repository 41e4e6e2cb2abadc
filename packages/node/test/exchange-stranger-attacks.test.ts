/** What somebody who is not let in can make us do: one opening, one manifest, one signature. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  concatBytes,
  ed25519PublicKey,
  encodeBase64,
  encodeText,
  parseEnvelope,
  success,
  u32be,
} from '@comity/record';
import type { JsonValue, PouchRecord } from '@comity/record';
import { say } from '../src/desk/say.ts';
import { credentialsAheadBytesMax } from '../src/exchange/limits.ts';
import { openPouch } from '../src/exchange/open-pouch.ts';
import { ownProof } from '../src/log/proofs.ts';
import { rotateCredentials } from '../src/officers/rotation.ts';
import { loadChain } from '../src/parties/chains.ts';
import { makeWorld, messageBody } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';
import { craftPlaintext, sayRaw } from './raw-statements.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
let stranger: TestParty;

beforeAll(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  stranger = await world.party('Stranger');
  await world.pair(a, b);
});
afterAll(async () => {
  await world.close();
});

const reader = (party: TestParty) => party.node.storage.store.reader;

/** Bytes that note which ranges of them were taken out to be read. */
class WatchedBytes extends Uint8Array {
  static read: [number, number][] = [];
  override subarray(start = 0, end = this.length): Uint8Array<ArrayBuffer> {
    WatchedBytes.read.push([start, end]);
    return new Uint8Array(this.buffer, this.byteOffset + start, end - start);
  }
}

/** Opens a pouch with this plaintext at Southmark; `read` is how far into it anything was read. */
async function open(plaintext: Uint8Array) {
  const watched = new WatchedBytes(plaintext);
  WatchedBytes.read = [];
  const sealing = { open: async () => success({ plaintext: watched, whole: true }) };
  const { store } = b.node.storage;
  const opened = await openPouch({ store, keys: b.node.keys, sealing }, new Uint8Array(1));
  return { opened, read: Math.max(0, ...WatchedBytes.read.map(([, end]) => end)) };
}

const manifestEnd = (plaintext: Uint8Array) =>
  5 + new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(1);

const manyRecords = (): PouchRecord[] =>
  Array.from({ length: 500 }, () => ({ type: 'request' as const, what: 'checkpoint' as const }));

describe('a pouch, before its sender is known', () => {
  it('of a stranger is not read past its manifest', async () => {
    const plaintext = craftPlaintext(stranger, b, manyRecords());
    const { opened, read } = await open(plaintext);
    expect(opened).toMatchObject({ ok: false, code: 'unknown-sender' });
    expect(read).toBe(manifestEnd(plaintext));
  });

  it('for somebody else is not read past its manifest', async () => {
    const plaintext = craftPlaintext(a, stranger, manyRecords());
    const { opened, read } = await open(plaintext);
    expect(opened).toMatchObject({ ok: false, code: 'not-for-us' });
    expect(read).toBe(manifestEnd(plaintext));
  });

  it('with a spoilt signature in a counterpart’s name is not read past its manifest', async () => {
    const plaintext = craftPlaintext(a, b, manyRecords());
    const text = new TextDecoder('latin1').decode(plaintext.subarray(0, manifestEnd(plaintext)));
    const at = text.indexOf('"sig":"') + 7;
    plaintext[at] = (plaintext[at] ?? 0) === 0x41 ? 0x42 : 0x41;
    const { opened, read } = await open(plaintext);
    expect(opened).toMatchObject({ ok: false, code: 'bad-signature', path: 'manifest' });
    expect(read).toBe(manifestEnd(plaintext));
  });
});

describe('a pouch by a key that is not known yet', () => {
  it('is let in by the credentials that it carries', async () => {
    const { sender, record } = await changedKey(a);
    const filler = await sayRaw(a, { to: [b.id], body: messageBody('party.credentials') });
    const plaintext = craftPlaintext(sender, b, [filler, record]);
    expect((await open(plaintext)).opened).toMatchObject({ ok: true, value: { sender: a.id } });
    const without = craftPlaintext(sender, b, [filler]);
    expect((await open(without)).opened).toMatchObject({ ok: false, code: 'bad-signature' });
  });

  it('has its credentials looked for within a bound, and not past one that does not hold', async () => {
    world.network.onSend = () => 'deliver';
    const c = await world.party('Westmark');
    await world.pair(c, b);
    const { sender, record } = await changedKey(c);
    const spoilt = { ...record, said: 'none' };
    const late = craftPlaintext(sender, b, [spoilt, record]);
    expect((await open(late)).opened).toMatchObject({ ok: false, code: 'bad-signature' });
    // Records that spell the kind and are nothing: each costs a parse, until the bound.
    const [manifest, rest] = frontOf(craftPlaintext(sender, b, [record]));
    const payload = encodeBase64(encodeText('party.credentials'.padEnd(60_000)));
    const body = encodeText(`{"envelope":{"payload":"${payload}"}}`);
    const junk = concatBytes(Uint8Array.of(2), u32be(body.length), body);
    const most = Math.floor(credentialsAheadBytesMax / body.length) - 1;
    const within = concatBytes(manifest, ...Array.from({ length: most }, () => junk), rest);
    expect((await open(within)).opened).toMatchObject({ ok: true });
    const past = concatBytes(manifest, ...Array.from({ length: most + 2 }, () => junk), rest);
    expect((await open(past)).opened).toMatchObject({ ok: false, code: 'bad-signature' });
  });
});

function frontOf(plaintext: Uint8Array): [Uint8Array, Uint8Array] {
  const end = manifestEnd(plaintext);
  return [plaintext.subarray(0, end), plaintext.subarray(end)];
}

/** The party with a new automatic key, and the record of the credentials that say so. */
async function changedKey(party: TestParty) {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const chain = await loadChain(reader(party), party.id);
  if (chain === null) throw new Error('no chain');
  const name = { en: `Northland ${chain.versions.length}` };
  const body = rotateCredentials(chain, { name }, world.clock.now());
  if (!body.ok) throw new Error(body.code);
  const authority = body.value['authority'] as { [key: string]: JsonValue };
  const automatic = { key: encodeBase64(ed25519PublicKey(seed)) };
  world.network.onSend = () => 'lose';
  const request = {
    kind: 'party.credentials',
    to: [],
    docket: null,
    body: { ...body.value, authority: { ...authority, automatic } },
  };
  const said = await say(party.node.desk, request, party.secrets);
  if (!said.ok || said.value.state !== 'logged') throw new Error('not said');
  await world.settle();
  const { id } = said.value;
  const row = await reader(party)
    .selectFrom('statements')
    .select('envelope')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) throw new Error(envelope.code);
  const record: PouchRecord & { type: 'envelope' } = {
    type: 'envelope',
    envelope: envelope.value,
    said: await ownProof(reader(party), id, 'said'),
    anchorLines: [],
  };
  const keys = { ...party.node.keys, automaticSeed: seed };
  const sender: TestParty = { ...party, node: { ...party.node, keys } };
  return { sender, record };
}
