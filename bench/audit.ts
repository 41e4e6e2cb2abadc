/** P3: audit of a log of 100,000 entries against raw Ed25519 verification, on all cores. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  ed25519PublicKey,
  equalBytes,
  formatCheckpoint,
  formatNote,
  leafHash,
  logEntry,
  nodeHash,
  parseEnvelope,
  signatureListDigest,
  signNote,
  statementId,
} from '@comity/record';
import type { AuditResult, AuditShare } from './audit-worker.ts';
import { benchParty, signedNotification } from './party.ts';
import type { BenchParty } from './party.ts';
import { median } from './figures.ts';

const entriesPerCheckpoint = 256;
const rounds = 3;

export interface AuditFigures {
  entries: number;
  signatures: number;
  threads: number;
  auditSeconds: number;
  rawSeconds: number;
  ratio: number;
}

/** Measures both, alternating, and gives medians. `progress` hears what is going on. */
export async function measureAudit(
  entries: number,
  progress: (words: string) => void,
): Promise<AuditFigures> {
  progress(`P3: making a log of ${entries} signed statements`);
  const party = benchParty();
  const envelopes: Uint8Array[] = [];
  for (let made = 0; made < entries; made += 1) {
    envelopes.push(signedNotification(party, 'f'.repeat(64)));
  }
  const { notes, root } = checkpointsOf(party, envelopes);
  const threads = availableParallelism();
  const shares = sharesOf(party, envelopes, notes, threads);
  const seconds: { audit: number[]; raw: number[] } = { audit: [], raw: [] };
  let signatures = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const mode of ['raw', 'audit'] as const) {
      progress(`P3: round ${round + 1} of ${rounds}, ${mode}`);
      const results = await Promise.all(shares.map(async (share) => await run({ ...share, mode })));
      if (mode === 'audit') {
        const treeStarted = performance.now();
        const leaves = results.flatMap(({ leaves: bytes }) => hashesIn(bytes));
        if (!equalBytes(rootOf(leaves), root)) throw new Error('audit: root');
        const tree = performance.now() - treeStarted;
        seconds.audit.push((slowest(results) + tree) / 1000);
      } else {
        seconds.raw.push(slowest(results) / 1000);
      }
      signatures = results.reduce((sum, result) => sum + result.signatures, 0);
    }
  }
  const auditSeconds = median(seconds.audit);
  const rawSeconds = median(seconds.raw);
  return {
    entries,
    signatures,
    threads,
    auditSeconds,
    rawSeconds,
    ratio: rawSeconds / auditSeconds,
  };
}

function slowest(results: readonly AuditResult[]): number {
  return Math.max(...results.map(({ milliseconds }) => milliseconds));
}

async function run(share: AuditShare): Promise<AuditResult> {
  return await new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./audit-worker.ts', import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function sharesOf(
  party: BenchParty,
  envelopes: readonly Uint8Array[],
  notes: readonly string[],
  threads: number,
): AuditShare[] {
  const { chain, logSigner, officerSeed } = party;
  const perThread = Math.ceil(envelopes.length / threads);
  const notesPerThread = Math.ceil(notes.length / threads);
  return Array.from({ length: threads }, (_, thread) => ({
    mode: 'audit',
    envelopes: joined(envelopes.slice(thread * perThread, (thread + 1) * perThread)),
    checkpoints: notes.slice(thread * notesPerThread, (thread + 1) * notesPerThread),
    chain,
    logKey: logSigner.key,
    officerKey: ed25519PublicKey(officerSeed),
  }));
}

function joined(envelopes: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      envelopes.flatMap((bytes) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(bytes.length);
        return [length, bytes];
      }),
    ),
  );
}

function checkpointsOf(
  party: BenchParty,
  envelopes: readonly Uint8Array[],
): { notes: string[]; root: Uint8Array } {
  const leaves: Uint8Array[] = [];
  const notes: string[] = [];
  const { origin } = party.chain.versions[0]?.body.log ?? { origin: '' };
  const peaks: { size: number; hash: Uint8Array }[] = [];
  for (const bytes of envelopes) {
    const envelope = parseEnvelope(bytes);
    if (!envelope.ok) throw new Error('bench: envelope');
    const { payload, payloadType, signatures } = envelope.value;
    const id = statementId(payloadType, payload);
    const leaf = leafHash(logEntry('said', id, signatureListDigest(signatures)));
    leaves.push(leaf);
    pushPeak(peaks, leaf);
    if (leaves.length % entriesPerCheckpoint !== 0 && leaves.length !== envelopes.length) continue;
    const root = rootOfPeaks(peaks);
    const text = formatCheckpoint({ origin, size: leaves.length, root });
    notes.push(formatNote(text, [signNote(text, party.logSigner)]));
  }
  return { notes, root: rootOfPeaks(peaks) };
}

function pushPeak(peaks: { size: number; hash: Uint8Array }[], leaf: Uint8Array): void {
  let next = { size: 1, hash: leaf };
  for (
    let last = peaks.at(-1);
    last !== undefined && last.size === next.size;
    last = peaks.at(-1)
  ) {
    peaks.pop();
    next = { size: last.size * 2, hash: nodeHash(last.hash, next.hash) };
  }
  peaks.push(next);
}

function rootOfPeaks(peaks: readonly { hash: Uint8Array }[]): Uint8Array {
  return peaks.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right));
}

function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const peaks: { size: number; hash: Uint8Array }[] = [];
  for (const leaf of leaves) pushPeak(peaks, leaf);
  return rootOfPeaks(peaks);
}

function hashesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / 32 }, (_, at) =>
    bytes.subarray(at * 32, at * 32 + 32),
  );
}
