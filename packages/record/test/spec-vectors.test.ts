/**
 * Runs our language-neutral vectors, spec/vectors, which a second implementation wrote.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { EntryRole, JsonValue, KeyType, NodeAddress, NoteKey } from '../src/index.ts';
import { describeOnBoth, type RecordModule } from './both-primitives.ts';

const folder = new URL('../../../spec/vectors/', import.meta.url);

/** Inputs by name, with the outcome: either `expected` or a refusal's `code`. */
type Case = { comment: string; expected?: unknown; code?: string } & { [input: string]: unknown };

/** What our implementation makes of a case: `{ expected }` or `{ code }`. */
type Runner = (record: RecordModule, each: Case) => { expected: unknown } | { code: string };

const bytesOf = (hex: unknown) => Uint8Array.from(Buffer.from(hex as string, 'hex'));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const textOf = (value: unknown) => value as string;

function outcome<T>(
  result: { ok: true; value: T } | { ok: false; code: string },
  show: (value: T) => unknown,
): { expected: unknown } | { code: string } {
  return result.ok ? { expected: show(result.value) } : { code: result.code };
}

function keysOf(record: RecordModule, vkeys: unknown): NoteKey[] {
  return (vkeys as string[]).map((vkey) => {
    const key = record.parseVkey(vkey);
    if (!key.ok) throw new Error(`not a vkey: ${vkey}`);
    return key.value;
  });
}

function signerOf(record: RecordModule, each: Case, type: 0x01 | 0x04) {
  const seed = bytesOf(each['seed']);
  return { key: record.noteKey(textOf(each['name']), type, record.ed25519PublicKey(seed)), seed };
}

const openNote: Runner = (record, each) =>
  outcome(record.openNote(textOf(each['note']), keysOf(record, each['vkeys'])), (opened) => ({
    text: opened.note.text,
    signedBy: opened.signedBy.map(record.formatVkey),
  }));

const readJson: Runner = (record, each) => {
  const bytes = 'hex' in each ? bytesOf(each['hex']) : record.encodeText(textOf(each['text']));
  const bytesMax = (each['bytesMax'] as number | undefined) ?? record.payloadBytesMax;
  return outcome(record.parseCanonicalJson(bytes, bytesMax), (value) => {
    expect(record.canonicalJson(value)).toBe(each['text']);
    expect(record.canonicalJson(each.expected as JsonValue)).toBe(each['text']);
    return value;
  });
};

const verifyProof: Runner = (record, each) => {
  const proof = record.parseLogProof(textOf(each['proof']));
  if (!proof.ok) return { code: proof.code };
  expect(record.formatLogProof(proof.value)).toBe(each['proof']);
  const keys = keysOf(record, each['logKeys']);
  const verified = record.verifyLogProof(proof.value, bytesOf(each['entry']), keys);
  return outcome(verified, ({ index, checkpoint: { origin, size } }) => ({ index, origin, size }));
};

const verifyCosignature: Runner = (record, each) => {
  const lines = record.parseSignatureLines(textOf(each['line']));
  const [line] = lines.ok ? lines.value : [];
  const [key] = keysOf(record, [each['vkey']]);
  if (line === undefined || key === undefined) throw new Error('not a signature line');
  return outcome(record.verifyCosignature(textOf(each['text']), line, key), (value) => value);
};

const runners: { [file: string]: Runner } = {
  'keyid/keyid.json': (record, each) => ({
    expected: record.keyId(each['type'] as KeyType, bytesOf(each['key'])),
  }),
  'entry/entry.json': (record, each) => {
    const { role, id, listDigest } = each;
    const entry = record.logEntry(role as EntryRole, textOf(id), bytesOf(listDigest));
    expect(hexOf(record.leafHash(entry))).toBe(each['leafHash']);
    return { expected: hexOf(entry) };
  },
  'canonical-json/valid.json': readJson,
  'canonical-json/invalid.json': readJson,
  'note/valid.json': openNote,
  'note/invalid.json': openNote,
  'note/signing.json': (record, each) => {
    const signer = signerOf(record, each, 0x01);
    const line = record.signNote(textOf(each['text']), signer);
    return { expected: { vkey: record.formatVkey(signer.key), line } };
  },
  'note/vkey.json': (record, each) =>
    outcome(record.parseVkey(textOf(each['vkey'])), (key) => {
      expect(record.formatVkey(key)).toBe(each['vkey']);
      return { ...key, publicKey: hexOf(key.publicKey) };
    }),
  'checkpoint/checkpoint.json': (record, each) =>
    outcome(record.parseCheckpoint(textOf(each['text'])), (checkpoint) => {
      expect(record.formatCheckpoint(checkpoint)).toBe(each['text']);
      return { ...checkpoint, root: hexOf(checkpoint.root) };
    }),
  'merkle/root.json': (record, each) => {
    const leaves = (each['entries'] as string[]).map((entry) => record.leafHash(bytesOf(entry)));
    const at = ({ level, index }: NodeAddress): Uint8Array =>
      level === 0
        ? (leaves[index] as Uint8Array)
        : record.nodeHash(
            at({ level: level - 1, index: 2 * index }),
            at({ level: level - 1, index: 2 * index + 1 }),
          );
    const nodes = record.rootNodes(leaves.length).map(at);
    return { expected: hexOf(record.rootFromNodes(leaves.length, nodes)) };
  },
  'merkle/inclusion.json': (record, each) => ({
    expected: record.verifyInclusion(
      bytesOf(each['entry']),
      each['index'] as number,
      each['size'] as number,
      (each['proof'] as string[]).map(bytesOf),
      bytesOf(each['root']),
    ),
  }),
  'merkle/consistency.json': (record, each) => {
    const [m, n] = each['sizes'] as [number, number];
    const [before, after] = (each['roots'] as [string, string]).map(bytesOf);
    const proof = (each['proof'] as string[]).map(bytesOf);
    return {
      expected: record.verifyConsistency(m, n, before as Uint8Array, after as Uint8Array, proof),
    };
  },
  'tile/path.json': (record, each) =>
    outcome(record.parseTilePath(textOf(each['path'])), (address) => {
      expect(record.tilePath(address)).toBe(each['path']);
      return address;
    }),
  'tile/for-size.json': (record, each) => ({
    expected: record.tilesForSize(...(each['sizes'] as [number, number])),
  }),
  'tile/node.json': (record, each) => {
    const node = each['node'] as NodeAddress;
    expect(record.tileOfNode(node)).toEqual(each['tile']);
    return { expected: hexOf(record.hashInTile(bytesOf(each['hashes']), node)) };
  },
  'tile/entry-bundle.json': (record, each) =>
    outcome(record.parseEntryBundle(bytesOf(each['bundle'])), (entries) => {
      expect(hexOf(record.encodeEntryBundle(entries))).toBe(each['bundle']);
      return entries.map(hexOf);
    }),
  'log-proof/valid.json': verifyProof,
  'log-proof/invalid.json': verifyProof,
  'cosignature/ed25519.json': verifyCosignature,
  'cosignature/ml-dsa-44.json': verifyCosignature,
  'cosignature/signing.json': (record, each) => {
    const signer = signerOf(record, each, 0x04);
    const line = record.cosign(textOf(each['text']), signer, each['time'] as number);
    return { expected: { vkey: record.formatVkey(signer.key), line } };
  },
  'policy/policy.json': (record, each) =>
    outcome(record.parsePolicy(textOf(each['policy'])), record.formatPolicy),
  'policy/quorum.json': (record, each) => {
    const times = new Map(Object.entries(each['times'] as { [vkey: string]: number }));
    return outcome(record.parsePolicy(textOf(each['policy'])), (policy) => ({
      satisfied: record.policySatisfied(policy, times.keys()),
      time: record.witnessedTime(policy, times),
    }));
  },
};

function casesOf(file: string): Case[] {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];
}

describeOnBoth('vectors', (record) => {
  it.each(Object.keys(runners))('of %s', (file) => {
    const cases = casesOf(file);
    expect(cases.length).toBeGreaterThan(0);
    for (const each of cases) {
      const wanted = 'code' in each ? { code: each.code } : { expected: each.expected };
      expect(runners[file]?.(record(), each), `${file}: ${each.comment}`).toEqual(wanted);
    }
  });
});

it('every file of vectors of these formats is run, and each case has a name of its own', () => {
  const formats = new Set(Object.keys(runners).map((file) => file.split('/')[0] ?? ''));
  const files = [...formats].flatMap((format) =>
    readdirSync(new URL(format, folder)).map((name) => `${format}/${name}`),
  );
  expect(files.sort()).toEqual(Object.keys(runners).sort());
  for (const file of files) {
    const comments = casesOf(file).map(({ comment }) => comment);
    expect(new Set(comments).size, file).toBe(comments.length);
  }
});
