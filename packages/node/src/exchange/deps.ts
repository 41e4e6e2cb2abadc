/** What the exchange takes from outside. Each module picks what it needs (engineering.md, rule 4). */
import type { NoteKey } from '@comity/record';
import type { Clock, LogLine, NodeKeys, Notify, Random } from '../context.ts';
import type { Sequencer } from '../log/sequencer.ts';
import type { WitnessWord } from '../log/witness-word.ts';
import type { Store } from '../store/store.ts';

/** A docket as far as heartbeats compare it (rulings.md, 26). */
export interface DocketDigests {
  docket: string;
  heads: string[];
  inputDigest: string;
  stateDigest: string;
}

/** Folding, which is another part's. `refold` computes what is dirty among the named dockets. */
export interface Dockets {
  /** Whether so many dockets wait to be folded that their states lag behind. */
  flooded(): boolean;
  refold(dockets: string[]): Promise<void>;
  /** Null where the docket is not known. */
  state(docket: string): Promise<DocketDigests | null>;
}

/** How many statements a counterpart may have taken in (protocol.md, Intake). */
export interface RateTerms {
  /** Ordinary statements: what may come at once, and how many more each second. */
  burst: number;
  perSecond: number;
  /** The same for flash messages, signals and channel.*. */
  reserveBurst: number;
  reservePerSecond: number;
  /** Refusals that it may make us say, in each of the two lanes. */
  refusalBurst: number;
  refusalPerSecond: number;
}

/** Runs something later; returns how to call it off. */
export type After = (milliseconds: number, run: () => void) => () => void;

export interface ExchangeDeps {
  store: Store;
  sequencer: Sequencer;
  keys: NodeKeys;
  clock: Clock;
  random: Random;
  after: After;
  log: LogLine;
  notify: Notify;
  dockets: Dockets;
  /** Told after anything was taken in that touches these dockets; never awaited by the exchange. */
  docketsChanged(dockets: string[]): void;
  /** Keys of witnesses that are no counterparts, by configuration. */
  witnesses: NoteKey[];
  rate: RateTerms;
  /** Asks every configured witness for its newest checkpoint of our log; left out: nobody is asked. */
  askWitnesses?: () => Promise<WitnessWord[]>;
}

/** Timers of the machine; they keep no process alive. */
export const systemAfter: After = (milliseconds, run) => {
  const timer = setTimeout(run, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};

/** Generous enough for an import of years of history, small enough to bound a flood. */
export const rateDefault: RateTerms = {
  burst: 200_000,
  perSecond: 2_000,
  reserveBurst: 20_000,
  reservePerSecond: 100,
  // As many as one pouch has statements, and then one each second: a refusal is a signature, a log
  // entry and the refused envelope kept for good.
  refusalBurst: 512,
  refusalPerSecond: 1,
};
