/**
 * The exchange of one node: intake, courier, routes and the chores that keep channels alive.
 *
 * Everything that a pouch brings goes through `takeIn`, whichever route it came on.
 */
import type { Result } from '@comity/record';
import { makeAfterRestore } from './after-restore.ts';
import type { AfterRestore } from './after-restore.ts';
import { channelParties } from './channels.ts';
import { enterDeferred } from './cosignatures.ts';
import { makeCourier } from './courier.ts';
import type { Courier, Route } from './courier.ts';
import type { ExchangeDeps } from './deps.ts';
import { confirmDocket } from './confirm.ts';
import type { Confirmed } from './confirm.ts';
import { makeFlows } from './flows.ts';
import type { Flows } from './flows.ts';
import { askByHeartbeat, compareAllDigests, hearHeartbeat } from './heartbeats.ts';
import { sayDueHeartbeats, sayUncovered } from './heartbeats.ts';
import { stateOf } from './intake-context.ts';
import { makeIdLocks } from './id-locks.ts';
import { makeIntake } from './intake.ts';
import type { Intake, IntakeReport } from './intake.ts';
import { askForMissing, refillMissing } from './missing.ts';
import type { OpenFailure } from './open-pouch.ts';
import { boundedOpening } from './opening.ts';
import type { Opening } from './opening.ts';
import { answerHeartbeatEveryMs, countersLoggedEveryMs } from './limits.ts';
import { answerNonce } from './pouch-nonces.ts';
import { makePassOnWatch, passOn, passOnEverything } from './passing-on.ts';
import { makePace, makeRateLimits } from './rate-limits.ts';
import type { RateLimits } from './rate-limits.ts';
import type { PouchAnswer } from './routes/direct-server.ts';
import { handRoute } from './routes/hand.ts';
import type { HandRoute } from './routes/hand.ts';
import { maySay } from '../log/jobs.ts';
import type { StoreTransaction } from '../store/store.ts';
import type { Sealing } from './sealing.ts';
import { watchSilence } from './silence.ts';
import { markDirty } from '../dockets/dirty.ts';

export interface Exchange {
  courier: Courier;
  hand: HandRoute;
  /** Takes in a pouch and lets what follows from it go on by itself. */
  takeIn(sealed: Uint8Array): Promise<Result<IntakeReport, OpenFailure>>;
  /** The direct route's other end: takes in a pouch and gives the answer to it. */
  receive(sealed: Uint8Array): Promise<PouchAnswer>;
  /** A statement of ours was logged: its recipients' queues have something new. */
  said(recipients: readonly string[]): void;
  /** Asks the other participants to confirm a docket as it is now; null where it is not known. */
  confirm(docket: string, seconds: number): Promise<Confirmed | null>;
  /** An officer's word that nobody else ever had our log (after-restore.ts). */
  nobodyElse: AfterRestore['nobodyElse'];
  withoutTheRest: AfterRestore['withoutTheRest'];
  /** Heartbeats, silence, missing parents, passing on: what is due now. Call it every second or so. */
  chores(): Promise<void>;
  /** What was turned away or left alone, by reason; the chores write it to the log once a minute. */
  counters(): ReadonlyMap<string, number>;
  /** Counts a pouch that a route turned away before it got here. */
  turnedAway(reason: string): void;
  /** Resolves when nothing of what came in or goes out is being worked on. */
  idle(): Promise<void>;
  /** Starts the couriers, and the chores at this interval. */
  start(choresEveryMs: number): void;
  close(): Promise<void>;
}

export type ExchangeParts = ExchangeDeps & {
  sealing: Sealing;
  /** In the order in which they are tried; none: everything waits for files. */
  routes: Route[];
};

/** Puts the exchange together; nothing is sent before `start`, or before something is said. */
export function makeExchange(deps: ExchangeParts): Exchange {
  return new NodeExchange(deps);
}

class NodeExchange implements Exchange {
  readonly courier: Courier;
  readonly hand: HandRoute;
  readonly #deps: ExchangeParts;
  readonly #intake: Intake;
  readonly #rate: RateLimits;
  readonly #unasked: Opening;
  readonly #restore: AfterRestore;
  readonly #watch = makePassOnWatch();
  readonly #background = new Set<Promise<void>>();
  readonly #mayAnswer: (party: string) => boolean;
  readonly #mayAsk: (party: string) => boolean;
  readonly #more = new Map<string, number>();
  readonly #flows: Flows;
  #logged = { atMs: -Infinity, total: 0 };
  #closed = false;
  #cancelChores: (() => void) | null = null;

  constructor(deps: ExchangeParts) {
    this.#deps = deps;
    this.#rate = makeRateLimits(deps.rate, deps.clock);
    this.#intake = makeIntake({ ...deps, rate: this.#rate, locks: makeIdLocks() });
    this.#unasked = boundedOpening(deps.sealing);
    this.#restore = makeAfterRestore(deps);
    this.#flows = makeFlows(
      deps,
      (work) => this.#inBackground(work),
      (sender, compare) => this.#compareNow(sender, compare),
    );
    this.#mayAnswer = makePace(deps.clock, answerHeartbeatEveryMs);
    this.#mayAsk = makePace(deps.clock, answerHeartbeatEveryMs);
    this.courier = makeCourier({
      ...deps,
      takeAnswer: (party, sealed, nonce) => this.#takeAnswer(party, sealed, nonce),
    });
    this.hand = handRoute({
      courier: this.courier,
      takeIn: (sealed) => this.#takeFile(sealed),
      beforeExport: (party) => this.#beforeExport(party),
    });
  }

  takeIn(sealed: Uint8Array): Promise<Result<IntakeReport, OpenFailure>> {
    return this.#takeInFrom(sealed);
  }

  async #takeInFrom(
    sealed: Uint8Array,
    unasked?: Opening,
    byHand = false,
  ): Promise<Result<IntakeReport, OpenFailure>> {
    const taken = await this.#intake.takeIn(sealed, unasked);
    if (!taken.ok) return taken;
    const now = this.#deps.clock.now();
    for (const { id, others } of taken.value.manySided) this.#watch.note(id, others, now);
    const { sender, taken: statements, receipts } = taken.value;
    if (!byHand) this.#flows.note(sender, statements.length + receipts.length);
    this.#inBackground(() => this.#followUp(taken.value, byHand));
    return taken;
  }

  async receive(sealed: Uint8Array): Promise<PouchAnswer> {
    const taken = await this.#takeInFrom(sealed, this.#unasked);
    if (!taken.ok) return turnedAway(taken.code);
    const report = taken.value;
    if (report.state !== 'confirmed') return { status: 403, code: 'not-confirmed' };
    // What was whole of a cut pouch is taken in; the sender sends it again and gets its receipts.
    if (!report.complete) return { status: 400, code: 'cut' };
    const composed = await this.courier.answer(report.sender, report.nonce);
    for (const party of report.kick) {
      if (party !== report.sender || composed === null || composed.more) this.courier.kick(party);
    }
    return composed === null ? { status: 202 } : { status: 200, sealed: composed.sealed };
  }

  said(recipients: readonly string[]): void {
    for (const party of recipients) this.courier.kick(party);
  }

  async confirm(docket: string, seconds: number): Promise<Confirmed | null> {
    const ask = async (party: string): Promise<void> => {
      if (this.#mayAsk(party)) await askByHeartbeat(this.#deps, party);
      this.courier.wake(party);
    };
    return await confirmDocket({ ...this.#deps, ask, closed: () => this.#closed }, docket, seconds);
  }

  nobodyElse(): ReturnType<AfterRestore['nobodyElse']> {
    return this.#restore.nobodyElse();
  }

  withoutTheRest(): ReturnType<AfterRestore['withoutTheRest']> {
    return this.#restore.withoutTheRest();
  }

  async chores(): Promise<void> {
    const { store, clock, sequencer, notify } = this.#deps;
    const now = clock.now();
    const parties = (await channelParties(store.reader)).filter((each) => each.confirmed);
    const paired = parties.map((each) => each.party);
    const silent = await store.transact((tx) => this.#choresInStore(tx, paired, now));
    for (const party of silent) notify({ type: 'channel', party });
    if (this.#restore.ended()) await this.#compareAll(paired);
    await this.#restore.ask();
    this.#logCounters();
    if (sequencer.blocked === 'restored') this.#inBackground(() => this.#askWitnesses());
    if (maySay(sequencer)) await sayDueHeartbeats(this.#deps);
    this.said(paired);
  }

  counters(): ReadonlyMap<string, number> {
    const all = new Map(this.#intake.counters());
    for (const [reason, count] of [...this.#more, ...this.#rate.counters()]) {
      all.set(reason, (all.get(reason) ?? 0) + count);
    }
    return all;
  }

  turnedAway(reason: string): void {
    this.#more.set(reason, (this.#more.get(reason) ?? 0) + 1);
  }

  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
    await this.courier.idle();
    if (this.#background.size > 0) await this.idle();
  }

  start(choresEveryMs: number): void {
    this.#inBackground(() => this.courier.kickAll());
    this.#choresFrom(choresEveryMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelChores?.();
    this.#flows.close();
    await this.courier.close();
    await Promise.all(this.#background);
  }

  async #choresInStore(
    tx: StoreTransaction,
    paired: readonly string[],
    now: number,
  ): Promise<string[]> {
    const self = this.#deps.keys.party;
    const entered = await enterDeferred(
      tx,
      { party: self, origin: this.#deps.keys.logSigner.key.name },
      now,
    );
    await markDirty(tx, entered.dockets);
    if (entered.dockets.length > 0) this.#deps.docketsChanged(entered.dockets);
    for (const party of paired) {
      await refillMissing(tx, party, now);
      await askForMissing(tx, party, now);
    }
    for (const [party, ids] of this.#watch.due(now)) {
      if (paired.includes(party)) await passOn(tx, self, party, ids, now);
    }
    return watchSilence(tx, now);
  }

  #logCounters(): void {
    const nowMs = this.#deps.clock.nowMs();
    const counters = this.counters();
    const total = [...counters.values()].reduce((sum, count) => sum + count, 0);
    if (total === this.#logged.total || nowMs - this.#logged.atMs < countersLoggedEveryMs) return;
    this.#logged = { atMs: nowMs, total };
    this.#deps.log(
      'warn',
      'turned away or left alone since the start',
      Object.fromEntries(counters),
    );
  }

  #choresFrom(everyMs: number): void {
    this.#cancelChores = this.#deps.after(everyMs, () => {
      this.#inBackground(async () => {
        try {
          await this.chores();
        } finally {
          if (!this.#closed) this.#choresFrom(everyMs);
        }
      });
    });
  }

  /** Whatever a restore left unequal shows by the next heartbeat: it need not wait to be due. */
  async #compareAll(paired: readonly string[]): Promise<void> {
    for (const party of paired) await askByHeartbeat(this.#deps, party);
  }

  async #followUp(report: IntakeReport, byHand: boolean): Promise<void> {
    const { sender, compare } = report;
    if (await this.#restore.heard(report)) await this.courier.kickAll();
    if (!byHand) {
      await this.#flows.compare(sender, compare);
      return;
    }
    // No telling when the next file comes: what this one brought is folded first, however much it is.
    await this.#deps.dockets.refold([]);
    await this.#compareNow(sender, compare);
  }

  async #compareNow(sender: string, { tests, digests }: IntakeReport['compare']): Promise<void> {
    for (const test of tests) {
      const comparison = await hearHeartbeat(this.#deps, test, this.#mayAnswer);
      this.#deps.log('debug', 'heartbeat compared', { party: test.party, comparison });
      this.courier.kick(test.party);
    }
    await compareAllDigests(this.#deps, sender, digests);
    if (digests.length > 0) this.courier.kick(sender);
  }

  /** Apart from the other chores: a witness may take its time. */
  async #askWitnesses(): Promise<void> {
    if (await this.#restore.askWitnesses()) await this.courier.kickAll();
  }

  async #takeAnswer(party: string, sealed: Uint8Array, nonce: string): Promise<boolean> {
    const taken = await this.takeIn(sealed);
    if (!taken.ok || taken.value.sender !== party) return false;
    this.said(taken.value.kick);
    // Another pouch of theirs may have answered ours meanwhile, and ours be forgotten; an old
    // answer that somebody plays again has another nonce.
    return taken.value.complete && taken.value.nonce === answerNonce(nonce);
  }

  async #takeFile(sealed: Uint8Array): Promise<Result<IntakeReport, OpenFailure>> {
    const taken = await this.#takeInFrom(sealed, undefined, true);
    if (taken.ok) this.said(taken.value.kick);
    return taken;
  }

  async #beforeExport(party: string): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#deps.store.transact((tx) =>
      passOnEverything(tx, this.#deps.keys.party, party, now),
    );
    if ((await stateOf(this.#deps, party)) === 'confirmed') await sayUncovered(this.#deps, party);
  }

  #inBackground(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        if (this.#closed) return;
        this.#deps.log('error', 'exchange stumbled', { error: String(error) });
      })
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }
}

/** Strangers learn nothing about whom we know: one code for all of them. */
function turnedAway(code: OpenFailure): PouchAnswer {
  switch (code) {
    case 'too-large':
      return { status: 413, code };
    case 'busy':
      return { status: 503, code };
    case 'unreadable':
      return { status: 400, code };
    default:
      return { status: 403, code: 'not-paired' };
  }
}
