/**
 * What comes from outside a node's modules: time, randomness, keys, a place for log lines.
 *
 * Modules take only the parts that they need (engineering.md, rule 4); nothing here is global.
 */
import type { NoteSigner } from '@comity/record';

/** Wall clock. `now` is whole POSIX seconds, `nowMs` milliseconds; both may step. */
export interface Clock {
  now(): number;
  nowMs(): number;
}

/** Cryptographically secure random bytes. */
export type Random = (bytes: number) => Uint8Array;

/** Every key that the node itself holds. Officers' keys are never here. */
export interface NodeKeys {
  /** Party identifier, or '' before credentials version 1 exists. */
  party: string;
  exercise: boolean;
  /** 0x01 key of our log; its name is the log's origin. Another once a new log began. */
  logSigner: NoteSigner;
  /** Key made for the log that is to follow one that ended; null while there is none. */
  nextLogSigner: NoteSigner | null;
  /** 0x04 key for own-account time on our own checkpoints. */
  ownAccountSigner: NoteSigner;
  /** 0x04 key for cosigning others' checkpoints. */
  witnessSigner: NoteSigner;
  /** Ed25519 seed of the `automatic` authority. */
  automaticSeed: Uint8Array;
  /** age identities, newest first; older ones stay until nothing waits for them. */
  sealingIdentities: string[];
}

/** One structured line for the operator; never the payload of a statement. */
export type LogLine = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, string | number | boolean | null>,
) => void;

/** Something a console or a terminal may want to hear about at once (server-sent events). */
export type NodeEvent =
  | { type: 'statement'; id: string; docket: string; own: boolean }
  | { type: 'receipt'; id: string; by: string }
  | { type: 'docket'; docket: string }
  | { type: 'checkpoint'; origin: string; size: number }
  | { type: 'channel'; party: string }
  | { type: 'alarm'; id: string }
  | { type: 'draft'; id: string };

export type Notify = (event: NodeEvent) => void;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  nowMs: () => Date.now(),
};
