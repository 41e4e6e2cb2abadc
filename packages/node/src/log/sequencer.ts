/**
 * The sequencer: gives every statement its entry in our log, many per commit (protocol.md, Log).
 *
 * One batch: everything queued, at most 256 jobs → one transaction (entries, tiles, statements,
 * deliveries, signed checkpoint) → high-water file → answers and publication. Crash windows:
 *   before the commit      nothing happened; nobody was answered;
 *   commit, no high-water  the database is ahead of the file and its root there is the file's: the
 *                          next start goes on; nothing of it has left the process;
 *   high-water, no answer  it is logged and may be published; who asks again gets the same place.
 */
import {
  equalBytes,
  failure,
  InvariantError,
  success,
  type NoteSigner,
  type Result,
} from '@comity/record';
import type { Clock, LogLine } from '../context.ts';
import type { Store } from '../store/store.ts';
import { writeBatch, type BatchOutcome, type FollowUp, type Job, type JobResult } from './batch.ts';
import { alarmRestored } from './blocked-words.ts';
import { openOwnCheckpoint } from './checkpoints.ts';
import { insistOnHighWater, readHighWater, writeHighWater } from './high-water.ts';
import type {
  Blocked,
  ClearRestoreCode,
  EntryRun,
  HeldJob,
  Logged,
  PublishedCheckpoint,
  RestoreWord,
  SaidFailure,
  SaidJob,
  Sequencer,
  StatedCheckpoint,
} from './jobs.ts';
import { blockOf, highWaterOf, isBehind, loadLogState, otherLogOf } from './log-state.ts';
import type { LogState } from './log-state.ts';
import { recordEvidence } from './evidence.ts';
import { giveUpAwaited } from './awaited.ts';
import { beginLog } from './new-log.ts';
import { parkJobs, readParked } from './parked.ts';
import { keepMark, rebuildFrom } from './restore.ts';
import { rootAt } from './tiles.ts';

export type { Sequencer } from './jobs.ts';

/** Jobs in one transaction. */
const batchJobsMax = 256;
/** Jobs that may wait; past it callers are failing to bound their own work. */
const queuedJobsMax = 200_000;

export interface SequencerDeps {
  store: Store;
  clock: Clock;
  logSigner: NoteSigner;
  ownAccountSigner: NoteSigner;
  /** For the log that may follow one that ended (new-log.ts). */
  nextLogSigner?: () => NoteSigner | null;
  onNewLog?: (signer: NoteSigner) => void;
  /** File outside the home folder (rulings.md, 25). */
  highWaterPath: string;
  /** vkeys of configured witnesses; any one of them may end the blocked state. */
  witnesses?: readonly string[];
  /** What else changes with the statements of a batch; see `FollowUp`. */
  follow?: FollowUp;
  log?: LogLine;
}

type OpenedDeps = SequencerDeps & Pick<Sequencer, 'otherLog'>;

interface Queued {
  job: Job;
  resolve: (result: JobResult | Blocked | 'closed') => void;
  reject: (error: unknown) => void;
}

/**
 * Loads the right edge of our log and compares it with the high-water file. Throws when the
 * database contradicts itself; a restored database gives a sequencer that is `blocked`.
 */
export async function openSequencer(deps: SequencerDeps): Promise<Sequencer> {
  const { store, logSigner, ownAccountSigner, highWaterPath } = deps;
  const state = await loadLogState(store.reader, logSigner.key, ownAccountSigner.key);
  const mark = await readHighWater(highWaterPath);
  const blocked = await blockOf(store.reader, logSigner.key.name, state, mark);
  const more = { ...deps, otherLog: await otherLogOf(store.reader, logSigner.key.name, mark) };
  if (blocked === 'restored') await alarmRestored(more);
  if (blocked === null && state.newest !== null && isBehind(mark, state.newest)) {
    await writeHighWater(highWaterPath, highWaterOf(state.newest));
  }
  return new LogSequencer(more, state, blocked);
}

class LogSequencer implements Sequencer {
  readonly otherLog: string | null;
  #deps: OpenedDeps;
  readonly #listeners = new Set<(checkpoint: PublishedCheckpoint) => void>();
  #state: LogState;
  #blocked: Blocked | null;
  #closed = false;
  #queue: Queued[] = [];
  #pump: Promise<void> | null = null;
  /** Until the batch that is being committed has its high-water record. */
  #unsettled: Promise<void> | null = null;
  #beginning: Promise<unknown> = Promise.resolve();
  /** After a transaction of unknown outcome the state in memory may be behind the database. */
  #doubtful = false;

  constructor(deps: OpenedDeps, state: LogState, blocked: Blocked | null) {
    this.otherLog = deps.otherLog;
    this.#deps = deps;
    this.#state = state;
    this.#blocked = blocked;
    if (blocked === null && state.parked) void this.#queueParked();
  }

  get blocked(): Blocked | null {
    return this.#blocked;
  }

  newest(): PublishedCheckpoint | null {
    return this.#state.newest;
  }

  get awaited(): number {
    return this.#state.awaited;
  }

  async giveUpAwaited(): Promise<number> {
    const { store, clock } = this.#deps;
    const given = await store.transact((tx) => giveUpAwaited(tx, clock.now()));
    // A batch that is being settled counted before.
    await this.settled();
    this.#state = { ...this.#state, awaited: 0 };
    return given;
  }

  async said(job: SaidJob): Promise<Result<Logged, SaidFailure>> {
    if (this.#blocked === 'ended') return await this.#begin(job);
    const result = await this.#enqueue({ role: 'said', job });
    if (result === 'ended') return failure('log-ended', this.#deps.logSigner.key.name);
    return typeof result === 'string' ? failure(result, job.id) : result;
  }

  async held(jobs: HeldJob[]): Promise<Result<Logged[], 'restored' | 'closed'>> {
    if (this.#closed) return failure('closed', '');
    if (this.#blocked !== null) return await this.#park(jobs);
    const results = await Promise.all(jobs.map((job) => this.#enqueue({ role: 'held', job })));
    if (results.some((one) => one === 'restored' || one === 'ended')) return await this.#park(jobs);
    const logged: Logged[] = [];
    for (const result of results) {
      if (typeof result === 'string') return failure('closed', '');
      if (!result.ok) throw new InvariantError(`held statement is our own: ${result.path}`);
      logged.push(result.value);
    }
    return success(logged);
  }

  async settled(): Promise<void> {
    while (this.#unsettled !== null) await this.#unsettled;
  }

  onPublished(listener: (checkpoint: PublishedCheckpoint) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async observe(note: string): Promise<'known' | 'ignored' | 'restored'> {
    const { store, logSigner, highWaterPath, clock } = this.#deps;
    const checkpoint = openOwnCheckpoint(note, logSigner.key);
    if (checkpoint === null) return 'ignored';
    await this.settled();
    const ours = this.#state.edge.size;
    if (checkpoint.size <= ours) {
      const root = await rootAt(store.reader, checkpoint.origin, checkpoint.size);
      if (equalBytes(root, checkpoint.root)) return 'known';
    }
    if (this.#blocked === null) {
      this.#blocked = 'restored';
      await this.#pump;
      // With this mark a later start finds itself behind, or on another branch, and stays blocked.
      await writeHighWater(highWaterPath, highWaterOf({ ...checkpoint, note }));
      const evidence = { kind: 'own-log-ahead', party: '', body: note };
      await store.transact((tx) => recordEvidence(tx, evidence, clock.now()));
      await alarmRestored(this.#deps);
    }
    return 'restored';
  }

  async clearRestore(
    stated: StatedCheckpoint[],
    copies: EntryRun[] = [],
    word: RestoreWord = {},
  ): Promise<Result<{ size: number }, ClearRestoreCode>> {
    const { store, logSigner, ownAccountSigner, highWaterPath, clock } = this.#deps;
    const { size } = this.#state.edge;
    const logKey = logSigner.key;
    if (this.#blocked === null) return success({ size });
    if (this.#blocked === 'ended') return failure('log-ended', logKey.name, String(size));
    const ownAccountKey = ownAccountSigner.key;
    const keys = { logKey, ownAccountKey, witnesses: this.#deps.witnesses ?? [] };
    const mark = await readHighWater(highWaterPath);
    const place = { size, mark, now: clock.now() };
    const rebuilt = await rebuildFrom(store, keys, stated, copies, word, place);
    if (!rebuilt.ok) return rebuilt;
    const { ended, newest } = rebuilt.value;
    this.#state = await loadLogState(store.reader, logKey, ownAccountKey);
    if (ended !== null) {
      this.#blocked = 'ended';
      await keepMark(highWaterPath, mark, newest?.checkpoint ?? null);
      return failure('log-ended', logKey.name, String(ended.size));
    }
    if (this.#state.newest !== null) {
      await writeHighWater(highWaterPath, highWaterOf(this.#state.newest));
    }
    this.#blocked = null;
    if (this.#state.parked) void this.#queueParked();
    return success({ size: rebuilt.value.size });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pump;
    for (const { resolve } of this.#queue.splice(0)) resolve('closed');
  }

  /** In a log that has ended only one thing is left to say: what begins another. */
  #begin(job: SaidJob): ReturnType<Sequencer['said']> {
    const begun = this.#beginning.then(async () => {
      const { ended, time } = this.#state;
      if (this.#blocked !== 'ended' || ended === null) return await this.said(job);
      if (this.otherLog !== null) return failure('log-ended', ended.origin);
      const logged = await beginLog(this.#deps, { ended, lastTime: time }, job);
      if (!logged.ok) return logged;
      const { state, signer } = logged.value;
      this.#deps = { ...this.#deps, logSigner: signer };
      this.#state = state;
      this.#blocked = null;
      this.#deps.onNewLog?.(signer);
      this.#publish();
      if (state.parked) void this.#queueParked();
      return success(logged.value.logged);
    });
    this.#beginning = begun.catch(() => null);
    return begun;
  }

  #enqueue(job: Job): Promise<JobResult | Blocked | 'closed'> {
    if (this.#closed) return Promise.resolve('closed');
    if (this.#blocked !== null) return Promise.resolve(this.#blocked);
    if (this.#queue.length >= queuedJobsMax) {
      return Promise.reject(new Error('too many statements wait for the log'));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      this.#pump ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // One turn of the event loop lets a burst of calls come into one batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0 && this.#blocked === null) {
      const batch = this.#queue.splice(0, batchJobsMax);
      let done = (): void => undefined;
      this.#unsettled = new Promise((resolve) => (done = resolve));
      try {
        await this.#runBatch(batch);
      } catch (error) {
        await this.#runAlone(batch, error);
      } finally {
        this.#unsettled = null;
        done();
      }
    }
    this.#pump = null;
    if (this.#blocked !== null) {
      for (const { resolve } of this.#queue.splice(0)) resolve(this.#blocked);
    }
  }

  /** One job may be what failed the batch: the others must not fail with it. */
  async #runAlone(batch: readonly Queued[], error: unknown): Promise<void> {
    let reachable = batch.length > 1;
    for (const one of batch) {
      try {
        if (!reachable) throw error;
        if (this.#doubtful) await this.#reload().catch(() => (reachable = false));
        if (!reachable) throw error;
        await this.#runBatch([one]);
      } catch (failed) {
        one.reject(failed);
      }
    }
  }

  async #runBatch(batch: readonly Queued[]): Promise<void> {
    if (this.#doubtful) await this.#reload();
    const outcome = await this.#commit(batch.map(({ job }) => job));
    const { signed, awaited } = outcome;
    this.#state = { ...this.#state, awaited };
    if (signed !== null) {
      const newest = { origin: signed.origin, size: signed.size, root: signed.root };
      // Crash window: committed, not yet in the high-water file. See the head of this file.
      await this.#markHighWater({ ...newest, note: signed.note });
      this.#state = {
        ...this.#state,
        edge: outcome.edge,
        newest: { ...newest, note: signed.note },
        time: signed.ownAccount.time,
      };
    }
    // Crash window: durable, not yet answered; the caller who asks again gets the same place.
    batch.forEach(({ resolve }, i) => resolve(outcome.results[i] as JobResult));
    if (signed !== null) this.#publish();
  }

  async #commit(jobs: Job[]): Promise<BatchOutcome> {
    const { store, clock, logSigner, ownAccountSigner } = this.#deps;
    const { edge, adopted, awaited, parked } = this.#state;
    const now = clock.now();
    const time = Math.max(now, this.#state.time, 1);
    const follow = this.#deps.follow ?? null;
    const waiting = { adopted, awaited, parked, follow };
    const context = { edge, logSigner, ownAccountSigner, now, time, ...waiting };
    try {
      return await store.transact((tx) => writeBatch(tx, context, jobs));
    } catch (error) {
      // The commit may stand although its answer was lost: never sign from this state again
      // without reading what the database has, or the log would fork.
      this.#doubtful = true;
      throw error;
    }
  }

  /** Reads inside the write lock, behind which no lost transaction can still be running. */
  async #reload(): Promise<void> {
    const { store, logSigner, ownAccountSigner } = this.#deps;
    const state = await store.transact((tx) =>
      loadLogState(tx, logSigner.key, ownAccountSigner.key),
    );
    if (state.newest !== null && state.newest.size !== this.#state.newest?.size) {
      await this.#markHighWater(state.newest);
      this.#state = state;
      this.#publish();
    }
    this.#state = state;
    this.#doubtful = false;
  }

  async #markHighWater(checkpoint: PublishedCheckpoint): Promise<void> {
    const { highWaterPath, log } = this.#deps;
    try {
      await insistOnHighWater(highWaterPath, highWaterOf(checkpoint), () => this.#closed, log);
    } catch (error) {
      this.#doubtful = true;
      throw error;
    }
  }

  #publish(): void {
    const { newest } = this.#state;
    if (newest === null) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener(newest);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#deps.log?.('error', 'a listener for checkpoints failed', { message });
      }
    }
  }

  async #park(jobs: readonly HeldJob[]): Promise<Result<never, 'restored'>> {
    const { store, clock } = this.#deps;
    const kept = await store.transact((tx) => parkJobs(tx, jobs, clock.now()));
    this.#state = { ...this.#state, parked: true };
    return failure('restored', '', kept ? 'parked' : 'too many are parked; send again later');
  }

  async #queueParked(): Promise<void> {
    try {
      let after = '';
      for (;;) {
        const jobs = await readParked(this.#deps.store.reader, after, batchJobsMax);
        const last = jobs.at(-1);
        if (last === undefined) break;
        const answer = await this.held(jobs);
        if (!answer.ok) return;
        after = last.id;
      }
      this.#state = { ...this.#state, parked: false };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#deps.log?.('error', 'parked statements were not logged', { message });
    }
  }
}
