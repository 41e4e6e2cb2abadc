/**
 * P2: latency of one statement against fdatasync. P4: log append per second against raw hashing
 * plus a batched commit. Both on the disk that holds the temporary folder.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  leafHash,
  logEntry,
  nodeHash,
  parseEnvelope,
  parseStatement,
  signatureListDigest,
} from '@comity/record';
import { openSequencer } from '../packages/node/src/log/sequencer.ts';
import type { SaidJob, Sequencer } from '../packages/node/src/log/jobs.ts';
import { openStore } from '../packages/node/src/store/open.ts';
import { systemClock } from '../packages/node/src/context.ts';
import { median, timed } from './figures.ts';
import { benchParty, signedNotification } from './party.ts';
import type { BenchParty } from './party.ts';

const batchJobs = 256;
const other = 'f'.repeat(64);

export interface LatencyFigures {
  statementMilliseconds: number;
  fdatasyncMilliseconds: number;
  ratio: number;
}
export interface AppendFigures {
  statements: number;
  appendPerSecond: number;
  rawPerSecond: number;
  ratio: number;
}

interface Bench {
  folder: string;
  party: BenchParty;
  sequencer: Sequencer;
  close(): Promise<void>;
}

async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'comity-bench-'));
  const party = benchParty();
  const { logSigner, ownAccountSigner } = party;
  const store = await openStore({ kind: 'sqlite', path: join(folder, 'bench.sqlite') });
  const highWaterPath = join(folder, 'state', 'high-water');
  const deps = { store, clock: systemClock, logSigner, ownAccountSigner, highWaterPath };
  const sequencer = await openSequencer(deps);
  const close = async () => {
    await sequencer.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { folder, party, sequencer, close };
}

function jobOf(party: BenchParty): SaidJob {
  const envelopeBytes = signedNotification(party, other);
  const envelope = parseEnvelope(envelopeBytes);
  if (!envelope.ok) throw new Error('bench: envelope');
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  if (!parsed.ok) throw new Error('bench: statement');
  const { id, statement } = parsed.value;
  return {
    id,
    // The sequencer refuses credentials that are not the newest in its tables; there are none here.
    statement: { ...statement, credentials: null },
    envelope: envelope.value,
    envelopeBytes,
    docket: id,
    chain: 'duty',
    anchorLines: [],
    listDigest: signatureListDigest(envelope.value.signatures),
    recipients: [other],
    draft: null,
  };
}

/** P2, over `count` statements one after another. */
export async function measureLatency(count: number): Promise<LatencyFigures> {
  const bench = await openBench();
  try {
    const jobs = Array.from({ length: count }, () => jobOf(bench.party));
    const said: number[] = [];
    const synced: number[] = [];
    const file = await open(join(bench.folder, 'sync'), 'w');
    const block = Buffer.alloc(4096, 7);
    for (const job of jobs) {
      said.push(
        await timed(async () => {
          must(await bench.sequencer.said(job));
        }),
      );
      synced.push(
        await timed(async () => {
          await file.write(block);
          await file.datasync();
        }),
      );
    }
    await file.close();
    const statementMilliseconds = median(said);
    const fdatasyncMilliseconds = median(synced);
    const ratio = statementMilliseconds / fdatasyncMilliseconds;
    return { statementMilliseconds, fdatasyncMilliseconds, ratio };
  } finally {
    await bench.close();
  }
}

/** P4, over `count` prepared statements, all queued at once. */
export async function measureAppend(count: number): Promise<AppendFigures> {
  const bench = await openBench();
  try {
    const jobs = Array.from({ length: count }, () => jobOf(bench.party));
    const append = await timed(async () => {
      const results = await Promise.all(jobs.map(async (job) => await bench.sequencer.said(job)));
      for (const result of results) must(result);
    });
    const raw = await timed(() => rawAppend(join(bench.folder, 'raw.sqlite'), jobs));
    const appendPerSecond = (count / append) * 1000;
    const rawPerSecond = (count / raw) * 1000;
    return {
      statements: count,
      appendPerSecond,
      rawPerSecond,
      ratio: appendPerSecond / rawPerSecond,
    };
  } finally {
    await bench.close();
  }
}

// The least that any log has to do: hash each entry and its share of the tree, and commit entry and
// envelope durably in batches of the same size.
function rawAppend(path: string, jobs: readonly SaidJob[]): void {
  const database = new DatabaseSync(path);
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  database.exec('create table entries (n integer primary key, entry blob, envelope blob) strict');
  const insert = database.prepare('insert into entries values (?, ?, ?)');
  let last = new Uint8Array(32);
  for (let start = 0; start < jobs.length; start += batchJobs) {
    database.exec('begin immediate');
    for (const [offset, job] of jobs.slice(start, start + batchJobs).entries()) {
      const entry = logEntry('said', job.id, job.listDigest);
      last = new Uint8Array(nodeHash(last, leafHash(entry)));
      insert.run(start + offset, entry, job.envelopeBytes);
    }
    database.exec('commit');
  }
  database.close();
}

function must(result: { ok: boolean; code?: string }): void {
  if (!result.ok) throw new Error(`bench: ${result.code ?? ''}`);
}
