/**
 * Collects cosignatures of our log from configured witnesses (c2sp.org/tlog-witness, client).
 *
 * Beside the log, never in its way: each witness has a loop of its own that offers the newest
 * checkpoint, and a witness that is slow or down delays nobody.
 */
import { formatVkey, type NoteKey } from '@comity/record';
import type { Clock, LogLine } from '../context.ts';
import type { Store } from '../store/store.ts';
import { clearAlarm, raiseAlarm } from '../alarms.ts';
import { newestCosigned, storeCosignatures, type Cosignature } from './cosignatures.ts';
import type { PublishedCheckpoint, Sequencer } from './jobs.ts';
import { askForSize, submitCheckpoint, type Submission, type WitnessAddress } from './submit.ts';

const backoffMsMin = 1_000;
const backoffMsMax = 300_000;
/** A witness that does not know our log learns of it from its operator, not from us. */
const unknownLogRetryMs = 60_000;
/** Sizes taken over from a witness's answers before the loop backs off. */
const resizesMax = 3;

export interface WitnessingDeps {
  store: Store;
  clock: Clock;
  sequencer: Pick<Sequencer, 'newest' | 'onPublished' | 'observe'>;
  logKey: NoteKey;
  witnesses: readonly WitnessAddress[];
  fetch: typeof globalThis.fetch;
  /** 0 to 1, for jitter. */
  chance: () => number;
  log?: LogLine;
}

/** A cosignature of our log that was verified and stored. */
export interface NewCosignature extends Cosignature {
  origin: string;
  size: number;
  /** Size that this witness had cosigned before: entries between gained this time. */
  previousSize: number;
}

/** What a console shows of a witness. */
export interface WitnessStatus {
  vkey: string;
  url: string;
  cosigned: number;
  failures: number;
  lastError: string | null;
}

export interface Witnessing {
  onCosigned(listener: (cosignature: NewCosignature) => void): () => void;
  status(): WitnessStatus[];
  close(): Promise<void>;
}

/** Starts one loop per witness; none of them keeps the process alive while it waits. */
export async function startWitnessing(deps: WitnessingDeps): Promise<Witnessing> {
  const listeners = new Set<(cosignature: NewCosignature) => void>();
  const tell = (cosignature: NewCosignature): void => {
    for (const listener of [...listeners]) {
      try {
        listener(cosignature);
      } catch (error) {
        deps.log?.('error', 'a listener for cosignatures failed', { message: String(error) });
      }
    }
  };
  const loops: WitnessLoop[] = [];
  for (const witness of deps.witnesses) {
    const vkey = formatVkey(witness.key);
    const known = await newestCosigned(deps.store.reader, deps.logKey.name, [vkey]);
    loops.push(new WitnessLoop(deps, witness, vkey, known, tell));
  }
  const stop = deps.sequencer.onPublished(() => loops.forEach((loop) => loop.wake()));
  loops.forEach((loop) => loop.wake());
  return {
    onCosigned: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    status: () => loops.map((loop) => loop.status()),
    close: async () => {
      stop();
      await Promise.all(loops.map((loop) => loop.close()));
    },
  };
}

class WitnessLoop {
  readonly #deps: WitnessingDeps;
  readonly #witness: WitnessAddress;
  readonly #vkey: string;
  readonly #tell: (cosignature: NewCosignature) => void;
  readonly #abort = new AbortController();
  /** The log that the sizes are of; another when ours ended and a new one began. */
  #origin: string;
  /** What the witness last cosigned as far as we know. */
  #known: number;
  #done: number;
  #failures = 0;
  #lastError: string | null = null;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    deps: WitnessingDeps,
    witness: WitnessAddress,
    vkey: string,
    known: number,
    tell: (cosignature: NewCosignature) => void,
  ) {
    this.#deps = deps;
    this.#witness = witness;
    this.#vkey = vkey;
    this.#origin = deps.logKey.name;
    this.#known = known;
    this.#done = known;
    this.#tell = tell;
  }

  /** Something new may be there; while backing off the next try is waited for. */
  wake(): void {
    if (this.#abort.signal.aborted || this.#running !== null || this.#timer !== null) return;
    const newest = this.#deps.sequencer.newest();
    if (newest !== null && newest.origin !== this.#origin) {
      this.#origin = newest.origin;
      this.#known = 0;
      this.#done = 0;
    }
    if (newest === null || newest.size <= this.#done) return;
    this.#running = this.#round()
      .catch((error: unknown) => {
        this.#fail(String(error), null);
      })
      .finally(() => {
        this.#running = null;
        this.wake();
      });
  }

  status(): WitnessStatus {
    const { url } = this.#witness;
    const counts = { cosigned: this.#done, failures: this.#failures, lastError: this.#lastError };
    return { vkey: this.#vkey, url, ...counts };
  }

  async close(): Promise<void> {
    this.#abort.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #round(): Promise<void> {
    for (let tries = 0; tries <= resizesMax; tries += 1) {
      const newest = this.#deps.sequencer.newest();
      if (newest === null || this.#abort.signal.aborted) return;
      if (this.#known > newest.size) {
        await this.#ahead(newest);
        return;
      }
      const answer = await submitCheckpoint(this.#submission(newest));
      if (answer.kind === 'size' && answer.size !== this.#known) {
        this.#known = answer.size;
        continue;
      }
      await this.#take(newest, answer);
      return;
    }
    this.#fail('its size changes with every answer', null);
  }

  #submission(checkpoint: PublishedCheckpoint): Submission {
    const { store, logKey, fetch } = this.#deps;
    const { reader } = store;
    const signal = this.#abort.signal;
    const known = this.#known;
    return { reader, fetch, signal, logKey, witness: this.#witness, checkpoint, known };
  }

  async #take(
    newest: PublishedCheckpoint,
    answer: Awaited<ReturnType<typeof submitCheckpoint>>,
  ): Promise<void> {
    if (answer.kind === 'cosigned') await this.#keep(newest, answer.cosignature);
    else if (answer.kind === 'refused') await this.#refused(answer.reason);
    else if (answer.kind === 'failed') this.#fail(answer.reason, null);
    else if (answer.kind === 'size') this.#fail('it says that its size is another', null);
    else this.#fail('it does not know our log', unknownLogRetryMs);
  }

  async #keep(newest: PublishedCheckpoint, cosignature: Cosignature): Promise<void> {
    const { origin, size } = newest;
    const { store, clock } = this.#deps;
    const about = { code: 'witness-refuses', party: null, about: this.#vkey };
    await store.transact(async (tx) => {
      await storeCosignatures(tx, origin, size, [cosignature]);
      await clearAlarm(tx, about, clock.now());
    });
    const previousSize = this.#done;
    this.#known = size;
    this.#done = size;
    this.#failures = 0;
    this.#lastError = null;
    this.#tell({ ...cosignature, origin, size, previousSize });
  }

  /**
   * The witness says that it cosigned more than we have: either we were restored, or it lies. Only
   * a note with our own signature decides.
   */
  async #ahead(newest: PublishedCheckpoint): Promise<void> {
    const note = await askForSize(this.#submission(newest));
    const seen = note === null ? 'ignored' : await this.#deps.sequencer.observe(note);
    if (seen === 'known') this.#known = newest.size;
    await this.#refused(`it says that it cosigned ${this.#known} entries, we have ${newest.size}`);
    // Its claim is asked for again, should it have been a mistake.
    this.#known = Math.min(this.#known, this.#done);
  }

  async #refused(reason: string): Promise<void> {
    const { store, clock } = this.#deps;
    const detail = `${this.#witness.url}: ${reason}`;
    const alarm = { code: 'witness-refuses', party: null, about: this.#vkey, detail };
    await store.transact((tx) => raiseAlarm(tx, alarm, clock.now()));
    this.#fail(reason, backoffMsMax);
  }

  /** Waits before the next try: twice as long each time, and never all witnesses at once. */
  #fail(reason: string, waitMs: number | null): void {
    if (this.#abort.signal.aborted) return;
    const { url } = this.#witness;
    this.#failures += 1;
    this.#lastError = reason;
    this.#deps.log?.('warn', 'a witness did not cosign', { url, reason });
    const doubled = Math.min(backoffMsMin * 2 ** Math.min(this.#failures - 1, 20), backoffMsMax);
    const wait = (waitMs ?? doubled) * (0.5 + this.#deps.chance() / 2);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.wake();
    }, wait);
    this.#timer.unref();
  }
}
