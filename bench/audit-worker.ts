/**
 * One thread of the audit (P3): either everything that a reader of a log has to do for its share of
 * the entries, or only the same number of Ed25519 verifications.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  InvariantError,
  ed25519Verify,
  leafHash,
  logEntry,
  nodeHash,
  openCheckpoint,
  parseEnvelope,
  parseStatement,
  preAuthEncoding,
  decodeBase64,
  signatureChecks,
  signatureListDigest,
} from '@comity/record';
import type { Chain, NoteKey, SignatureCheck } from '@comity/record';

export interface AuditShare {
  mode: 'audit' | 'raw';
  /** Envelopes, each after a 32-bit big-endian length. */
  envelopes: Uint8Array;
  checkpoints: string[];
  chain: Chain;
  logKey: NoteKey;
  officerKey: Uint8Array;
  /** Entries that are parsed, then verified, then hashed to the root of a subtree; a power of two. */
  subtreeLeaves: number;
}

export interface AuditResult {
  milliseconds: number;
  /** Of this thread alone: what it used, whoever else used the machine meanwhile. */
  cpuMilliseconds: number;
  /** Roots of the complete subtrees of `subtreeLeaves` entries, 32 bytes each; empty for 'raw'. */
  subtrees: Uint8Array;
  /** Hashes of the leaves after the last such subtree, 32 bytes each. */
  leaves: Uint8Array;
  signatures: number;
}

const share = workerData as AuditShare;

function* split(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at);
    yield bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

/** Starts a stopwatch; the answer stops it. */
function stopwatch(): () => Pick<AuditResult, 'milliseconds' | 'cpuMilliseconds'> {
  const started = performance.now();
  const before = process.threadCpuUsage();
  return () => {
    const milliseconds = performance.now() - started;
    const { user, system } = process.threadCpuUsage(before);
    return { milliseconds, cpuMilliseconds: (user + system) / 1000 };
  };
}

function must(ok: boolean, what: string): void {
  if (!ok) throw new Error(`audit: ${what}`);
}

// Work of one sort for many entries at a time: parsing and verifying drive each other's tables out of
// the processor's caches.
function audit(): AuditResult {
  const subtrees: Uint8Array[] = [];
  let leaves: Uint8Array[] = [];
  let checks: SignatureCheck[] = [];
  let signatures = 0;
  const verifyAll = (): void => {
    for (const { publicKey, message, signature } of checks) {
      must(ed25519Verify(publicKey, message, signature), 'signature');
    }
    signatures += checks.length;
    checks = [];
  };
  const stop = stopwatch();
  for (const bytes of split(share.envelopes)) {
    leaves.push(readEntry(bytes, checks));
    if (leaves.length < share.subtreeLeaves) continue;
    verifyAll();
    subtrees.push(rootOf(leaves));
    leaves = [];
  }
  verifyAll();
  for (const note of share.checkpoints) {
    must(openCheckpoint(note, [share.logKey]).ok, 'checkpoint');
    signatures += 1;
  }
  const took = stop();
  return { ...took, subtrees: joined(subtrees), leaves: joined(leaves), signatures };
}

/** Everything of one entry but the verification of its signatures, which go to `checks`. */
function readEntry(bytes: Uint8Array, checks: SignatureCheck[]): Uint8Array {
  const envelope = parseEnvelope(bytes);
  if (!envelope.ok) throw new Error('audit: envelope');
  const { payload, payloadType, signatures } = envelope.value;
  const parsed = parseStatement(payload, payloadType);
  if (!parsed.ok) throw new Error('audit: statement');
  const { id, statement } = parsed.value;
  const found = signatureChecks(envelope.value, share.chain, statement.credentials ?? id);
  if (!found.ok) throw new Error('audit: keys');
  checks.push(...found.value.checks);
  return leafHash(logEntry('said', id, signatureListDigest(signatures)));
}

/** Root of a complete tree: the number of hashes must be a power of two. */
function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    const up: Uint8Array[] = [];
    for (let at = 0; at + 1 < row.length; at += 2) {
      const [left, right] = [row[at], row[at + 1]];
      if (left !== undefined && right !== undefined) up.push(nodeHash(left, right));
    }
    row = up;
  }
  const [root] = row;
  if (root === undefined) throw new InvariantError('a tree of nothing');
  return root;
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(hashes));
}

// Messages and signatures are prepared outside the measured time, so that nothing but raw
// verification is in it.
function raw(): AuditResult {
  const prepared: { message: Uint8Array; signature: Uint8Array; key: Uint8Array }[] = [];
  for (const bytes of split(share.envelopes)) {
    const envelope = parseEnvelope(bytes);
    if (!envelope.ok) throw new Error('raw: envelope');
    const { payload, payloadType, signatures } = envelope.value;
    const message = preAuthEncoding(payloadType, payload);
    for (const { sig } of signatures) {
      const signature = decodeBase64(sig) ?? new Uint8Array(64);
      prepared.push({ message, signature, key: share.officerKey });
    }
  }
  for (const note of share.checkpoints) {
    const [text = '', lines = ''] = note.split('\n\n');
    const line = decodeBase64(lines.trim().split(' ')[2] ?? '') ?? new Uint8Array(68);
    const message = new TextEncoder().encode(`${text}\n`);
    prepared.push({ message, signature: line.subarray(4), key: share.logKey.publicKey });
  }
  const stop = stopwatch();
  for (const { key, message, signature } of prepared) {
    must(ed25519Verify(key, message, signature), 'raw signature');
  }
  return {
    ...stop(),
    subtrees: new Uint8Array(0),
    leaves: new Uint8Array(0),
    signatures: prepared.length,
  };
}

parentPort?.postMessage(share.mode === 'audit' ? audit() : raw());
