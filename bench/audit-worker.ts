/**
 * One thread of the audit (P3): either everything that a reader of a log has to do for its share of
 * the entries, or only the same number of Ed25519 verifications.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  ed25519Verify,
  leafHash,
  logEntry,
  openCheckpoint,
  parseEnvelope,
  parseStatement,
  preAuthEncoding,
  decodeBase64,
  signatureChecks,
  signatureListDigest,
} from '@comity/record';
import type { Chain, NoteKey } from '@comity/record';

export interface AuditShare {
  mode: 'audit' | 'raw';
  /** Envelopes, each after a 32-bit big-endian length. */
  envelopes: Uint8Array;
  checkpoints: string[];
  chain: Chain;
  logKey: NoteKey;
  officerKey: Uint8Array;
}

export interface AuditResult {
  milliseconds: number;
  /** Leaf hashes, 32 bytes each, in order; empty for 'raw'. */
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

function must(ok: boolean, what: string): void {
  if (!ok) throw new Error(`audit: ${what}`);
}

function audit(): AuditResult {
  const leaves: Uint8Array[] = [];
  let signatures = 0;
  const start = performance.now();
  for (const bytes of split(share.envelopes)) {
    const envelope = parseEnvelope(bytes);
    if (!envelope.ok) throw new Error('audit: envelope');
    const { payload, payloadType } = envelope.value;
    const parsed = parseStatement(payload, payloadType);
    if (!parsed.ok) throw new Error('audit: statement');
    const { id, statement } = parsed.value;
    const checks = signatureChecks(envelope.value, share.chain, statement.credentials ?? id);
    if (!checks.ok) throw new Error('audit: keys');
    for (const { publicKey, message, signature } of checks.value.checks) {
      must(ed25519Verify(publicKey, message, signature), 'signature');
      signatures += 1;
    }
    leaves.push(leafHash(logEntry('said', id, signatureListDigest(envelope.value.signatures))));
  }
  for (const note of share.checkpoints) {
    must(openCheckpoint(note, [share.logKey]).ok, 'checkpoint');
    signatures += 1;
  }
  const milliseconds = performance.now() - start;
  return { milliseconds, leaves: new Uint8Array(Buffer.concat(leaves)), signatures };
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
  const start = performance.now();
  for (const { key, message, signature } of prepared) {
    must(ed25519Verify(key, message, signature), 'raw signature');
  }
  return {
    milliseconds: performance.now() - start,
    leaves: new Uint8Array(0),
    signatures: prepared.length,
  };
}

parentPort?.postMessage(share.mode === 'audit' ? audit() : raw());
