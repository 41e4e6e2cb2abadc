/**
 * A party's chain of credentials as values: which version was in force at an index of its log, which
 * log keys, which delegations (protocol.md, "Party and credentials"; rulings.md, 8 and 9).
 *
 * Nothing here checks a signature: `credentials.ts` and `delegation.ts` do before they extend a
 * chain, and a store that kept a verified chain may rebuild it with the same functions.
 */
import { chainVersionsMax } from './document-limits.ts';
import type { CredentialsBody } from './credentials-body.ts';
import type { Envelope } from './envelope.ts';
import type { DelegationGrant } from './delegation-body.ts';
import { parseVkey } from './note-key.ts';
import type { NoteKey } from './note-key.ts';
import { InvariantError } from './result.ts';

/** An entry of a log. */
export type LogPosition = { origin: string; index: number };

/** One verified version, and the place of its `said` entry. */
export type CredentialsVersion = {
  id: string;
  version: number;
  body: CredentialsBody;
  origin: string;
  index: number;
  envelope: Envelope;
};

/** A verified delegation; it ends before the entry at `endsAtIndex` of `endsAtOrigin`, if any. */
export type Delegation = {
  id: string;
  party: string;
  /** The credentials version that the delegating statement named. */
  credentials: string;
  body: DelegationGrant;
  origin: string;
  index: number;
  endsAtIndex: number | null;
  endsAtOrigin: string | null;
};

/** A verified statement that ends a delegation, which may not have come yet. */
export type DelegationEnding = {
  id: string;
  delegation: string;
  credentials: string;
} & LogPosition;

/**
 * All that is verified of one party. `versions` is 1, 2, … without a gap. A frozen chain stops at
 * version n, of which two valid successors exist; `bound` is then the lower of the two indexes (or
 * stated sizes) that end version n, in version n's log.
 */
export type Chain = {
  party: string;
  exercise: boolean;
  versions: CredentialsVersion[];
  delegations: Delegation[];
  frozen: boolean;
  bound?: number;
  endings?: DelegationEnding[];
};

/** The newest version that stands. A chain has at least one. */
export function newestVersion(chain: Chain): CredentialsVersion {
  const newest = chain.versions.at(-1);
  if (newest === undefined) throw new InvariantError('a chain without version 1');
  return newest;
}

/** The version with this id, or null. */
export function versionById(chain: Chain, id: string): CredentialsVersion | null {
  return chain.versions.find((version) => version.id === id) ?? null;
}

/**
 * The first index past version n, in version n's log, that `next` leaves to it: its own index in
 * one log, or the final size that it states when it moves to another.
 */
export function endOfPredecessor(version: CredentialsVersion, next: CredentialsVersion): number {
  if (next.origin === version.origin) return next.index;
  const { previous } = next.body.log;
  if (previous === null) throw new InvariantError('a change of log without the old size');
  return previous.size;
}

/** Whether an entry at `index` of the version's own log counts under it (rulings.md, 8). */
export function isUnderVersion(chain: Chain, version: CredentialsVersion, index: number): boolean {
  if (index <= version.index) return false;
  const next = chain.versions[version.version];
  if (next !== undefined) return index < endOfPredecessor(version, next);
  return chain.bound === undefined || index < chain.bound;
}

/**
 * Whether an entry is past the final size of a log that the party has left (rulings.md, 8): it counts
 * for nothing, whatever it is an entry of.
 */
export function isPastEnd(chain: Chain | undefined, entry: LogPosition): boolean {
  const left = chain?.versions.find(({ body }) => body.log.previous?.origin === entry.origin);
  const size = left?.body.log.previous?.size;
  return size !== undefined && entry.index >= size;
}

/** The version under which an entry of a log counts, or null where there is none. */
export function versionInForce(
  chain: Chain,
  logIndex: number,
  origin: string,
): CredentialsVersion | null {
  for (const version of chain.versions.toReversed()) {
    if (version.origin === origin && isUnderVersion(chain, version, logIndex)) return version;
  }
  return null;
}

/** The log's keys as one version lists them. */
export function logKeysOf(body: CredentialsBody): NoteKey[] {
  return body.log.keys.map(noteKeyOf);
}

/**
 * The keys that a checkpoint of this size of this log is signed with: those of the newest version
 * whose entry it covers, else of the first that names the log; empty for a log of somebody else.
 */
export function logKeysAt(chain: Chain, origin: string, size: number): NoteKey[] {
  const versions = chain.versions.filter((version) => version.origin === origin);
  const covered = versions.filter((version) => version.index < size).at(-1) ?? versions[0];
  return covered === undefined ? [] : logKeysOf(covered.body);
}

/** A vkey that was parsed with the credentials it stands in. */
export function noteKeyOf(vkey: string): NoteKey {
  const parsed = parseVkey(vkey);
  if (!parsed.ok) throw new InvariantError('a vkey that was not parsed');
  return parsed.value;
}

/**
 * The delegations whose keys count, under a version, for the entry at `index` of the version's log:
 * made under it or listed by it, entered before, and not ended. Without an index: those that have
 * not ended at all, for drafts. The end date is for the fold (rulings.md, 9), not looked at here.
 */
export function delegationsInForce(
  chain: Chain,
  version: CredentialsVersion,
  index?: number,
): Delegation[] {
  return chain.delegations.filter((delegation) => {
    const { id, credentials, origin, endsAtIndex, endsAtOrigin } = delegation;
    if (credentials !== version.id && !version.body.delegations.includes(id)) return false;
    if (index === undefined) return endsAtIndex === null;
    const entry = { origin: version.origin, index };
    if (comparePositions(chain, { origin, index: delegation.index }, entry) >= 0) return false;
    if (endsAtIndex === null || endsAtOrigin === null) return true;
    return comparePositions(chain, entry, { origin: endsAtOrigin, index: endsAtIndex }) < 0;
  });
}

/** A chain with its next version. The version was verified, and is the next. */
export function withVersion(chain: Chain | null, version: CredentialsVersion): Chain {
  if (chain === null) {
    const { exercise } = version.body;
    const party = version.id;
    return { party, exercise, versions: [version], delegations: [], frozen: false };
  }
  if (version.version !== chain.versions.length + 1 || chain.frozen) {
    throw new InvariantError('not the next version');
  }
  if (chain.versions.length >= chainVersionsMax) throw new InvariantError('too many versions');
  return withEnds({ ...chain, versions: [...chain.versions, version] });
}

/** A chain with a delegation that was verified; the ends that are known are worked out. */
export function withDelegation(
  chain: Chain,
  delegation: Omit<Delegation, 'endsAtIndex' | 'endsAtOrigin'>,
): Chain {
  if (chain.delegations.some(({ id }) => id === delegation.id)) return chain;
  const open = { ...delegation, endsAtIndex: null, endsAtOrigin: null };
  const delegations = [...chain.delegations, open].sort((a, b) => (a.id < b.id ? -1 : 1));
  return withEnds({ ...chain, delegations });
}

/** A chain with the ending of a delegation that was verified, whether or not that has come. */
export function withEnding(chain: Chain, ending: DelegationEnding): Chain {
  const known = chain.endings ?? [];
  if (known.some(({ id }) => id === ending.id)) return chain;
  const endings = [...known, ending].sort((a, b) => (a.id < b.id ? -1 : 1));
  return withEnds({ ...chain, endings });
}

/**
 * The chain frozen at version n, which ends before `bound`. What rests on later versions goes; the
 * lowest bound stands, so that both orders of arrival give one chain.
 */
export function frozenAt(chain: Chain, n: number, bound: number): Chain {
  const versions = chain.versions.slice(0, n);
  const last = versions.at(-1);
  if (last === undefined) throw new InvariantError('a chain cannot freeze before version 1');
  const lower = chain.frozen && chain.versions.length === n ? (chain.bound ?? bound) : bound;
  const frozen: Chain = { ...chain, versions, frozen: true, bound: Math.min(bound, lower) };
  const stands = (item: { credentials: string } & LogPosition): boolean => {
    const version = versionById(frozen, item.credentials);
    return version !== null && isUnderVersion(frozen, version, item.index);
  };
  const delegations = chain.delegations.filter(stands);
  const endings = (chain.endings ?? []).filter(stands);
  return withEnds({ ...frozen, delegations, endings });
}

/**
 * Order of two entries of the party's logs, which follow one another: negative, zero or positive.
 * A log that the chain does not name comes last.
 */
export function comparePositions(chain: Chain, a: LogPosition, b: LogPosition): number {
  if (a.origin === b.origin) return a.index - b.index;
  return ordinal(chain, a.origin) - ordinal(chain, b.origin);
}

function ordinal(chain: Chain, origin: string): number {
  const found = chain.versions.findIndex((version) => version.origin === origin);
  return found === -1 ? chain.versions.length : found;
}

// Ends follow from the versions and endings known, never from the order in which they came.
function withEnds(chain: Chain): Chain {
  const delegations = chain.delegations.map((delegation) => {
    const end = endOf(chain, delegation);
    return { ...delegation, endsAtIndex: end?.index ?? null, endsAtOrigin: end?.origin ?? null };
  });
  return { ...chain, delegations };
}

function endOf(chain: Chain, delegation: Delegation): LogPosition | null {
  const made = chain.versions.findIndex(({ id }) => id === delegation.credentials);
  const dropping = chain.versions
    .slice(made + 1)
    .find(({ body }) => !body.delegations.includes(delegation.id));
  const ends: LogPosition[] = (chain.endings ?? []).filter(
    (ending) =>
      ending.delegation === delegation.id && comparePositions(chain, delegation, ending) < 0,
  );
  if (dropping !== undefined) ends.push({ origin: dropping.origin, index: dropping.index });
  ends.sort((a, b) => comparePositions(chain, a, b));
  const first = ends[0];
  return first === undefined ? null : { origin: first.origin, index: first.index };
}
