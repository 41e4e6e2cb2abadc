/** What the officers' API takes from outside. */
import type { Result } from '@comity/record';
import type { LogLine, NodeKeys } from '../context.ts';
import type { DeskDeps } from '../desk/deps.ts';
import type { Confirmed } from '../exchange/confirm.ts';
import type { AfterRestore } from '../exchange/after-restore.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { EventHub } from './events.ts';

/** The hand route: pouches as files. */
export interface HandPouches {
  /** A pouch with all that waits for the party. */
  export(party: string): Promise<Result<{ pouch: Uint8Array; records: number }>>;
  import(pouch: Uint8Array): Promise<Result<{ records: number; taken: number; refused: number }>>;
}

export interface ApiDeps {
  desk: DeskDeps;
  keys: NodeKeys;
  name: string;
  layout: HomeLayout;
  unprotectedKeys: boolean;
  /** The node's own keys are locked: only GET is answered. */
  locked: boolean;
  witnesses: readonly { vkey: string; url: string }[];
  hub: EventHub;
  token: string;
  log: LogLine;
  /** Where counterparts reach us, or null while nothing listens. */
  direct(): string | null;
  hand: HandPouches;
  /** Has a docket confirmed by the other participants; null for one that is not known. */
  confirm(docket: string, seconds: number): Promise<Confirmed | null>;
  /** An officer's word that nobody else ever had our log, after a restore. */
  nobodyElse: AfterRestore['nobodyElse'];
  /** An officer's word not to wait for what has not come back. */
  withoutTheRest: AfterRestore['withoutTheRest'];
  /** Folds what is dirty and waits for it, so that an answer shows the newest state. */
  foldSettled(): Promise<void>;
  /** Fetches a document of at most `bytesMax` bytes from a web address. */
  fetchDocument(
    url: string,
    bytesMax: number,
  ): Promise<Result<Uint8Array, 'unreachable' | 'too-large'>>;
  /** Requests per minute and caller. */
  requestsPerMinute: number;
}
