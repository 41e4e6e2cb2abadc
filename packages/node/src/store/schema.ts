/**
 * The tables of a node, as types. One file for both databases (SQLite and PostgreSQL).
 *
 * Conventions: identifiers and digests are lower-case hex text; bytes are blobs; times are POSIX
 * seconds; sizes and indexes are integers below 2^53; flags are 0 or 1 (SQLite has no boolean);
 * JSON is stored as RFC 8785 text. What each table may lose, and what follows, is in TRUST.md.
 */
import type { Generated } from 'kysely';

/** One value each: `self`, `exercise`, `schema-version`, `fold-version`, … */
export interface MetaTable {
  key: string;
  value: string;
}

/** Every party we know. `state`: see PartyState. */
export interface PartiesTable {
  id: string;
  state: PartyState;
  /** Display name, from the newest credentials (English, else the first language). */
  name: string;
  /** Credentials id that our own / their newest channel.pair names for the other, or null. */
  added_at: number;
  /** 1 when two valid versions n+1 were seen; the chain stays at n. */
  frozen: number;
  /** Base address of the direct route, or null. */
  direct_url: string | null;
}
export type PartyState = 'self' | 'added' | 'confirmed' | 'numbers-differ' | 'introduced';

/** Every version of every party's credentials, with its place in that party's log. */
export interface CredentialsTable {
  id: string;
  party: string;
  version: number;
  /** RFC 8785 text of the body. */
  body: string;
  origin: string;
  /** Index of its `said` entry in `origin`. */
  log_index: number;
}

/** Every statement that this node logged as said or took in as held, refused ones too. */
export interface StatementsTable {
  id: string;
  /** Docket id: the opening statement's own id, the channel docket's name, or '' for party.* . */
  docket: string;
  kind: string;
  author: string;
  /** 'duty' | 'solemn' | 'root' | 'automatic': the class whose `prior` chain it belongs to. */
  chain: string;
  prior: string | null;
  made: string;
  /** RFC 8785 bytes of the DSSE envelope. */
  envelope: Uint8Array;
  /** Hex digest of the canonical signature list (protocol.md, Log). */
  list_digest: string;
  /** JSON array of the anchor's cosignature lines. */
  anchor_lines: string;
  /** Author's log and index of the `said` entry. */
  said_origin: string;
  said_index: number;
  /** Size of the first checkpoint of the author's log that covered it (its birth checkpoint). */
  said_size: number;
  /** 1 = we said it, 0 = we hold it from another. */
  own: number;
  /** Our log and the index of our `held` entry, null for our own and for refused ones. */
  held_origin: string | null;
  held_index: number | null;
  held_size: number | null;
  /** Refusal code when we refused it, else null. */
  refused: string | null;
  /** Party that introduced it, when that is not the author. */
  introduced_by: string | null;
  /** When we logged it, by our own clock. */
  logged_at: number;
}

/** `after` and `prior` of every statement; a parent without a statements row is missing. */
export interface ParentsTable {
  child: string;
  parent: string;
  docket: string;
}

/** Proofs from other parties' logs: their `said` of their statements, their `held` (receipts). */
export interface ProofsTable {
  statement: string;
  /** The log's owner. */
  party: string;
  role: 'said' | 'held';
  origin: string;
  log_index: number;
  /** Size of the checkpoint inside the proof. */
  size: number;
  list_digest: string;
  /** tlog-proof text, exactly as it came. */
  proof: string;
  taken_at: number;
}

/** Refusals that concern a statement, ours and others'; the channel.refuse itself is in statements. */
export interface RefusalsTable {
  /** The refused statement. */
  statement: string;
  refuser: string;
  code: string;
  /** The channel.refuse statement that says so. */
  refusal: string;
}

/** Entries (32 bytes each) of our log and of counterparts' logs that we copied. */
export interface EntriesTable {
  origin: string;
  log_index: number;
  entry: Uint8Array;
}

/** Complete and rightmost partial tiles of every log we keep (tlog-tiles). `hashes` = width × 32. */
export interface TilesTable {
  origin: string;
  level: number;
  tile_index: number;
  width: number;
  hashes: Uint8Array;
}

/** Checkpoints of our own log (every published one) and of others' logs (verified, consistent). */
export interface CheckpointsTable {
  origin: string;
  size: number;
  /** Hex. */
  root: string;
  /** Note text, blank line, the log's signature lines and the own-account line; no witness lines. */
  note: string;
  seen_at: number;
}

/** Verified cosignatures, one row per (origin, size, cosigner key). Own-account lines are here too. */
export interface CosignaturesTable {
  origin: string;
  size: number;
  /** The vkey text of the cosigner. */
  vkey: string;
  /** POSIX seconds. */
  time: number;
  /** The whole signature line with its final newline. */
  line: string;
}

/** What waits to be sent to a counterpart; a row goes when the counterpart's answer covers it. */
export interface OutboxTable {
  id: Generated<number>;
  party: string;
  /** 'statement' | 'receipt' | 'cosignature' | 'request' | 'proof' | 'digests' | 'facts' */
  item: string;
  /** Statement id, or the JSON of the record. */
  ref: string;
  /** 0 = reserve (flash, signals, channel.*), 1 = ordinary. */
  lane: number;
  queued_at: number;
  /** Sequence of the pouch it last went out in, or null. */
  pouch: number | null;
}

/** Per counterpart: what the courier and the watch need to know. */
export interface ChannelsTable {
  party: string;
  next_sequence: number;
  last_sequence_heard: number;
  last_heard_at: number | null;
  last_sent_at: number | null;
  next_attempt_at: number;
  failures: number;
  last_error: string | null;
  /** Size of their log up to which we hold all entries. */
  entries_copied: number;
  /** Size of our log that they last cosigned / confirmed to hold. */
  our_size_confirmed: number;
  /** Seconds between heartbeats as agreed. */
  heartbeat_seconds: number;
  last_test_sent_at: number | null;
  last_test_heard_at: number | null;
}

/** Folded dockets; starting the node reads these and folds nothing. */
export interface DocketsTable {
  id: string;
  type: string;
  subject: string;
  state: string;
  /** RFC 8785 text of the DocketState. */
  state_json: string;
  state_digest: string;
  input_digest: string;
  fold: number;
  /** JSON array of head ids, sorted. */
  heads: string;
  /** JSON array of party ids, sorted. */
  participants: string;
  last_act: string | null;
  last_act_at: number | null;
  /** 1 = inputs changed since the last fold. */
  dirty: number;
}

/**
 * `participants` of the folded dockets as rows, to find the dockets of a party by; we ourselves are
 * there too. Kept with the docket's row. An opening never changes, so rows come and never go.
 */
export interface DocketParticipantsTable {
  party: string;
  docket: string;
  /** How many take part in the docket. */
  participants: number;
}

/**
 * The newest confirmation of each docket by each participant: a heartbeat's leaf for it, with the
 * path to the root that the author signed. Kept because the root of an older heartbeat cannot be
 * computed again once any shared docket changed. May be lost: the next heartbeat confirms again.
 */
export interface ConfirmationsTable {
  docket: string;
  /** Who confirms; we ourselves too. */
  author: string;
  /** The channel.test whose root covers the leaf. */
  test: string;
  /** The leaf: JSON array of head ids, sorted, and the two digests. */
  heads: string;
  input_digest: string;
  state_digest: string;
  leaf_index: number;
  /** JSON array of base64: the inclusion path. */
  path: string;
}

export interface ObligationsTable {
  id: string;
  docket: string;
  owed_by: string;
  owed_to: string;
  what: string;
  state: string;
  start: number | null;
  due: number | null;
  basis: string;
  provisional: number;
}

/** Drafts: payload fixed at drafting, signatures added one by one. Own side only. */
export interface DraftsTable {
  id: string;
  docket: string;
  kind: string;
  payload: Uint8Array;
  payload_type: string;
  /** JSON array of DSSE signatures so far. */
  signatures: string;
  anchor_lines: string;
  state: 'open' | 'stale' | 'logged' | 'discarded';
  created_at: number;
}

/** Statements that are named as parents or refused ids and that we do not hold. */
export interface MissingTable {
  id: string;
  docket: string;
  /** Whom to ask. */
  party: string;
  since: number;
  asked_at: number | null;
}

export interface AlarmsTable {
  /** Stable: code and what it is about, so that an alarm is raised once. */
  id: string;
  code: string;
  party: string | null;
  detail: string;
  raised_at: number;
  cleared_at: number | null;
}

/** Logs that we cosign as a witness, and the newest size that we cosigned (check-and-set). */
export interface WitnessedLogsTable {
  origin: string;
  /** JSON array of vkeys. */
  keys: string;
  size: number;
  root: string;
  /** Newest time that we signed for this log; never decreases. */
  time: number;
  /** Lower-case hex SHA-256 of the origin: the name under which the checkpoint is served. */
  origin_hash: string;
  /** Newest cosigned checkpoint with the log's verified lines and our own, or null before. */
  note: string | null;
}

/**
 * Entries of our own log that came back from counterparts' copies after a restore and whose
 * statements have not come back yet; empty in every other life of a node.
 */
export interface AdoptedEntriesTable {
  /** Hex of the 32 bytes. */
  entry: string;
  log_index: number;
  /** Size of the smallest checkpoint known to cover it. */
  size: number;
  /** 1 where nobody has its statement, so that it is not waited for (log/awaited.ts). */
  given_up: number;
}

/** Envelopes of others taken in while nothing may be signed; logged when the block is cleared. */
export interface ParkedTable {
  id: string;
  /** JSON of the HeldJob without what can be parsed from the envelope. */
  job: string;
  parked_at: number;
}

/** Terms objects by digest, built-in and agreed. */
export interface TermsTable {
  digest: string;
  body: string;
}

/** Evidence that must never be lost: forks, double-said, frozen chains. */
export interface EvidenceTable {
  id: string;
  kind: string;
  party: string;
  body: string;
  found_at: number;
}

export interface Schema {
  meta: MetaTable;
  parties: PartiesTable;
  credentials: CredentialsTable;
  statements: StatementsTable;
  parents: ParentsTable;
  proofs: ProofsTable;
  refusals: RefusalsTable;
  entries: EntriesTable;
  tiles: TilesTable;
  checkpoints: CheckpointsTable;
  cosignatures: CosignaturesTable;
  outbox: OutboxTable;
  channels: ChannelsTable;
  dockets: DocketsTable;
  docket_participants: DocketParticipantsTable;
  confirmations: ConfirmationsTable;
  obligations: ObligationsTable;
  drafts: DraftsTable;
  missing: MissingTable;
  alarms: AlarmsTable;
  witnessed_logs: WitnessedLogsTable;
  terms: TermsTable;
  evidence: EvidenceTable;
  adopted_entries: AdoptedEntriesTable;
  parked: ParkedTable;
}
