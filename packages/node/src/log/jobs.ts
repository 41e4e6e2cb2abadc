/** What the sequencer takes and gives (protocol.md, Log). */
import type { Checkpoint, Envelope, Result, Statement } from '@comity/record';

/** A statement of ours whose authority is met, ready for its `said` entry. */
export interface SaidJob {
  id: string;
  statement: Statement;
  envelope: Envelope;
  /** RFC 8785 bytes of the envelope, as stored and sent. */
  envelopeBytes: Uint8Array;
  /** Docket id as in the statements table: the statement's own id when it opens, '' for party.*. */
  docket: string;
  /** Class of its `prior` chain: 'automatic' | 'duty' | 'solemn'. */
  chain: string;
  anchorLines: string[];
  listDigest: Uint8Array;
  /** Parties that get it; one outbox row each. */
  recipients: string[];
  /** Draft id to mark as logged, or null. */
  draft: string | null;
  /** Outbox lane; default 0 for channel.* and signal.*, else 1. */
  lane?: 0 | 1;
}

/** A statement of another party that passed every intake check. */
export interface HeldJob {
  id: string;
  statement: Statement;
  envelope: Envelope;
  envelopeBytes: Uint8Array;
  docket: string;
  chain: string;
  anchorLines: string[];
  listDigest: Uint8Array;
  author: string;
  /** Its `said` entry in the author's log; `proof` is the tlog-proof text as it came. */
  said: { origin: string; index: number; size: number; proof: string };
  introducedBy: string | null;
  /** Parties that get our receipt; one outbox row each. */
  receiptTo: string[];
  refused: null;
}

/** Where an entry stands: its index and the size of the first checkpoint that covers it. */
export interface Logged {
  id: string;
  index: number;
  size: number;
}

/** A checkpoint of our own log with its note: log line and own-account line, no witness lines. */
export type PublishedCheckpoint = Checkpoint & { note: string };

/** A checkpoint of our log as another states it; `note` is null for "I hold none". */
export interface StatedCheckpoint {
  /** Party identifier of a counterpart (the caller has checked who said it), or a witness vkey. */
  by: string;
  note: string | null;
}

/** A run of 32-byte entries of our own log out of a counterpart's copy. */
export interface EntryRun {
  start: number;
  /** Whose copy; runs of one party are tried together, before those of all. */
  by?: string;
  entries: Uint8Array[];
}

export type ClearRestoreCode =
  | 'nobody-to-ask'
  | 'not-enough-stated'
  | 'bad-checkpoint'
  | 'entries-needed'
  | 'entries-wrong'
  | 'log-ended'
  | 'fork';

/**
 * Why nothing is signed: `restored` until others have stated our newest checkpoint (rulings.md, 25);
 * `ended` for ever, because entries that we signed are with nobody any more.
 */
export type Blocked = 'restored' | 'ended';

/** What is known beside the checkpoints that were stated. */
export interface RestoreWord {
  /** An officer's word that no counterpart ever had this log, and no witness but those that stated. */
  nobodyElse?: boolean;
  /** Counterparts that were asked often enough to have no more entries to give. */
  exhausted?: ReadonlySet<string>;
}

/**
 * Why a statement of ours was not logged. `statements-awaited`: others have yet to give back what we
 * said before a restore (awaited.ts).
 */
export type SaidFailure =
  'stale-draft' | 'double-said' | 'statements-awaited' | 'restored' | 'log-ended' | 'closed';

/** Whether something of ours may be said now. */
export function maySay({ blocked, awaited }: Pick<Sequencer, 'blocked' | 'awaited'>): boolean {
  return blocked === null && awaited === 0;
}

export interface Sequencer {
  /** Logs one statement of ours; resolves when it is durable and its checkpoint is published. */
  said(job: SaidJob): Promise<Result<Logged, SaidFailure>>;
  /**
   * Logs statements of others, all of them or (on failure) none; the same order as given. One that
   * is already held gives its first place. While blocked the jobs are parked durably, the answer is
   * `restored`, and they are logged once the block is cleared.
   */
  held(jobs: HeldJob[]): Promise<Result<Logged[], 'restored' | 'closed'>>;
  /** Not null while nothing may be signed. */
  readonly blocked: Blocked | null;
  /**
   * At the start the high-water file named this log, neither ours nor one of ours that ended, so that
   * nothing that others hold of it can be checked, and no other log begins. Null otherwise.
   */
  readonly otherLog: string | null;
  /**
   * Entries of a rebuilt log whose statements have not come back: while there are any, we say nothing
   * but what comes back. Statements of others are logged.
   */
  readonly awaited: number;
  /** Waits no longer, with the alarm `statements-lost`; gives how many are given up. */
  giveUpAwaited(): Promise<number>;
  /** Newest published checkpoint; null while the log is empty. */
  newest(): PublishedCheckpoint | null;
  /**
   * Resolves when no commit is waiting for its high-water record. Await it between reading
   * checkpoints, proofs or receipts from the store and letting their bytes leave the process.
   */
  settled(): Promise<void>;
  /** Called after each publication, in order; a throwing listener is ignored. Returns "stop". */
  onPublished(listener: (checkpoint: PublishedCheckpoint) => void): () => void;
  /**
   * Takes note of a checkpoint of our log that another showed us. If it carries our signature and
   * our database does not contain it, the log is blocked from here on.
   */
  observe(note: string): Promise<'known' | 'ignored' | 'restored'>;
  /**
   * Ends the blocked state when any one witness or all counterparts have stated their newest
   * checkpoint of our log, all consistent with each other and, once missing entries are taken from
   * `copies`, with our tree. `entries-needed` names the range in `detail` as `from-to`; once all
   * counterparts have spoken and are exhausted (or there are none, by an officer's word), the log ends instead: `log-ended`, for good.
   */
  clearRestore(
    stated: StatedCheckpoint[],
    copies?: EntryRun[],
    word?: RestoreWord,
  ): Promise<Result<{ size: number }, ClearRestoreCode>>;
  /** Finishes what is queued, refuses the rest. */
  close(): Promise<void>;
}
