import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJsonBytes,
  concatBytes,
  encodeBase64,
  exercisePouchPayloadType,
  formatEnvelope,
  formatLogProof,
  generateSealingIdentity,
  openSealed,
  pouchEnvelopes,
  pouchManifestCheck,
  pouchPayloadType,
  pouchSignatureChecks,
  readPouch,
  readPouchManifest,
  sealTo,
  sealingRecipient,
  signEnvelopeEd25519,
  u32be,
  verifySignature,
  writePouch,
} from '../src/index.ts';
import type { Chain, Pouch, PouchManifest, PouchRecord } from '../src/index.ts';
import { pouchManifestBytesMax, pouchRecordsMax } from '../src/document-limits.ts';
import { pouchBytesMax, pouchStatementsMax } from '../src/limits.ts';
import { seed, testParty } from './test-party.ts';

const north = await testParty('north');
const south = await testParty('south');

const manifest: PouchManifest = {
  comityPouch: 1,
  sender: north.id,
  receiver: south.id,
  sequence: 7,
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
  made: '2026-11-24T03:00:00Z',
};

const message = north.say('channel.message', { to: [south.id], body: { text: 'áß' } });
const receipt = formatLogProof(south.receive(message));
const id = 'ab'.repeat(32);

/** One record of each type. */
const records: PouchRecord[] = [
  {
    type: 'envelope',
    envelope: message.envelope,
    said: formatLogProof(message.proof),
    anchorLines: [],
  },
  { type: 'envelope', envelope: message.envelope, said: 'x', anchorLines: [], introduced: true },
  {
    type: 'proof',
    statement: message.id,
    party: south.id,
    role: 'held',
    listDigest: id,
    proof: receipt,
  },
  { type: 'checkpoint', party: north.id, note: north.log.checkpoint(), from: 0, consistency: [] },
  {
    type: 'cosignature',
    origin: north.log.origin,
    size: 1,
    root: encodeBase64(north.log.root(1)),
    line: '— a b\n',
  },
  { type: 'request', what: 'statements', ids: [id] },
  { type: 'request', what: 'checkpoint' },
  { type: 'request', what: 'entries', from: 3 },
  { type: 'request', what: 'facts', docket: id },
  { type: 'request', what: 'digests' },
  { type: 'entries', party: north.id, start: 0, data: encodeBase64(new Uint8Array(64)) },
  {
    type: 'digests',
    about: id,
    dockets: [{ docket: id, heads: [id], inputDigest: id, stateDigest: id }],
  },
  {
    type: 'facts',
    docket: id,
    statements: [id],
    facts: [{ origin: north.log.origin, index: 0, size: 1, line: '— a b\n' }],
  },
  { type: 'chunk', attachment: id, offset: 0, data: encodeBase64(Uint8Array.of(1, 2, 3)) },
];

function write(list: PouchRecord[] = records, label = 'north automatic', exercise = false) {
  const type = exercise ? exercisePouchPayloadType : pouchPayloadType;
  return writePouch(
    manifest,
    list,
    (payload) => signEnvelopeEd25519(type, payload, seed(label)),
    exercise,
  );
}

function read(plaintext: Uint8Array, whole = true): Pouch {
  const result = readPouch(plaintext, whole);
  if (!result.ok) throw new Error(result.code);
  return result.value;
}

function isSigned(pouch: Pouch, chain: Chain): boolean {
  const checks = pouchSignatureChecks(pouch, chain);
  return checks.ok && checks.value.checks.every(verifySignature);
}

describe('pouch', () => {
  const plaintext = write();

  it('carries every type of record unchanged', () => {
    const pouch = read(plaintext);
    expect(pouch.records).toEqual(records);
    expect(pouch).toMatchObject({ manifest, complete: true, unknown: 0, bad: [] });
    expect(isSigned(pouch, north.verifiedChain)).toBe(true);
  });

  it('is complete only when it was opened whole', () => {
    expect(read(plaintext, false).complete).toBe(false);
  });

  it('cut anywhere: what was whole is kept, and it is not complete', () => {
    for (let length = 0; length < plaintext.length; length += 97) {
      const result = readPouch(plaintext.subarray(0, length), false);
      if (!result.ok) continue;
      expect(result.value.complete).toBe(false);
      expect(result.value.records).toEqual(records.slice(0, result.value.records.length));
      expect(isSigned(result.value, north.verifiedChain)).toBe(true);
    }
  });

  it('bytes after the end make it incomplete', () => {
    expect(read(concatBytes(plaintext, Uint8Array.of(0))).complete).toBe(false);
  });

  it('records left out, doubled or put in another order make it incomplete', () => {
    const parts = split(plaintext);
    const [first, second, third, ...rest] = parts;
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    expect(read(concatBytes(first, third, ...rest)).complete).toBe(false);
    expect(read(concatBytes(first, second, second, third, ...rest)).complete).toBe(false);
    expect(read(concatBytes(first, third, second, ...rest)).complete).toBe(false);
  });

  it('the end of another pouch does not fit', () => {
    const other = split(write([]));
    const own = split(plaintext);
    const swapped = concatBytes(...own.slice(0, -1), other.at(-1) ?? new Uint8Array());
    expect(read(swapped).complete).toBe(false);
  });

  it('skips and counts records of types it does not know', () => {
    const parts = split(write([]));
    const strange = concatBytes(Uint8Array.of(77), u32be(2), Uint8Array.of(123, 125));
    const pouch = read(concatBytes(...parts.slice(0, 1), strange, ...parts.slice(1)));
    expect(pouch).toMatchObject({ unknown: 1, bad: [], complete: false });
  });

  it('notes a record that cannot be read and keeps the others', () => {
    const parts = split(plaintext);
    const bad = concatBytes(Uint8Array.of(6), u32be(2), Uint8Array.of(123, 125));
    const pouch = read(concatBytes(...parts.slice(0, 2), bad, ...parts.slice(2)));
    expect(pouch.bad).toEqual([{ index: 2, code: 'bad-schema' }]);
    expect(pouch.records).toEqual(records);
  });

  it('unreadable: no manifest in front, a statement for a manifest, too large', () => {
    const parts = split(plaintext);
    expect(readPouch(concatBytes(...parts.slice(1)), true)).toMatchObject({ code: 'unreadable' });
    expect(readPouch(new Uint8Array(0), true)).toMatchObject({ code: 'unreadable' });
    expect(readPouch(new Uint8Array(pouchBytesMax + 1), true)).toMatchObject({
      code: 'unreadable',
    });
  });

  it('shows its manifest and whose it is without the rest being read', () => {
    const [front, ...rest] = split(plaintext);
    if (front === undefined) throw new Error();
    const garbage = concatBytes(front, ...rest.map((each) => each.map((byte) => byte ^ 0x55)));
    const opening = readPouchManifest(garbage);
    if (!opening.ok) throw new Error(opening.code);
    expect(opening.value).toMatchObject({ manifest, exercise: false });
    const check = pouchManifestCheck(opening.value, north.verifiedChain);
    expect(check.ok && verifySignature(check.value.check)).toBe(true);
    expect(pouchManifestCheck(opening.value, south.verifiedChain)).toMatchObject({
      ok: false,
      code: 'bad-signature',
    });
  });

  it('with a manifest past its limit is unreadable, at the limit it is read', () => {
    const most = manifestOfBytes(pouchManifestBytesMax);
    expect(readPouchManifest(most)).toMatchObject({ ok: true });
    expect(readPouch(most, false)).toMatchObject({ ok: true });
    const past = manifestOfBytes(pouchManifestBytesMax + 4);
    expect(readPouchManifest(past)).toMatchObject({ ok: false, code: 'unreadable' });
    expect(readPouch(past, false)).toMatchObject({ ok: false, code: 'unreadable' });
  });

  it('gives single envelopes without reading what is not wanted', () => {
    const seen: number[] = [];
    const all = [...pouchEnvelopes(plaintext, (body) => seen.push(body.length) > 1)];
    expect(seen).toHaveLength(2);
    expect(all).toEqual([records[1]]);
    const garbled = concatBytes(plaintext.subarray(0, plaintext.length >> 3), new Uint8Array(9));
    expect([...pouchEnvelopes(garbled, () => true)].length).toBeLessThan(3);
    expect([...pouchEnvelopes(new Uint8Array(0), () => true)]).toEqual([]);
  });

  it('is signed by the automatic key of its sender and by no other key', () => {
    expect(isSigned(read(write(records, 'north 1')), north.verifiedChain)).toBe(false);
    expect(isSigned(read(write(records, 'south automatic')), north.verifiedChain)).toBe(false);
    expect(isSigned(read(plaintext), south.verifiedChain)).toBe(false);
  });

  it('is not signed by an automatic key that a newer version rotated away', () => {
    const { versions } = north.verifiedChain;
    const first = versions[0];
    const other = south.verifiedChain.versions[0]?.body.authority.automatic;
    if (first === undefined || other === undefined) throw new Error();
    const authority = { ...first.body.authority, automatic: other };
    const second = { ...first, version: 2, body: { ...first.body, authority } };
    expect(isSigned(read(plaintext), { ...north.verifiedChain, versions: [first, second] })).toBe(
      false,
    );
    expect(isSigned(read(plaintext), { ...north.verifiedChain, versions: [first, first] })).toBe(
      true,
    );
  });

  it('of an exercise is not one of a real party', () => {
    const pouch = read(write(records, 'north automatic', true));
    expect(pouch.exercise).toBe(true);
    expect(isSigned(pouch, north.verifiedChain)).toBe(false);
  });

  it('takes 512 statements and not one more', () => {
    const [first] = records;
    if (first === undefined) throw new Error();
    const most = Array.from({ length: pouchStatementsMax }, () => first);
    expect(read(write(most)).records.length).toBe(pouchStatementsMax);
    expect(() => write([...most, first])).toThrow('too much');
    const parts = split(write(most));
    const body = parts[1] ?? new Uint8Array();
    const pouch = read(concatBytes(...parts.slice(0, 2), body, ...parts.slice(2)));
    expect(pouch.records.length).toBe(pouchStatementsMax);
    expect(pouch.bad).toEqual([{ index: pouchStatementsMax + 1, code: 'too-large' }]);
  });

  it('stops reading after the last record that it may have', () => {
    const parts = split(write([]));
    const empty = concatBytes(Uint8Array.of(2), u32be(0));
    const many = Array.from({ length: pouchRecordsMax + 10 }, () => empty);
    const pouch = read(concatBytes(...parts.slice(0, 1), ...many, ...parts.slice(1)));
    expect(pouch.bad.length).toBe(pouchRecordsMax - 1);
    expect(pouch.complete).toBe(false);
  });

  it('any bytes: never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, whole) => {
        readPouch(bytes, whole);
        readPouchManifest(bytes);
        expect([...pouchEnvelopes(bytes, () => true)]).toBeDefined();
        readPouch(concatBytes(split(plaintext)[0] ?? bytes, bytes), whole);
      }),
      { numRuns: 200 },
    );
  });

  it('mutated: never throws, and is never complete and signed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(plaintext.length - 1), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const mutated = plaintext.slice();
          for (const [at, mask] of changes) mutated[at] = (mutated[at] ?? 0) ^ mask;
          if (mutated.every((byte, at) => byte === plaintext[at])) return;
          const result = readPouch(mutated, true);
          if (!result.ok) return;
          expect(result.value.complete && isSigned(result.value, north.verifiedChain)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('travels sealed, and a cut file gives what was whole', async () => {
    const identity = await generateSealingIdentity();
    const big: PouchRecord[] = Array.from({ length: 30 }, (_, i) => ({
      type: 'chunk',
      attachment: id,
      offset: i * 9000,
      data: encodeBase64(new Uint8Array(9000).fill(i)),
    }));
    const sealed = await sealTo([await sealingRecipient(identity)], write(big));
    const opened = await openSealed([identity], sealed);
    expect(opened.ok && read(opened.value.plaintext, opened.value.whole).complete).toBe(true);
    const cut = await openSealed([identity], sealed.subarray(0, sealed.length - 70_000));
    if (!cut.ok) throw new Error(cut.code);
    expect(cut.value.whole).toBe(false);
    const pouch = read(cut.value.plaintext, cut.value.whole);
    expect(pouch.complete).toBe(false);
    expect(pouch.records.length).toBeGreaterThan(5);
    expect(pouch.records).toEqual(big.slice(0, pouch.records.length));
  });
});

/** A pouch of nothing but a manifest as long as can be made up to this many bytes, within four. */
function manifestOfBytes(bytes: number): Uint8Array {
  const payload = canonicalJsonBytes(manifest);
  const sigs = Array.from({ length: 8 }, () => 1);
  const format = () =>
    formatEnvelope({
      payload,
      payloadType: pouchPayloadType,
      signatures: sigs.map((length, at) => {
        const keyid = `${at}`.repeat(64);
        return { keyid, sig: encodeBase64(new Uint8Array(length)) };
      }),
    });
  for (let at = 0; format().length + 4 <= bytes; at = (at + 1) % sigs.length) {
    const room = Math.floor((bytes - format().length) / 4) * 3;
    sigs[at] = Math.min((sigs[at] ?? 0) + room, 2_418);
  }
  const body = format();
  return concatBytes(Uint8Array.of(1), u32be(body.length), body);
}

function split(plaintext: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const view = new DataView(plaintext.buffer, plaintext.byteOffset);
  for (let offset = 0; offset < plaintext.length;) {
    const end = offset + 5 + view.getUint32(offset + 1);
    parts.push(plaintext.subarray(offset, end));
    offset = end;
  }
  return parts;
}
