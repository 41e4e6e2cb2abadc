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
const subtreeLeaves = 256;
const rounds = 5;

export interface AuditFigures {
  entries: number;
  signatures: number;
  threads: number;
  auditSeconds: number;
  rawSeconds: number;
  ratio: number;
  /** The same ratio of the threads' own processor time; tells more on a machine that is not quiet. */
  cpuRatio: number;
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
  const cpu: { audit: number[]; raw: number[] } = { audit: [], raw: [] };
  let signatures = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const mode of ['raw', 'audit'] as const) {
      progress(`P3: round ${round + 1} of ${rounds}, ${mode}`);
      const results = await Promise.all(shares.map(async (share) => await run({ ...share, mode })));
      if (mode === 'audit') {
        const treeStarted = performance.now();
        if (!equalBytes(rootOf(results), root)) throw new Error('audit: root');
        const tree = performance.now() - treeStarted;
        seconds.audit.push((slowest(results) + tree) / 1000);
        cpu.audit.push(cpuOf(results) + tree);
      } else {
        seconds.raw.push(slowest(results) / 1000);
        cpu.raw.push(cpuOf(results));
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
    cpuRatio: median(cpu.raw) / median(cpu.audit),
  };
}

function slowest(results: readonly AuditResult[]): number {
  return Math.max(...results.map(({ milliseconds }) => milliseconds));
}

function cpuOf(results: readonly AuditResult[]): number {
  return results.reduce((sum, { cpuMilliseconds }) => sum + cpuMilliseconds, 0);
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
  // Whole subtrees, so that each thread hashes its own.
  const perThread = Math.ceil(envelopes.length / threads / subtreeLeaves) * subtreeLeaves;
  const notesPerThread = Math.ceil(notes.length / threads);
  return Array.from({ length: threads }, (_, thread) => ({
    mode: 'audit',
    envelopes: joined(envelopes.slice(thread * perThread, (thread + 1) * perThread)),
    checkpoints: notes.slice(thread * notesPerThread, (thread + 1) * notesPerThread),
    chain,
    logKey: logSigner.key,
    officerKey: ed25519PublicKey(officerSeed),
    subtreeLeaves,
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
  const notes: string[] = [];
  const { origin } = party.chain.versions[0]?.body.log ?? { origin: '' };
  const peaks: Peak[] = [];
  let size = 0;
  for (const bytes of envelopes) {
    const envelope = parseEnvelope(bytes);
    if (!envelope.ok) throw new Error('bench: envelope');
    const { payload, payloadType, signatures } = envelope.value;
    const id = statementId(payloadType, payload);
    const leaf = leafHash(logEntry('said', id, signatureListDigest(signatures)));
    pushPeak(peaks, { size: 1, hash: leaf });
    size += 1;
    if (size % entriesPerCheckpoint !== 0 && size !== envelopes.length) continue;
    const root = rootOfPeaks(peaks);
    const text = formatCheckpoint({ origin, size, root });
    notes.push(formatNote(text, [signNote(text, party.logSigner)]));
  }
  return { notes, root: rootOfPeaks(peaks) };
}

/** A complete subtree of `size` leaves. */
interface Peak {
  size: number;
  hash: Uint8Array;
}

function pushPeak(peaks: Peak[], added: Peak): void {
  let next = added;
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

function rootOfPeaks(peaks: readonly Peak[]): Uint8Array {
  return peaks.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right));
}

function rootOf(results: readonly AuditResult[]): Uint8Array {
  const peaks: Peak[] = [];
  for (const { subtrees, leaves } of results) {
    for (const hash of hashesIn(subtrees)) pushPeak(peaks, { size: subtreeLeaves, hash });
    for (const hash of hashesIn(leaves)) pushPeak(peaks, { size: 1, hash });
  }
  return rootOfPeaks(peaks);
}

function hashesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / 32 }, (_, at) =>
    bytes.subarray(at * 32, at * 32 + 32),
  );
}
