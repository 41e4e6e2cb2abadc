/**
 * What a rebuilt log still lacks, from whoever has it (spec/exchange.md, "High water and restore").
 *
 * Once the log goes on its entries are back, and 32 bytes of each is all that came. Counterparts are
 * asked for the statements until the last is there, or until all have answered often enough with
 * nothing new; and for the facts of our channel with them, which heartbeats do not compare.
 * How often each has still to be asked is kept, so that a restart or one that is down forgets nothing.
 */
import { channelDocket, failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import { forgetRestoredFrom, readRestoredFrom } from '../log/awaited.ts';
import { maySay } from '../log/jobs.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { channelParties } from './channels.ts';
import type { ExchangeDeps } from './deps.ts';
import type { IntakeReport } from './intake.ts';
import {
  factsPerDocketMax,
  fullPouchStatementsMin,
  restoreAnswersMin,
  restoreAskAgainSeconds,
} from './limits.ts';
import { queueItems } from './outbox.ts';
import type { QueueItem } from './outbox.ts';
import { lostLogRequest } from './pouch-records.ts';

export type RecoveringDeps = Pick<ExchangeDeps, 'store' | 'sequencer' | 'clock' | 'log'> & {
  keys: { party: string };
};

type Heard = Pick<IntakeReport, 'sender' | 'ownLog' | 'taken'>;

export interface Recovering {
  /** The log goes on after a restore: everybody is asked at once. */
  begin(): Promise<void>;
  /** Asks whom it is time to ask. */
  ask(): Promise<void>;
  /** Takes note of a pouch that was taken in. */
  heard(report: Heard): Promise<void>;
  /** True once each time that we may speak again after statements were awaited. */
  ended(): boolean;
  /** An officer's word not to wait for the rest. */
  withoutTheRest(): Promise<Result<{ size: number; givenUp: number }, WithoutFailure>>;
}

export type WithoutFailure = 'restored' | 'log-ended' | 'nothing-awaited';

/** The recovering of one node. */
export function makeRecovering(deps: RecoveringDeps): Recovering {
  return new Recoverer(deps);
}

const leftPrefix = 'restored-left/';

class Recoverer implements Recovering {
  readonly #deps: RecoveringDeps;
  /** Whether a restore is left to be made good; null where that has to be read. */
  #active: boolean | null = null;
  #awaited = 0;
  #waiting = false;
  #askedAt = -Infinity;
  /** Answers of each since anything came back from it: whoever has answered often enough has no more. */
  readonly #answers = new Map<string, number>();

  constructor(deps: RecoveringDeps) {
    this.#deps = deps;
  }

  async begin(): Promise<void> {
    this.#active = null;
    this.#waiting = true;
    this.#answers.clear();
    this.#askedAt = -Infinity;
    this.#awaited = this.#deps.sequencer.awaited;
    await this.ask();
  }

  async ask(): Promise<void> {
    const { store, sequencer, clock, keys } = this.#deps;
    if (!(await this.#isActive())) return;
    this.#look();
    const now = clock.now();
    if (now - this.#askedAt < restoreAskAgainSeconds) return;
    this.#askedAt = now;
    await store.transact(async (tx) => {
      const items: QueueItem[] = [];
      for (const party of await this.#parties(tx)) {
        const left = await readLeft(tx, party);
        const asks = sequencer.awaited > 0 ? !this.#hasNoMore(party) : left !== 0;
        if (!asks) continue;
        // Whoever has answered since nothing was awaited has given all: only the facts are left.
        const settled = sequencer.awaited === 0 && left !== null;
        items.push(request(party, lostLogRequest(settled)));
        const docket = channelDocket(keys.party, party);
        items.push(request(party, JSON.stringify({ type: 'request', what: 'facts', docket })));
      }
      await queueItems(tx, items, now);
      if (items.length === 0 && sequencer.awaited === 0) await this.#finish(tx);
    });
  }

  async heard({ sender, ownLog, taken }: Heard): Promise<void> {
    const { store, sequencer, keys } = this.#deps;
    if (this.#look()) this.#answers.delete(sender);
    if (ownLog.notes.length === 0 || !(await this.#isActive())) return;
    // While it has more to send than a pouch takes, it has not said that it has no more.
    if (taken.length >= fullPouchStatementsMin) return;
    if (sequencer.awaited > 0) {
      this.#answers.set(sender, (this.#answers.get(sender) ?? 0) + 1);
      const parties = await this.#parties(store.reader);
      if (parties.length > 0 && parties.every((party) => this.#hasNoMore(party))) {
        await this.#giveUp();
      }
      return;
    }
    await store.transact(async (tx) => {
      if (!(await this.#parties(tx)).includes(sender)) return;
      const docket = channelDocket(keys.party, sender);
      const left = (await readLeft(tx, sender)) ?? (await windowsOf(tx, docket));
      if (left > 0) await keepLeft(tx, sender, left - 1);
    });
  }

  ended(): boolean {
    this.#look();
    if (!this.#waiting || !maySay(this.#deps.sequencer)) return false;
    this.#waiting = false;
    // What was lost is back: now the facts of it, without waiting.
    this.#askedAt = -Infinity;
    return true;
  }

  async withoutTheRest(): Promise<Result<{ size: number; givenUp: number }, WithoutFailure>> {
    const { sequencer } = this.#deps;
    if (sequencer.blocked !== null) {
      return failure(sequencer.blocked === 'ended' ? 'log-ended' : 'restored', '');
    }
    if (sequencer.awaited === 0) return failure('nothing-awaited', '');
    const givenUp = await this.#giveUp();
    return success({ size: sequencer.newest()?.size ?? 0, givenUp });
  }

  #hasNoMore(party: string): boolean {
    return (this.#answers.get(party) ?? 0) >= restoreAnswersMin;
  }

  /** Whether something came back since it was last looked. */
  #look(): boolean {
    const { sequencer, log } = this.#deps;
    const { awaited } = sequencer;
    if (awaited > 0) this.#waiting = true;
    const cameBack = awaited < this.#awaited;
    if (cameBack) log('info', 'statements came back after a restore', { awaited });
    this.#awaited = awaited;
    return cameBack;
  }

  async #giveUp(): Promise<number> {
    const { sequencer, log } = this.#deps;
    const givenUp = await sequencer.giveUpAwaited();
    log('warn', 'the log goes on without statements that nobody gave back', { givenUp });
    this.#awaited = 0;
    return givenUp;
  }

  async #isActive(): Promise<boolean> {
    const { store, sequencer } = this.#deps;
    if (sequencer.blocked !== null) return false;
    this.#active ??= (await readRestoredFrom(store.reader)) !== null;
    return this.#active || sequencer.awaited > 0;
  }

  async #parties(reader: StoreReader | StoreTransaction): Promise<string[]> {
    const rows = await channelParties(reader);
    return rows.filter((each) => each.confirmed).map((each) => each.party);
  }

  async #finish(tx: StoreTransaction): Promise<void> {
    await forgetRestoredFrom(tx);
    await tx.deleteFrom('meta').where('key', 'like', `${leftPrefix}%`).execute();
    this.#active = false;
  }
}

function request(party: string, ref: string): QueueItem {
  return { party, item: 'request', ref, lane: 0 };
}

/** The first answers may come before our copies of others' logs are whole again: some more. */
async function windowsOf(tx: StoreTransaction, docket: string): Promise<number> {
  const { count } = await tx
    .selectFrom('statements')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('docket', '=', docket)
    .executeTakeFirstOrThrow();
  return Math.max(1, Math.ceil(Number(count) / factsPerDocketMax)) + restoreAnswersMin - 1;
}

/** How often it has still to answer now that nothing is awaited; null before its first answer. */
async function readLeft(tx: StoreTransaction, party: string): Promise<number | null> {
  const row = await tx
    .selectFrom('meta')
    .select('value')
    .where('key', '=', `${leftPrefix}${party}`)
    .executeTakeFirst();
  return row === undefined ? null : Number(row.value);
}

async function keepLeft(tx: StoreTransaction, party: string, times: number): Promise<void> {
  const value = String(times);
  await tx
    .insertInto('meta')
    .values({ key: `${leftPrefix}${party}`, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
