/**
 * What other people send never makes a parser of this half throw, however it is cut or changed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as record from '../src/index.ts';
import { seedOf } from './both-primitives.ts';

const text = record.formatCheckpoint({
  origin: 'log.example/a',
  size: 1,
  root: record.leafHash(seedOf(1)),
});
const signer = {
  key: record.noteKey('log.example/a', 0x01, record.ed25519PublicKey(seedOf(1))),
  seed: seedOf(1),
};
const witness = {
  key: record.noteKey('w.example', 0x04, record.ed25519PublicKey(seedOf(2))),
  seed: seedOf(2),
};
const note = record.formatNote(text, [
  record.signNote(text, signer),
  record.cosign(text, witness, 1),
]);
const proof = record.formatLogProof({ index: 0, path: [], checkpoint: note });
const vkey = record.formatVkey(witness.key);
const policy = `log ${record.formatVkey(signer.key)}\nwitness W ${vkey}\ngroup G 1 W\nquorum G\n`;
const keys = [signer.key, witness.key];

const asText = (bytes: Uint8Array) =>
  record.decodeText(bytes) ?? Buffer.from(bytes).toString('latin1');
const parsers: [string, Uint8Array, (bytes: Uint8Array) => { ok: boolean }][] = [
  [
    'canonical JSON',
    record.encodeText('{"a":[1,"é"],"b":{"c":null}}'),
    (b) => record.parseCanonicalJson(b, 1e6),
  ],
  ['text', record.encodeText('é\n'), (b) => record.checkText(asText(b))],
  ['a vkey', record.encodeText(vkey), (b) => record.parseVkey(asText(b))],
  ['a note', record.encodeText(note), (b) => record.parseNote(asText(b))],
  ['a note that is opened', record.encodeText(note), (b) => record.openNote(asText(b), keys)],
  [
    'signature lines',
    record.encodeText(note.slice(text.length + 1)),
    (b) => record.parseSignatureLines(asText(b)),
  ],
  ['a checkpoint', record.encodeText(text), (b) => record.parseCheckpoint(asText(b))],
  [
    'a checkpoint that is opened',
    record.encodeText(note),
    (b) => record.openCheckpoint(asText(b), keys),
  ],
  ['a log proof', record.encodeText(proof), (b) => record.parseLogProof(asText(b))],
  ['a policy', record.encodeText(policy), (b) => record.parsePolicy(asText(b))],
  [
    'a tile’s path',
    record.encodeText('tile/0/x001/x234/067.p/8'),
    (b) => record.parseTilePath(asText(b)),
  ],
  [
    'a bundle of entries',
    record.encodeEntryBundle([seedOf(1), seedOf(2)]),
    (b) => record.parseEntryBundle(b),
  ],
];

describe.each(parsers)('%s from outside', (_, valid, parse) => {
  it('is read as it is', () => expect(parse(valid).ok).toBe(true));

  it('never throws when cut', () => {
    for (let length = 0; length < valid.length; length++) parse(valid.subarray(0, length));
  });

  it('never throws when changed', () => {
    const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(valid);
        for (const [at, value] of changes) bytes[at] = value;
        parse(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it('never throws for what was spliced from itself, or for anything', () => {
    fc.assert(
      fc.property(
        fc.nat(valid.length),
        fc.nat(valid.length),
        fc.uint8Array({ maxLength: 40 }),
        (a, b, c) => {
          parse(Uint8Array.from([...valid.subarray(0, a), ...c, ...valid.subarray(b)]));
          parse(c);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('cosignatures and proofs from outside', () => {
  it('verifyCosignature never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 90 }), (body, blob) => {
        for (const key of keys) {
          const line = { name: key.name, id: key.id, blob, line: '' };
          expect(record.verifyCosignature(body, line, key).ok).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('verifyLogProof, verifyInclusion and verifyConsistency never throw', () => {
    const hash = fc.uint8Array({ maxLength: 33 });
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.array(hash), hash, (m, n, path, root) => {
        record.verifyInclusion(root, m, n, path, root);
        record.verifyConsistency(m, n, root, root, path);
        record.verifyLogProof({ index: m, path, checkpoint: note }, root, keys);
      }),
    );
  });
});
