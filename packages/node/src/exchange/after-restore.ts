/**
 * After a restore nothing is signed until our counterparts have stated the newest checkpoint of our
 * log that they hold (rulings.md, 25): asked for in pouches, answered in pouches.
 */
import type { EntryRun } from '../log/jobs.ts';
import { channelParties } from './channels.ts';
import type { ExchangeDeps } from './deps.ts';
import type { IntakeReport } from './intake.ts';
import { restoreAskAgainSeconds } from './limits.ts';
import { queueItems } from './outbox.ts';

export type RestoreDeps = Pick<ExchangeDeps, 'store' | 'sequencer' | 'clock' | 'log'>;

type Heard = Pick<IntakeReport, 'sender' | 'ownLog'>;

export interface AfterRestore {
  /** Asks every counterpart while our log is blocked; returns whom. */
  ask(): Promise<string[]>;
  /** Takes note of what a pouch said of our own log; true when the block was ended by it. */
  heard(report: Heard): Promise<boolean>;
}

/** Collects what counterparts state, until it is enough. */
export function makeAfterRestore(deps: RestoreDeps): AfterRestore {
  const stated = new Map<string, string>();
  let runs: EntryRun[] = [];
  let askedAt = -Infinity;
  const hear = async ({ sender, ownLog }: Heard): Promise<boolean> => {
    for (const note of ownLog.notes) await deps.sequencer.observe(note);
    if (deps.sequencer.blocked === null) {
      stated.clear();
      runs = [];
      return false;
    }
    const note = ownLog.notes.at(-1);
    if (note !== undefined) stated.set(sender, note);
    if (stated.size === 0) return false;
    // What comes again from the same place takes the place of what came before.
    for (const run of ownLog.entries) {
      runs = [...runs.filter((each) => each.start !== run.start), run];
    }
    const all = [...stated].map(([by, one]) => ({ by, note: one }));
    const cleared = await deps.sequencer.clearRestore(all, runs);
    if (cleared.ok) {
      deps.log('info', 'the log goes on after a restore', { size: cleared.value.size });
      stated.clear();
      runs = [];
      return true;
    }
    deps.log('warn', 'the log is still blocked after a restore', { code: cleared.code });
    return false;
  };
  // Two pouches at once must not both adopt the same entries.
  let last: Promise<unknown> = Promise.resolve();
  return {
    async ask() {
      if (deps.sequencer.blocked === null) return [];
      if (deps.clock.now() - askedAt < restoreAskAgainSeconds) return [];
      askedAt = deps.clock.now();
      const parties = (await channelParties(deps.store.reader)).filter((each) => each.confirmed);
      const ref = JSON.stringify({ type: 'request', what: 'checkpoint' });
      const now = deps.clock.now();
      await deps.store.transact((tx) =>
        queueItems(
          tx,
          parties.map(({ party }) => ({ party, item: 'request', ref, lane: 0 }) as const),
          now,
        ),
      );
      return parties.map((each) => each.party);
    },
    heard(report) {
      const heard = last.then(() => hear(report));
      last = heard.catch(() => undefined);
      return heard;
    },
  };
}
