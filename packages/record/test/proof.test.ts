import { describe, expect, it } from 'vitest';
import { formatLogProof, parseLogProof } from '../src/proof.ts';
import type { CheckpointSizes } from '../src/proof.ts';
import { InvariantError } from '../src/result.ts';
import { describeOnBoth, seedOf, type RecordModule } from './both-primitives.ts';

/** A log of three entries with one cosigner, and the proof of its second entry. */
function example(record: RecordModule) {
  const entries = ['one', 'two', 'three'].map((text) => record.encodeText(text));
  const [a, b, c] = entries.map(record.leafHash) as [Uint8Array, Uint8Array, Uint8Array];
  const root = record.nodeHash(record.nodeHash(a, b), c);
  const signer = (name: string, type: 0x01 | 0x04, byte: number) => ({
    key: record.noteKey(name, type, record.ed25519PublicKey(seedOf(byte))),
    seed: seedOf(byte),
  });
  const log = signer('log.example/a', 0x01, 1);
  const witness = signer('witness.example/w', 0x04, 2);
  const text = record.formatCheckpoint({ origin: 'log.example/a', size: 3, root });
  const note = record.formatNote(text, [
    record.signNote(text, log),
    record.cosign(text, witness, 1_700_000_000),
  ]);
  const proof = { index: 1, path: [a, c], checkpoint: note };
  return { entries, log, witness, proof, text: record.formatLogProof(proof) };
}

describeOnBoth('log proofs', (record) => {
  it('are read back and verify the entry under the log’s key', () => {
    const { entries, log, proof, text } = example(record());
    const parsed = record().parseLogProof(text);
    expect(parsed).toEqual({ ok: true, value: proof });
    const entry = entries[1] ?? new Uint8Array(0);
    const verified = record().verifyLogProof(proof, entry, [log.key]);
    expect(verified.ok && verified.value.index).toBe(1);
    expect(verified.ok && verified.value.checkpoint.size).toBe(3);
    expect(verified.ok && verified.value.note.signatures.length).toBe(2);
  });

  it('verify no other entry, index or path', () => {
    const { entries, log, proof } = example(record());
    const [first, second] = entries as [Uint8Array, Uint8Array];
    const codeOf = (changed: Partial<typeof proof>, entry = second) => {
      const verified = record().verifyLogProof({ ...proof, ...changed }, entry, [log.key]);
      return verified.ok ? null : verified.code;
    };
    expect(codeOf({})).toBeNull();
    expect(codeOf({}, first)).toBe('bad-proof');
    expect(codeOf({}, record().leafHash(second))).toBe('bad-proof');
    expect(codeOf({ index: 0 })).toBe('bad-proof');
    expect(codeOf({ index: 3 })).toBe('bad-proof');
    expect(codeOf({ path: proof.path.slice(1) })).toBe('bad-proof');
    expect(codeOf({ path: [...proof.path].reverse() })).toBe('bad-proof');
    expect(codeOf({ checkpoint: 'text\n' })).toBe('bad-proof');
    expect(codeOf({ checkpoint: proof.checkpoint.replace('\n3\n', '\n4\n') })).toBe(
      'bad-signature',
    );
  });

  it('verify under no other key', () => {
    const { entries, witness, proof } = example(record());
    const other = record().noteKey('log.example/a', 0x01, record().ed25519PublicKey(seedOf(9)));
    const entry = entries[1] ?? new Uint8Array(0);
    for (const keys of [[other], [], [witness.key]]) {
      const verified = record().verifyLogProof(proof, entry, keys);
      expect(verified.ok ? null : verified.code).toBe('unknown-signer');
    }
  });
});

describe('what is no log proof', async () => {
  const { text, proof } = example(await import('../src/index.ts'));
  const hash = text.split('\n')[2] ?? '';
  it.each([
    ['another header', text.replace('@v1', '@v2')],
    ['a header with a carriage return', text.replace('@v1', '@v1\r')],
    ['an extra line', text.replace('@v1\n', '@v1\nextra YQ==\n')],
    ['no index', text.replace('index 1\n', '')],
    ['a leading zero', text.replace('index 1', 'index 01')],
    ['a negative index', text.replace('index 1', 'index -1')],
    ['an index outside the tree', text.replace('index 1', 'index 3')],
    ['two spaces', text.replace('index 1', 'index  1')],
    ['a hash of 31 bytes', text.replace(hash, 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==')],
    ['a hash without padding', text.replace(hash, hash.slice(0, -1))],
    ['65 hashes', text.replace(hash, Array(65).fill(hash).join('\n'))],
    ['no empty line', text.replace('\n\n', '\n')],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n') + 2)],
    ['a checkpoint without signatures', text.slice(0, text.lastIndexOf('\n\n') + 2)],
    ['a checkpoint that is none', text.replace('\n3\n', '\nthree\n')],
    ['a byte order mark', `\ufeff${text}`],
    ['over a million characters', text + 'x'.repeat(1_100_000)],
    ['nothing', ''],
  ])('%s is refused', (_, changed) => {
    const parsed = parseLogProof(changed);
    expect(parsed.ok ? null : parsed.code).toBe('bad-proof');
  });

  it('an index outside a tree that was read before is refused, and so is another checkpoint', () => {
    const sizes: CheckpointSizes = new Map();
    expect(parseLogProof(text, sizes).ok).toBe(true);
    expect([...sizes.values()]).toEqual([3]);
    expect(parseLogProof(text.replace('index 1', 'index 3'), sizes).ok).toBe(false);
    expect(parseLogProof(text.replace('\n3\n', '\nthree\n'), sizes).ok).toBe(false);
    expect(() => formatLogProof({ ...proof, index: 3 }, sizes)).toThrow(InvariantError);
    expect(formatLogProof(proof, sizes)).toBe(text);
    expect(sizes.size).toBe(1);
  });

  it('a proof of our own that could not be read back throws', () => {
    for (const bad of [
      { index: 3 },
      { index: -1 },
      { path: [new Uint8Array(31)] },
      { checkpoint: '' },
    ]) {
      expect(() => formatLogProof({ ...proof, ...bad })).toThrow(InvariantError);
    }
  });
});
