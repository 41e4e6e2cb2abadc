/**
 * What goes into a fold (accord.md, opening; rulings.md, 6, 8, 11, 15, 18). Closed: nothing else
 * enters, and nothing here is read from a clock, a store or a network.
 *
 * The caller has verified every signature and proof. Several facts of one witness may be given; the
 * fold takes the earliest that counts.
 */
import type { CredentialsBody, Delegation, Statement } from '@comity/record';
import type { Terms } from '../terms.ts';

/** When an entry of a log was seen, and by whom. Times are POSIX seconds. */
export type EntryFact = {
  origin: string;
  index: number;
  /** Own-account time of the log's owner, or null. */
  ownTime: number | null;
  /** `party`: whose witness key it is; '' for a witness that is no known party. */
  witnessTimes: { party: string; vkey: string; time: number }[];
};

/** A statement with its proofs. */
export type FoldStatement = {
  id: string;
  statement: Statement;
  /**
   * Officers who signed in full (an ML-DSA-44 companion counted in), `automatic`, and the offices
   * of delegates; [] if any signature failed.
   */
  offices: string[];
  /** Hex digest of the canonical signature list that the `said` entry commits to. */
  listDigest: string;
  said: EntryFact;
  /** Receipts: the `held` entry in each other participant's log. */
  held: { [party: string]: EntryFact };
  /** Times of the cosignature lines that the anchors commit to, by log. */
  anchorTimes: { origin: string; vkey: string; time: number }[];
  /** The lines that the anchors commit to have not come: the statement waits (rulings.md, 5). */
  lacksAnchorLines?: boolean;
};

/** A party's verified credentials chain. `delegations[].index` counts in its log at that time. */
export type FoldParty = {
  party: string;
  exercise: boolean;
  versions: {
    id: string;
    version: number;
    origin: string;
    /** Index of the `said` entry of this version, in `origin`. */
    index: number;
    witnessKey: string;
    body: CredentialsBody;
  }[];
  delegations: Delegation[];
  frozen: boolean;
  /** Of a frozen chain: the index or size that ends its last version, in that version's log. */
  bound?: number;
};

/**
 * A cited statement of another docket: its envelope, its `said` proof, its author's credentials
 * (in `parties`), and for crossing offers its receipts (rulings.md, 20); nothing of its docket's
 * later state.
 */
export type FoldCitation = {
  id: string;
  statement: Statement;
  offices: string[];
  said: EntryFact;
  held?: { [party: string]: EntryFact };
};

/**
 * `channelParties` is set for the channel docket of two parties, otherwise null. `statements` may
 * repeat a statement and come in any order. `parties` holds the chains of all participants and of
 * the authors of citations. `terms` are those that the opening pins, by digest, or null; others
 * that may be needed are in `knownTerms` by digest. The built-in terms need not be given.
 */
export type FoldInput = {
  docket: string;
  channelParties: [string, string] | null;
  statements: FoldStatement[];
  parties: FoldParty[];
  terms: Terms | null;
  knownTerms: { [digest: string]: Terms };
  citations: FoldCitation[];
};
