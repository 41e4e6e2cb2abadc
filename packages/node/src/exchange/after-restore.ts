/**
 * After a restore nothing is signed until any one witness or all our counterparts have stated the
 * newest checkpoint of our log that they hold (rulings.md, 25): counterparts are asked in pouches
 * and answer in pouches, witnesses are asked by HTTP.
 */
import { failure } from '@comity/record';
import type { Result } from '@comity/record';
import { raiseAlarm } from '../alarms.ts';
import type { ClearRestoreCode, EntryRun, StatedCheckpoint } from '../log/jobs.ts';
import { channelParties } from './channels.ts';
import type { ExchangeDeps } from './deps.ts';
import type { IntakeReport } from './intake.ts';
import { restoreAnswersMin, restoreAskAgainSeconds, restoreEntriesPerPartyMax } from './limits.ts';
import { queueItems } from './outbox.ts';
import { lostLogRequest } from './pouch-records.ts';
import { makeRecovering } from './recovering.ts';
import type { Recovering, RecoveringDeps } from './recovering.ts';

export type RestoreDeps = Pick<
  ExchangeDeps,
  'store' | 'sequencer' | 'clock' | 'log' | 'askWitnesses'
> &
  RecoveringDeps;

type Heard = Pick<IntakeReport, 'sender' | 'ownLog' | 'taken'>;

export interface AfterRestore {
  /** Asks every counterpart while our log is blocked; returns whom. */
  ask(): Promise<string[]>;
  /** Asks the configured witnesses while our log is blocked; true when the block was ended by it. */
  askWitnesses(): Promise<boolean>;
  /** Takes note of what a pouch said of our own log; true when the block was ended by it. */
  heard(report: Heard): Promise<boolean>;
  /**
   * An officer's word that nobody else ever had our log: no counterpart at all, and no witness but
   * the configured ones, which are asked now. Ends the block, or the log (`log-ended`) where a
   * witness cosigned more than is left. `not-enough-stated` while there is somebody to ask.
   */
  nobodyElse(): Promise<Result<{ size: number }, ClearRestoreCode | 'not-blocked'>>;
  /** True once each time that we may speak again after a restore (recovering.ts). */
  ended: Recovering['ended'];
  /** An officer's word not to wait for statements that have not come back (recovering.ts). */
  withoutTheRest: Recovering['withoutTheRest'];
}

/** Collects what is stated, until it is enough. */
export function makeAfterRestore(deps: RestoreDeps): AfterRestore {
  return new Collector(deps);
}

class Collector implements AfterRestore {
  readonly #deps: RestoreDeps;
  readonly #recovering: Recovering;
  /** Newest statement of each counterpart and witness. */
  readonly #stated = new Map<string, string>();
  /** Copies of each counterpart by where they start. */
  readonly #runs = new Map<string, Map<number, EntryRun>>();
  /** Of whose copy something was refused for want of room: they have more, whatever they answer. */
  readonly #full = new Set<string>();
  /** Answers since anything new came from anybody: who has answered often enough has no more. */
  readonly #answers = new Map<string, number>();
  #askedAt = -Infinity;
  #witnessesAskedAt = -Infinity;
  #asking = false;
  /** One decision after the other: each rests on the log as the one before left it. */
  #deciding: Promise<unknown> = Promise.resolve();

  constructor(deps: RestoreDeps) {
    this.#deps = deps;
    this.#recovering = makeRecovering(deps);
  }

  ended(): boolean {
    return this.#recovering.ended();
  }

  withoutTheRest(): ReturnType<AfterRestore['withoutTheRest']> {
    return this.#recovering.withoutTheRest();
  }

  async ask(): Promise<string[]> {
    const { store, sequencer, clock } = this.#deps;
    if (sequencer.blocked !== 'restored') {
      await this.#recovering.ask();
      return [];
    }
    const now = clock.now();
    if (now - this.#askedAt < restoreAskAgainSeconds) return [];
    this.#askedAt = now;
    const parties = (await channelParties(store.reader)).filter((each) => each.confirmed);
    const ref = lostLogRequest(false);
    await store.transact((tx) =>
      queueItems(
        tx,
        parties.map(({ party }) => ({ party, item: 'request', ref, lane: 0 }) as const),
        now,
      ),
    );
    return parties.map((each) => each.party);
  }

  async askWitnesses(): Promise<boolean> {
    const { sequencer, clock, askWitnesses } = this.#deps;
    if (askWitnesses === undefined || sequencer.blocked !== 'restored' || this.#asking)
      return false;
    const now = clock.now();
    if (now - this.#witnessesAskedAt < restoreAskAgainSeconds) return false;
    this.#witnessesAskedAt = now;
    this.#asking = true;
    try {
      if (!(await this.#hearWitnesses())) return false;
    } finally {
      this.#asking = false;
    }
    return await this.#ends();
  }

  async nobodyElse(): Promise<Result<{ size: number }, ClearRestoreCode | 'not-blocked'>> {
    if (this.#deps.sequencer.blocked === null) return failure('not-blocked', '');
    await this.#hearWitnesses();
    return await this.#decide(true);
  }

  /** Whether any of them stated a checkpoint. */
  async #hearWitnesses(): Promise<boolean> {
    const { askWitnesses, log } = this.#deps;
    let heard = false;
    for (const { stated, reason } of (await askWitnesses?.()) ?? []) {
      if (stated === null) log('warn', 'a witness did not state our checkpoint', { reason });
      else heard = this.#hear(stated) || heard;
    }
    return heard;
  }

  async heard(report: Heard): Promise<boolean> {
    const { sender, ownLog } = report;
    const { sequencer } = this.#deps;
    const notes: string[] = [];
    for (const note of ownLog.notes) {
      // What is no checkpoint of ours says nothing, and must not stand in the way of what does.
      if ((await sequencer.observe(note)) !== 'ignored') notes.push(note);
    }
    if (sequencer.blocked !== 'restored') {
      this.#forget();
      await this.#recovering.heard(report);
      return false;
    }
    const kept = ownLog.entries.map((run) => this.#keep(sender, run));
    const fresh = kept.includes('new');
    if (fresh) this.#answers.clear();
    if (kept.includes('no-room')) await this.#noteFull(sender);
    const note = notes.at(-1);
    if (note !== undefined) {
      this.#hear({ by: sender, note });
      this.#answers.set(sender, (this.#answers.get(sender) ?? 0) + 1);
    }
    return this.#stated.size > 0 && (fresh || note !== undefined) && (await this.#ends());
  }

  #hear({ by, note }: StatedCheckpoint): boolean {
    if (note !== null) this.#stated.set(by, note);
    return note !== null;
  }

  /** What comes again from the same place takes the place of what was. */
  #keep(sender: string, run: EntryRun): 'new' | 'known' | 'no-room' {
    const runs = this.#runs.get(sender) ?? new Map<number, EntryRun>();
    const before = runs.get(run.start)?.entries.length ?? 0;
    let total = run.entries.length - before;
    for (const { entries } of runs.values()) total += entries.length;
    if (total > restoreEntriesPerPartyMax) return 'no-room';
    this.#runs.set(sender, runs.set(run.start, { ...run, by: sender }));
    return run.entries.length > before ? 'new' : 'known';
  }

  /** Somebody has the rest: the log must wait for a person, and not end for want of it. */
  async #noteFull(sender: string): Promise<void> {
    if (this.#full.has(sender)) return;
    this.#full.add(sender);
    const { store, clock, log } = this.#deps;
    const detail =
      `Counterpart ${sender} has more entries of our log that this home lacks than are kept of one ` +
      `copy (${restoreEntriesPerPartyMax}). The rest is refused: nothing is lost, and the log waits. ` +
      'Put back a newer copy of this home, which lacks fewer.';
    log('warn', 'no room for entries of our log after a restore', { party: sender });
    const alarm = { code: 'restore-full', party: null, about: '', detail };
    await store.transact((tx) => raiseAlarm(tx, alarm, clock.now()));
  }

  async #ends(): Promise<boolean> {
    return (await this.#decide(false)).ok;
  }

  #decide(nobodyElse: boolean): Promise<Result<{ size: number }, ClearRestoreCode>> {
    const decided = this.#deciding.then(() => this.#tryToEnd(nobodyElse));
    this.#deciding = decided.catch(() => undefined);
    return decided;
  }

  async #tryToEnd(nobodyElse: boolean): Promise<Result<{ size: number }, ClearRestoreCode>> {
    const { sequencer, log } = this.#deps;
    const stated = [...this.#stated].map(([by, note]) => ({ by, note }));
    const runs = [...this.#runs.values()].flatMap((each) => [...each.values()]);
    const enough = [...this.#answers].filter(([, answers]) => answers >= restoreAnswersMin);
    const exhausted = new Set(enough.map(([party]) => party)).difference(this.#full);
    const cleared = await sequencer.clearRestore(stated, runs, { exhausted, nobodyElse });
    if (cleared.ok) {
      const { size } = cleared.value;
      log('info', 'the log goes on after a restore', { size, awaited: sequencer.awaited });
      await this.#recovering.begin();
    } else log('warn', 'the log is still blocked after a restore', { code: cleared.code });
    if (cleared.ok || cleared.code === 'log-ended') this.#forget();
    return cleared;
  }

  #forget(): void {
    this.#stated.clear();
    this.#runs.clear();
    this.#full.clear();
    this.#answers.clear();
  }
}
