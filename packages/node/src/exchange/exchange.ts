/**
 * The exchange of one node: intake, courier, routes and the chores that keep channels alive.
 *
 * Everything that a pouch brings goes through `takeIn`, whichever route it came on.
 */
import type { Result } from '@comity/record';
import { makeAfterRestore } from './after-restore.ts';
import { channelParties } from './channels.ts';
import { enterDeferred } from './cosignatures.ts';
import { makeCourier } from './courier.ts';
import type { Courier, Route } from './courier.ts';
import type { ExchangeDeps } from './deps.ts';
import { compareAllDigests, compareHeartbeat, sayDueHeartbeats } from './heartbeats.ts';
import { makeIdLocks } from './id-locks.ts';
import { makeIntake } from './intake.ts';
import type { IntakeReport } from './intake.ts';
import { askForMissing, refillMissing } from './missing.ts';
import type { OpenFailure } from './open-pouch.ts';
import { makePassOnWatch, passOn, passOnEverything } from './passing-on.ts';
import { makeRateLimits } from './rate-limits.ts';
import type { PouchAnswer } from './routes/direct-server.ts';
import { handRoute } from './routes/hand.ts';
import type { HandRoute } from './routes/hand.ts';
import type { Sealing } from './sealing.ts';
import { watchSilence } from './silence.ts';
import { markDirty } from './docket-marks.ts';

export interface Exchange {
  courier: Courier;
  hand: HandRoute;
  /** Takes in a pouch and lets what follows from it go on by itself. */
  takeIn(sealed: Uint8Array): Promise<Result<IntakeReport, OpenFailure>>;
  /** The direct route's other end: takes in a pouch and gives the answer to it. */
  receive(sealed: Uint8Array): Promise<PouchAnswer>;
  /** A statement of ours was logged: its recipients' queues have something new. */
  said(recipients: readonly string[]): void;
  /** Heartbeats, silence, missing parents, passing on: what is due now. Call it every second or so. */
  chores(): Promise<void>;
  /** Pouches that were turned away, by reason. */
  counters(): ReadonlyMap<string, number>;
  /** Resolves when nothing of what came in or goes out is being worked on. */
  idle(): Promise<void>;
  /** Starts the couriers, and the chores at this interval. */
  start(choresEveryMs: number): void;
  close(): Promise<void>;
}

/** Puts the exchange together. `routes` in the order in which they are tried. */
export function makeExchange(deps: ExchangeDeps & { sealing: Sealing; routes: Route[] }): Exchange {
  const rate = makeRateLimits(deps.rate, deps.clock);
  const intake = makeIntake({ ...deps, rate, locks: makeIdLocks() });
  const restore = makeAfterRestore(deps);
  const own = { party: deps.keys.party, origin: deps.keys.logSigner.key.name };
  const watch = makePassOnWatch();
  const background = new Set<Promise<void>>();
  let closed = false;
  let cancelChores: (() => void) | null = null;

  const inBackground = (work: () => Promise<void>): void => {
    const running = work()
      .catch((error: unknown) => {
        if (!closed) deps.log('error', 'exchange stumbled', { error: String(error) });
      })
      .finally(() => background.delete(running));
    background.add(running);
  };

  const takeIn = async (sealed: Uint8Array): Promise<Result<IntakeReport, OpenFailure>> => {
    const taken = await intake.takeIn(sealed);
    if (!taken.ok) return taken;
    const now = deps.clock.now();
    for (const { id, others } of taken.value.manySided) watch.note(id, others, now);
    inBackground(() => followUp(taken.value));
    return taken;
  };

  const followUp = async (report: IntakeReport): Promise<void> => {
    if (await restore.heard(report)) await courier.kickAll();
    for (const test of report.compare.tests) {
      const comparison = await compareHeartbeat(deps, test);
      deps.log('debug', 'heartbeat compared', { party: test.party, comparison });
      if (comparison === 'differs') courier.kick(test.party);
    }
    const { digests } = report.compare;
    await compareAllDigests(deps, report.sender, digests);
    if (digests.length > 0) courier.kick(report.sender);
  };

  const courier: Courier = makeCourier({
    ...deps,
    async takeAnswer(party, sealed) {
      const taken = await takeIn(sealed);
      if (!taken.ok || taken.value.sender !== party) return false;
      for (const other of taken.value.kick) courier.kick(other);
      return taken.value.answers !== null;
    },
  });

  const hand = handRoute({
    courier,
    async takeIn(sealed) {
      const taken = await takeIn(sealed);
      if (taken.ok) for (const party of taken.value.kick) courier.kick(party);
      return taken;
    },
    async beforeExport(party) {
      const now = deps.clock.now();
      await deps.store.transact((tx) => passOnEverything(tx, own.party, party, now));
    },
  });

  const receive = async (sealed: Uint8Array): Promise<PouchAnswer> => {
    const taken = await takeIn(sealed);
    if (!taken.ok) return turnedAway(taken.code);
    const report = taken.value;
    if (report.state !== 'confirmed') return { status: 403, code: 'not-confirmed' };
    // What was whole of a cut pouch is taken in; the sender sends it again and gets its receipts.
    if (!report.complete) return { status: 400, code: 'cut' };
    const composed = await courier.answer(report.sender, report.nonce);
    for (const party of report.kick) {
      if (party !== report.sender || composed === null || composed.more) courier.kick(party);
    }
    return composed === null ? { status: 202 } : { status: 200, sealed: composed.sealed };
  };

  const chores = async (): Promise<void> => {
    const now = deps.clock.now();
    const parties = (await channelParties(deps.store.reader)).filter((each) => each.confirmed);
    const silent = await deps.store.transact(async (tx) => {
      const entered = await enterDeferred(tx, own, now);
      await markDirty(tx, entered.dockets);
      if (entered.dockets.length > 0) deps.docketsChanged(entered.dockets);
      for (const { party } of parties) {
        await refillMissing(tx, party, now);
        await askForMissing(tx, party, now);
      }
      for (const [party, ids] of watch.due(now)) {
        const paired = parties.some((each) => each.party === party);
        if (paired) await passOn(tx, own.party, party, ids, now);
      }
      return watchSilence(tx, now);
    });
    for (const party of silent) deps.notify({ type: 'channel', party });
    await restore.ask();
    if (deps.sequencer.blocked === null) await sayDueHeartbeats(deps);
    for (const { party } of parties) courier.kick(party);
  };

  const choresFrom = (everyMs: number): void => {
    cancelChores = deps.after(everyMs, () => {
      inBackground(async () => {
        try {
          await chores();
        } finally {
          if (!closed) choresFrom(everyMs);
        }
      });
    });
  };

  return {
    courier,
    hand,
    takeIn,
    receive,
    said: (recipients) => recipients.forEach((party) => courier.kick(party)),
    chores,
    counters: intake.counters,
    async idle() {
      while (background.size > 0) await Promise.all(background);
      await courier.idle();
      if (background.size > 0) await this.idle();
    },
    start(choresEveryMs) {
      inBackground(() => courier.kickAll());
      choresFrom(choresEveryMs);
    },
    async close() {
      closed = true;
      cancelChores?.();
      await courier.close();
      await Promise.all(background);
    },
  };
}

/** Strangers learn nothing about whom we know: one code for all of them. */
function turnedAway(code: OpenFailure): PouchAnswer {
  switch (code) {
    case 'too-large':
      return { status: 413, code };
    case 'unreadable':
      return { status: 400, code };
    default:
      return { status: 403, code: 'not-paired' };
  }
}
