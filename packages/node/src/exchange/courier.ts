/**
 * The courier: one ordered queue per counterpart, at most one pouch in flight for each, and the
 * next one at once when it is done (protocol.md, "courier").
 *
 * Routes are tried in order; after a failure it waits one second, doubling to five minutes, with
 * jitter, and never gives up while the pairing stands. What a pouch carried stays in the queue
 * until the answer, or a later receipt, covers it (outbox.ts).
 */
import type { ExchangeDeps } from './deps.ts';
import { channelParties, ensureChannel, setChannel } from './channels.ts';
import { backoffFirstMs, backoffLongestMs, quietDelayMs, sendAgainMs } from './limits.ts';
import { composePouch, urgency } from './pouches.ts';
import type { ComposedPouch, ComposeWish, PouchDeps } from './pouches.ts';

/** What a route did with a pouch. */
export type SendResult =
  /** The counterpart's answer: a sealed pouch. */
  { sent: true; answer: Uint8Array | null } | { sent: false; error: string };

export interface Route {
  /** For status and logs: 'direct', … */
  name: string;
  /** Null where this route does not lead to the party. */
  send(party: string, sealed: Uint8Array): Promise<SendResult | null>;
}

export interface Courier {
  /** Something was queued for this party: send it now, unless the courier is waiting to try again. */
  kick(party: string): void;
  /** Tries this party again now, also where the courier waits: it was heard, or has a new address. */
  wake(party: string): void;
  /** The same for every counterpart (a route came back). */
  kickAll(): Promise<void>;
  /** Composes an answer to a pouch that came in. */
  answer(party: string, nonce: string): Promise<ComposedPouch | null>;
  /** Composes everything that waits, for a file; nothing is left out as being under way. */
  forHand(party: string): Promise<ComposedPouch | null>;
  /** Resolves when nothing is being sent or taken in. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export type CourierDeps = PouchDeps &
  Pick<ExchangeDeps, 'after'> & {
    routes: Route[];
    /** Takes in an answer; resolves to false where it was not one that we can use. */
    takeAnswer(party: string, sealed: Uint8Array): Promise<boolean>;
  };

/** What the courier remembers of a counterpart between pouches; lost on a stop without harm. */
interface Lane {
  running: Promise<void> | null;
  again: boolean;
  /** Not before this moment, by `Clock.nowMs`; 0 = at once. */
  notBeforeMs: number;
  failures: number;
  cancelTimer: (() => void) | null;
  /** Sequence of each pouch whose answer may still come, and when it went out. */
  outstanding: Map<number, number>;
}

/** Starts nothing by itself: call `kickAll` once the node is ready. */
export function makeCourier(deps: CourierDeps): Courier {
  const lanes = new Map<string, Lane>();
  let closed = false;

  const laneOf = (party: string): Lane => {
    let lane = lanes.get(party);
    if (lane === undefined) {
      lane = {
        running: null,
        again: false,
        notBeforeMs: 0,
        failures: 0,
        cancelTimer: null,
        outstanding: new Map(),
      };
      lanes.set(party, lane);
    }
    return lane;
  };

  const kick = (party: string): void => {
    // Without a route the queue waits for files that are carried by hand.
    if (closed || deps.routes.length === 0) return;
    const lane = laneOf(party);
    if (lane.running !== null) {
      lane.again = true;
      return;
    }
    const wait = lane.notBeforeMs - deps.clock.nowMs();
    if (wait > 0) {
      lane.cancelTimer ??= deps.after(wait, () => {
        lane.cancelTimer = null;
        kick(party);
      });
      return;
    }
    lane.again = false;
    lane.running = run(party, lane).finally(() => {
      lane.running = null;
      if (lane.again) kick(party);
    });
  };

  const wake = (party: string): void => {
    const lane = laneOf(party);
    lane.notBeforeMs = 0;
    lane.cancelTimer?.();
    lane.cancelTimer = null;
    kick(party);
  };

  const later = (party: string, lane: Lane, milliseconds: number): void => {
    lane.cancelTimer ??= deps.after(milliseconds, () => {
      lane.cancelTimer = null;
      void sendQuiet(party);
    });
  };

  const sendQuiet = async (party: string): Promise<void> => {
    const lane = laneOf(party);
    if (closed) return;
    if (lane.running !== null) {
      lane.again = true;
      return;
    }
    lane.running = sendOne(party, lane).then(noop, (error: unknown) => warn(party, error));
    await lane.running;
    lane.running = null;
    kick(party);
  };

  const run = async (party: string, lane: Lane): Promise<void> => {
    try {
      while (!closed) {
        const due = await urgency(deps.store.reader, party, stillOut(lane));
        if (due === 'nothing') {
          watchOutstanding(party, lane);
          return;
        }
        if (due === 'quiet') {
          later(party, lane, quietDelayMs);
          return;
        }
        if (!(await sendOne(party, lane))) return;
      }
    } catch (error) {
      warn(party, error);
    }
  };

  // What was sent and not covered is sent again in time: an answer may have been lost on its way.
  const watchOutstanding = (party: string, lane: Lane): void => {
    if (lane.outstanding.size > 0) later(party, lane, sendAgainMs);
  };

  const stillOut = (lane: Lane): number[] => {
    const oldest = deps.clock.nowMs() - sendAgainMs;
    for (const [sequence, sentAt] of lane.outstanding) {
      if (sentAt <= oldest) lane.outstanding.delete(sequence);
    }
    return [...lane.outstanding.keys()];
  };

  const compose = async (wish: Omit<ComposeWish, 'outstanding'>, everything: boolean) => {
    const lane = laneOf(wish.party);
    const outstanding = everything ? [] : stillOut(lane);
    const composed = await composePouch(deps, { ...wish, outstanding });
    if (composed !== null) lane.outstanding.set(composed.sequence, deps.clock.nowMs());
    return composed;
  };

  /** True where a pouch went out and its answer was taken in. */
  const sendOne = async (party: string, lane: Lane): Promise<boolean> => {
    const composed = await compose({ party, answers: null, always: false }, false);
    if (composed === null) return false;
    let error = 'no route leads to this party';
    for (const route of deps.routes) {
      const result = await route.send(party, composed.sealed);
      if (result === null) continue;
      if (
        result.sent &&
        (result.answer === null || (await deps.takeAnswer(party, result.answer)))
      ) {
        await succeeded(party, lane);
        return true;
      }
      error = result.sent ? 'the answer could not be used' : `${route.name}: ${result.error}`;
    }
    lane.outstanding.delete(composed.sequence);
    await failed(party, lane, error);
    return false;
  };

  const succeeded = async (party: string, lane: Lane): Promise<void> => {
    if (lane.failures > 0) {
      await deps.store.transact((tx) => setChannel(tx, party, { failures: 0, last_error: null }));
    }
    lane.failures = 0;
    lane.notBeforeMs = 0;
  };

  const failed = async (party: string, lane: Lane, error: string): Promise<void> => {
    const longest = Math.min(backoffFirstMs * 2 ** Math.min(lane.failures, 20), backoffLongestMs);
    // Between half of the wait and all of it, so that counterparts do not come in step.
    const wait = Math.ceil(longest / 2 + (longest / 2) * fraction(deps.random(4)));
    lane.failures += 1;
    lane.notBeforeMs = deps.clock.nowMs() + wait;
    const { failures } = lane;
    deps.log('info', 'pouch not delivered', { party, error, failures, waitMs: wait });
    await deps.store.transact(async (tx) => {
      await ensureChannel(tx, party);
      const next_attempt_at = deps.clock.now() + Math.ceil(wait / 1000);
      await setChannel(tx, party, { failures, last_error: error.slice(0, 500), next_attempt_at });
    });
    if (closed) return;
    lane.cancelTimer?.();
    lane.cancelTimer = deps.after(wait, () => {
      lane.cancelTimer = null;
      kick(party);
    });
  };

  const warn = (party: string, error: unknown): void => {
    if (!closed) deps.log('error', 'courier stumbled', { party, error: String(error) });
  };

  return {
    kick,
    wake,
    async kickAll() {
      for (const { party } of await channelParties(deps.store.reader)) wake(party);
    },
    answer: (party, nonce) => compose({ party, answers: nonce, always: true }, false),
    forHand: (party) => compose({ party, answers: null, always: true }, true),
    async idle() {
      for (;;) {
        const running = [...lanes.values()].map((lane) => lane.running).filter((r) => r !== null);
        if (running.length === 0) return;
        await Promise.all(running);
      }
    },
    async close() {
      closed = true;
      for (const lane of lanes.values()) lane.cancelTimer?.();
      await this.idle();
    },
  };
}

function noop(): void {
  // Nothing is left to do.
}

function fraction(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}
