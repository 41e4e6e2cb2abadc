/**
 * The courier: one ordered queue per counterpart, one pouch in flight for each and the next one at
 * once when it is done; where plenty waits, a few pouches in flight, so that one side packs while
 * the other unpacks (protocol.md, "courier"). Plenty leaves one place free: what has the reserve
 * goes beside whatever is in flight, also beside what was quiet, and waits only for its own kind.
 *
 * Routes are tried in order; after a failure it waits one second, doubling to five minutes, with
 * jitter, and never gives up while the pairing stands. What a pouch carried stays in the queue
 * until the answer, or a later receipt, covers it (outbox.ts).
 */
import type { ExchangeDeps } from './deps.ts';
import { channelParties, ensureChannel, readChannel, setChannel } from './channels.ts';
import {
  backoffFirstMs,
  backoffLongestMs,
  pouchesInFlightMax,
  quietDelayMs,
  sendAgainMs,
} from './limits.ts';
import { carryingPouches } from './outbox.ts';
import { composePouch, dueNow } from './pouches.ts';
import type { ComposedPouch, ComposeWish, Due, PouchDeps } from './pouches.ts';

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
    /** Takes in what came back for the pouch with this nonce; false where it is no answer to it. */
    takeAnswer(party: string, sealed: Uint8Array, nonce: string): Promise<boolean>;
  };

/** What the courier remembers of a counterpart between pouches; lost on a stop without harm. */
interface Lane {
  party: string;
  running: Promise<void> | null;
  /** Pouches under way to their answers; these never reject. */
  flying: Set<Promise<void>>;
  /** Something was queued while a pouch was under way. */
  again: boolean;
  /** Wakes whoever waits for a pouch in flight: something new may go beside it, or a wait is over. */
  wake: () => void;
  /** Not before this moment, by `Clock.nowMs`; 0 = at once. */
  notBeforeMs: number;
  failures: number;
  timer: { atMs: number; cancel: () => void } | null;
  /** Sequence of each pouch whose answer may still come, and when it went out. */
  outstanding: Map<number, number>;
  /** One pouch is composed after another, so that no row goes into two. */
  composing: Promise<unknown>;
}

/** Starts nothing by itself: call `kickAll` once the node is ready. */
export function makeCourier(deps: CourierDeps): Courier {
  return new QueueCourier(deps);
}

class QueueCourier implements Courier {
  readonly #deps: CourierDeps;
  readonly #lanes = new Map<string, Lane>();
  #closed = false;

  constructor(deps: CourierDeps) {
    this.#deps = deps;
  }

  kick(party: string): void {
    // Without a route the queue waits for files that are carried by hand.
    if (this.#closed || this.#deps.routes.length === 0) return;
    const lane = this.#lane(party);
    if (lane.running !== null) {
      lane.again = true;
      lane.wake();
      return;
    }
    const wait = lane.notBeforeMs - this.#deps.clock.nowMs();
    if (wait > 0) this.#later(lane, wait, () => this.kick(party));
    else this.#run(lane, () => this.#sendUrgent(lane));
  }

  wake(party: string): void {
    const lane = this.#lane(party);
    lane.notBeforeMs = 0;
    this.#cancel(lane);
    this.kick(party);
  }

  async kickAll(): Promise<void> {
    const parties = await channelParties(this.#deps.store.reader);
    for (const { party } of parties) this.wake(party);
  }

  async answer(party: string, nonce: string): Promise<ComposedPouch | null> {
    const composed = await this.#compose({ party, answers: nonce, always: true }, false);
    // What the answer carried is due again in time, should it get lost.
    this.#later(this.#lane(party), sendAgainMs, () => this.kick(party));
    return composed;
  }

  forHand(party: string): Promise<ComposedPouch | null> {
    return this.#compose({ party, answers: null, always: true }, true);
  }

  async idle(): Promise<void> {
    for (;;) {
      const lanes = [...this.#lanes.values()];
      const running = lanes.map((lane) => lane.running).filter((each) => each !== null);
      const busy = [...running, ...lanes.flatMap((lane) => [...lane.flying])];
      if (busy.length === 0) return;
      await Promise.all(busy);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const lane of this.#lanes.values()) this.#cancel(lane);
    await this.idle();
  }

  #lane(party: string): Lane {
    let lane = this.#lanes.get(party);
    if (lane === undefined) {
      lane = {
        party,
        running: null,
        flying: new Set(),
        again: false,
        wake: () => undefined,
        notBeforeMs: 0,
        failures: 0,
        timer: null,
        outstanding: new Map(),
        composing: Promise.resolve(),
      };
      this.#lanes.set(party, lane);
    }
    return lane;
  }

  #run(lane: Lane, work: () => Promise<void>): void {
    lane.again = false;
    lane.running = work()
      .catch((error: unknown) => this.#stumbled(lane.party, error))
      .finally(() => {
        lane.running = null;
        if (lane.again) this.kick(lane.party);
      });
  }

  /** Sends while anything urgent waits; leaves a timer for what may wait, or be due again. */
  async #sendUrgent(lane: Lane): Promise<void> {
    while (!this.#closed) {
      const { promise: news, resolve } = Promise.withResolvers<undefined>();
      lane.wake = () => resolve(undefined);
      // After a failure nothing more goes out until the wait is over, which a timer tells.
      const resting = lane.notBeforeMs > this.#deps.clock.nowMs();
      const due = resting ? 'nothing' : await this.#due(lane);
      const may = lane.flying.size < inFlightMax(due);
      if (may && (await this.#launch(lane))) continue;
      if (lane.flying.size > 0) {
        await Promise.race([news, ...lane.flying]);
        continue;
      }
      if (may || resting) return;
      await this.#forgetCovered(lane);
      const quietly = () => this.#sendQuietly(lane);
      if (due === 'quiet') this.#later(lane, quietDelayMs, quietly);
      // What was sent and not covered is due again in time: an answer may have been lost.
      else if (lane.outstanding.size > 0) this.#later(lane, sendAgainMs, quietly);
      return;
    }
  }

  #due(lane: Lane): Promise<Due> {
    return dueNow(this.#deps.store.reader, lane.party, this.#stillOut(lane));
  }

  /** Sends whatever waits, and then what becomes urgent while it is under way. */
  #sendQuietly(lane: Lane): void {
    if (this.#closed) return;
    if (lane.running !== null) {
      lane.again = true;
      return;
    }
    this.#run(lane, async () => {
      if (await this.#launch(lane)) await this.#sendUrgent(lane);
    });
  }

  /** Composes a pouch and sends it on its way; false where there was nothing to compose. */
  async #launch(lane: Lane): Promise<boolean> {
    const { party } = lane;
    const composed = await this.#compose({ party, answers: null, always: false }, false);
    if (composed === null) return false;
    const flight = this.#send(lane, composed)
      // Nobody may be waiting for it: what a failing store does to it must not end the process.
      .catch((error: unknown) => this.#stumbled(party, error))
      .finally(() => lane.flying.delete(flight));
    lane.flying.add(flight);
    return true;
  }

  /** Tries the routes until one brings an answer that is taken in; else the courier waits. */
  async #send(lane: Lane, composed: ComposedPouch): Promise<void> {
    let error = 'no route leads to this party';
    try {
      for (const route of this.#deps.routes) {
        const result = await route.send(lane.party, composed.sealed);
        if (result === null) continue;
        if (result.sent && (await this.#isUsable(lane.party, result.answer, composed.nonce))) {
          await this.#succeeded(lane);
          return;
        }
        error = result.sent ? 'the answer could not be used' : `${route.name}: ${result.error}`;
      }
    } catch (thrown) {
      if (this.#closed) return;
      error = String(thrown);
      this.#stumbled(lane.party, thrown);
    }
    lane.outstanding.delete(composed.sequence);
    await this.#failed(lane, error);
  }

  async #isUsable(party: string, answer: Uint8Array | null, nonce: string): Promise<boolean> {
    return answer === null || (await this.#deps.takeAnswer(party, answer, nonce));
  }

  #compose(
    wish: Omit<ComposeWish, 'outstanding'>,
    everything: boolean,
  ): Promise<ComposedPouch | null> {
    const lane = this.#lane(wish.party);
    const composed = lane.composing.then(async () => {
      const outstanding = everything ? [] : this.#stillOut(lane);
      const made = await composePouch(this.#deps, { ...wish, outstanding });
      if (made !== null) lane.outstanding.set(made.sequence, this.#deps.clock.nowMs());
      return made;
    });
    lane.composing = composed.catch(() => null);
    return composed;
  }

  /** Pouches whose rows are not due again yet. */
  #stillOut(lane: Lane): number[] {
    const oldest = this.#deps.clock.nowMs() - sendAgainMs;
    for (const [sequence, sentAt] of lane.outstanding) {
      if (sentAt <= oldest) lane.outstanding.delete(sequence);
    }
    return [...lane.outstanding.keys()];
  }

  /** Forgets the pouches of which nothing is left in the queue. */
  async #forgetCovered(lane: Lane): Promise<void> {
    if (lane.outstanding.size === 0) return;
    const before = [...lane.outstanding.keys()];
    const carrying = await carryingPouches(this.#deps.store.reader, lane.party);
    for (const sequence of before) if (!carrying.has(sequence)) lane.outstanding.delete(sequence);
  }

  async #succeeded(lane: Lane): Promise<void> {
    await this.#forgetCovered(lane);
    // What the table says may be of an earlier process: it outlives a restart, the lane does not.
    const channel = await readChannel(this.#deps.store.reader, lane.party);
    if (lane.failures > 0 || (channel?.failures ?? 0) > 0) {
      await this.#deps.store.transact((tx) =>
        setChannel(tx, lane.party, { failures: 0, last_error: null }),
      );
    }
    lane.failures = 0;
    lane.notBeforeMs = 0;
  }

  async #failed(lane: Lane, error: string): Promise<void> {
    const { party } = lane;
    const { clock, random, store, log } = this.#deps;
    // Pouches that were in flight together fail together: that is one failure.
    if (lane.notBeforeMs > clock.nowMs()) return;
    const longest = Math.min(backoffFirstMs * 2 ** Math.min(lane.failures, 20), backoffLongestMs);
    // Between half of the wait and all of it, so that counterparts do not come in step.
    const wait = Math.ceil(longest / 2 + (longest / 2) * fraction(random(4)));
    lane.failures += 1;
    lane.notBeforeMs = clock.nowMs() + wait;
    const { failures } = lane;
    // Until the other side has confirmed the pairing this is how it should be.
    const level = error.endsWith(' not-confirmed') ? 'debug' : 'info';
    log(level, 'pouch not delivered', { party, error, failures, waitMs: wait });
    // Before the store is asked, which may be what failed.
    this.#cancel(lane);
    this.#later(lane, wait, () => this.kick(party));
    await store.transact(async (tx) => {
      await ensureChannel(tx, party);
      const next_attempt_at = clock.now() + Math.ceil(wait / 1000);
      await setChannel(tx, party, { failures, last_error: error.slice(0, 500), next_attempt_at });
    });
  }

  #stumbled(party: string, error: unknown): void {
    if (this.#closed) return;
    this.#deps.log('error', 'courier stumbled', { party, error: String(error) });
  }

  /** Sets the lane's timer, unless it goes off sooner anyway. */
  #later(lane: Lane, milliseconds: number, run: () => void): void {
    if (this.#closed) return;
    const atMs = this.#deps.clock.nowMs() + milliseconds;
    if (lane.timer !== null && lane.timer.atMs <= atMs) return;
    this.#cancel(lane);
    const cancel = this.#deps.after(milliseconds, () => {
      lane.timer = null;
      run();
    });
    lane.timer = { atMs, cancel };
  }

  #cancel(lane: Lane): void {
    lane.timer?.cancel();
    lane.timer = null;
  }
}

/** How many pouches may be in flight once one is sent for this. */
function inFlightMax(due: Due): number {
  switch (due) {
    case 'reserve':
      return pouchesInFlightMax;
    case 'plenty':
      return pouchesInFlightMax - 1;
    case 'some':
      return 1;
    default:
      return 0;
  }
}

function fraction(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}
