/** One batch of the sequencer: decides each job's place and writes everything in one transaction. */
import {
  encodeHex,
  failure,
  logEntry,
  partyOf,
  success,
  type NoteSigner,
  type Result,
} from '@comity/record';
import { insertTogether } from '../store/insert-rows.ts';
import type { StoreTransaction } from '../store/store.ts';
import {
  chainKey,
  continuesDocket,
  loadAdopted,
  loadCredentials,
  loadKnown,
  loadPriors,
  type AdoptedPlace,
  type KnownStatement,
} from './batch-reads.ts';
import { endAwaiting } from './awaited.ts';
import { entryRows, insertPlaced, type Placed } from './batch-rows.ts';
import { ownCheckpointRows, signCheckpoint, type SignedCheckpoint } from './checkpoints.ts';
import type { HeldJob, Logged, SaidJob } from './jobs.ts';
import { tileRows } from './tiles.ts';
import { edgeRoot, extendEdge, type TreeEdge } from './tree.ts';

export type Job = { role: 'said'; job: SaidJob } | { role: 'held'; job: HeldJob };
export type JobResult = Result<Logged, 'stale-draft' | 'double-said' | 'statements-awaited'>;

export interface BatchContext {
  edge: TreeEdge;
  logSigner: NoteSigner;
  ownAccountSigner: NoteSigner;
  now: number;
  /** Own-account time to sign: never before that of the checkpoint before. */
  time: number;
  /** Whether entries adopted after a restore still wait for their statements. */
  adopted: boolean;
  /** How many of them are waited for: until the last has come we say nothing else (awaited.ts). */
  awaited: number;
  /** Whether envelopes parked during a block are still to be logged. */
  parked: boolean;
  follow: FollowUp | null;
}

/** What else changes with statements, in the same transaction; called once their rows are there. */
export type FollowUp = (tx: StoreTransaction, jobs: readonly Job[], now: number) => Promise<void>;

/** What the batch came to; `signed` is null when it added no entry. Results are in job order. */
export interface BatchOutcome {
  results: JobResult[];
  edge: TreeEdge;
  signed: SignedCheckpoint | null;
  /** How many entries wait for their statements after it. */
  awaited: number;
}

/**
 * Places and writes a batch. The checkpoint is signed here, inside the transaction, so that entry,
 * statement, delivery and signature become durable together; nothing of it may leave the process
 * before the commit and the high-water record (see Sequencer).
 */
export async function writeBatch(
  tx: StoreTransaction,
  context: BatchContext,
  jobs: readonly Job[],
): Promise<BatchOutcome> {
  const origin = context.logSigner.key.name;
  const entries = jobs.map(({ role, job }) => logEntry(role, job.id, job.listDigest));
  const past = await loadPast(tx, jobs, context.adopted ? entries : [], origin);
  const plan = decide(jobs, entries, { ...past, awaited: context.awaited > 0 }, context.edge.size);
  const results = plan.results.map((result) => result(plan.size));
  const placed = plan.placed.map((place) => place(plan.size));
  if (placed.length > 0) await insertPlaced(tx, origin, placed, context.now);
  await forgetWaiting(tx, context, jobs, plan.recovered);
  const awaited = context.awaited - plan.back;
  if (plan.back > 0 && awaited === 0) await endAwaiting(tx, context.now);
  const logged = jobs.filter((_, i) => results[i]?.ok);
  if (logged.length > 0) await context.follow?.(tx, logged, context.now);
  if (plan.fresh.length === 0) {
    return { results, edge: context.edge, signed: null, awaited };
  }
  const { edge, tiles } = extendEdge(context.edge, plan.fresh);
  const checkpoint = { origin, size: edge.size, root: edgeRoot(edge) };
  const { logSigner, ownAccountSigner, time, now } = context;
  const signed = signCheckpoint(checkpoint, logSigner, ownAccountSigner, time);
  await insertTogether(tx, [
    entryRows(origin, context.edge.size, plan.fresh),
    tileRows(origin, tiles),
    ...ownCheckpointRows(signed, now),
  ]);
  return { results, edge, signed, awaited };
}

interface Past {
  known: Map<string, KnownStatement>;
  priors: Map<string, string>;
  credentials: Map<string, string>;
  adopted: Map<string, AdoptedPlace>;
  awaited: boolean;
}

async function loadPast(
  tx: StoreTransaction,
  jobs: readonly Job[],
  entries: readonly Uint8Array[],
  origin: string,
): Promise<Omit<Past, 'awaited'>> {
  const said = jobs.flatMap((one) => (one.role === 'said' ? [one.job] : []));
  return {
    known: await loadKnown(tx, [...new Set(jobs.map(({ job }) => job.id))]),
    priors: await loadPriors(tx, said, origin),
    credentials: await loadCredentials(tx, said),
    adopted: await loadAdopted(tx, entries, origin),
  };
}

/** The plan; places are functions of the size at which the batch's checkpoint is born. */
interface Plan {
  size: number;
  fresh: Uint8Array[];
  recovered: string[];
  /** How many of the recovered were waited for. */
  back: number;
  results: ((size: number) => JobResult)[];
  placed: ((size: number) => Placed)[];
}

function decide(
  jobs: readonly Job[],
  entries: readonly Uint8Array[],
  past: Past,
  start: number,
): Plan {
  const plan: Plan = { size: start, fresh: [], recovered: [], back: 0, results: [], placed: [] };
  const inBatch = new Map<string, { entry: string; result: (size: number) => JobResult }>();
  jobs.forEach((one, i) => {
    const entry = entries[i] as Uint8Array;
    const { id } = one.job;
    const earlier = inBatch.get(id);
    if (earlier !== undefined) {
      const same = earlier.entry === encodeHex(entry) || one.role === 'held';
      plan.results.push(same ? earlier.result : () => failure('double-said', id));
      return;
    }
    const result = decideOne(plan, one, entry, past);
    plan.results.push(result);
    if (result(0).ok) inBatch.set(id, { entry: encodeHex(entry), result });
  });
  return plan;
}

function decideOne(
  plan: Plan,
  one: Job,
  entry: Uint8Array,
  past: Past,
): (size: number) => JobResult {
  const { id } = one.job;
  const row = past.known.get(id);
  const known = row === undefined ? null : knownPlace(one, row);
  if (known !== null) return () => known;
  const adopted = past.adopted.get(encodeHex(entry));
  if (adopted === undefined && one.role === 'said' && past.awaited) {
    return () => failure('statements-awaited', id);
  }
  // What came back after a restore was checked against its chain when it was first said.
  if (adopted === undefined && one.role === 'said' && isStale(one.job, past)) {
    return () => failure('stale-draft', id);
  }
  if (one.role === 'said') advanceChains(one.job, past);
  const update = row !== undefined;
  if (adopted !== undefined) {
    const { origin, index, size, givenUp } = adopted;
    plan.recovered.push(encodeHex(entry));
    if (!givenUp) plan.back += 1;
    plan.placed.push(() => ({ ...one, origin, index, size, update }));
    return () => success({ id, index, size });
  }
  const index = plan.size;
  plan.size += 1;
  plan.fresh.push(entry);
  plan.placed.push((size) => ({ ...one, index, size, update }));
  return (size) => success({ id, index, size });
}

/** The answer for a statement that our log has already; null where only a refused row stands. */
function knownPlace(one: Job, row: KnownStatement): JobResult | null {
  const { id } = one.job;
  if (row.own === 1) {
    const same = row.list_digest === encodeHex(one.job.listDigest) && one.role === 'said';
    return same
      ? success({ id, index: row.said_index, size: row.said_size })
      : failure('double-said', id);
  }
  if (one.role === 'said') return failure('double-said', id);
  if (row.held_index === null || row.held_size === null) return null;
  return success({ id, index: row.held_index, size: row.held_size });
}

/** Rulings 8 and 14: a draft names our newest credentials and our newest statement of its class. */
function isStale(job: SaidJob, past: Past): boolean {
  const newest = past.credentials.get(partyOf(job.id, job.statement)) ?? null;
  if (job.statement.credentials !== newest) return true;
  if (!continuesDocket(job)) return false;
  return job.statement.prior !== (past.priors.get(chainKey(job.docket, job.chain)) ?? null);
}

/** Later jobs of the batch see this one as logged. */
function advanceChains(job: SaidJob, past: Past): void {
  if (job.docket !== '') past.priors.set(chainKey(job.docket, job.chain), job.id);
  if (job.statement.kind === 'party.credentials') {
    past.credentials.set(partyOf(job.id, job.statement), job.id);
  }
}

async function forgetWaiting(
  tx: StoreTransaction,
  context: BatchContext,
  jobs: readonly Job[],
  recovered: string[],
): Promise<void> {
  if (recovered.length > 0) {
    await tx.deleteFrom('adopted_entries').where('entry', 'in', recovered).execute();
  }
  if (!context.parked) return;
  const held = jobs.flatMap((one) => (one.role === 'held' ? [one.job.id] : []));
  if (held.length > 0) await tx.deleteFrom('parked').where('id', 'in', held).execute();
}
