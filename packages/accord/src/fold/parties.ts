/**
 * What the fold asks of a party's chain: order of its log entries, the version under which an entry
 * counts, delegations, witness keys (rulings.md, 8, 9, 21).
 */
import type { Delegation } from '@comity/record';
import type { FoldParty } from './input.ts';

export type PartyIndex = ReadonlyMap<string, FoldParty>;
type Position = { origin: string; index: number };
type Version = FoldParty['versions'][number];

/** Parties by identifier; of two entries for one party the longer chain. */
export function indexParties(parties: readonly FoldParty[]): PartyIndex {
  const index = new Map<string, FoldParty>();
  for (const party of parties) {
    const other = index.get(party.party);
    if (other === undefined || other.versions.length < party.versions.length) {
      index.set(party.party, party);
    }
  }
  return index;
}

/** Order of two entries of one party's logs, which follow one another; unknown logs come last. */
export function comparePositions(party: FoldParty | undefined, a: Position, b: Position): number {
  if (a.origin === b.origin) return a.index - b.index;
  const byLog = ordinal(party, a.origin) - ordinal(party, b.origin);
  return byLog === 0 ? (a.origin < b.origin ? -1 : 1) : byLog;
}

function ordinal(party: FoldParty | undefined, origin: string): number {
  const versions = party?.versions ?? [];
  const found = versions.findIndex((version) => version.origin === origin);
  return found === -1 ? versions.length : found;
}

/**
 * The first index of the version's log past what counts under it, or null while nothing ends it.
 * Of two successors the lower bound counts.
 */
export function endOfVersion(party: FoldParty, version: Version): number | null {
  const ends: number[] = [];
  for (const next of party.versions) {
    if (next.version !== version.version + 1) continue;
    if (next.origin === version.origin) ends.push(next.index);
    else if (next.body.log.previous !== null) ends.push(next.body.log.previous.size);
  }
  const isLast = !party.versions.some(({ version: other }) => other > version.version);
  if (isLast && party.bound !== undefined) ends.push(party.bound);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** The delegation of this office in force for an entry under a version, or null. */
export function delegationFor(
  party: FoldParty,
  version: Version,
  office: string,
  kind: string,
  index: number,
): Delegation | null {
  const entry = { origin: version.origin, index };
  const candidates = party.delegations.filter(
    (one) =>
      one.body.office === office &&
      one.body.kinds.includes(kind) &&
      (one.credentials === version.id || version.body.delegations.includes(one.id)) &&
      comparePositions(party, one, entry) < 0 &&
      (one.endsAtIndex === null ||
        one.endsAtOrigin === null ||
        comparePositions(party, entry, { origin: one.endsAtOrigin, index: one.endsAtIndex }) < 0),
  );
  // Which of several keys of one office signed is not in the input: the longest lasting stands.
  return (
    candidates.sort((a, b) =>
      a.body.until === b.body.until ? (a.id < b.id ? -1 : 1) : a.body.until > b.body.until ? -1 : 1,
    )[0] ?? null
  );
}

/** Every witness key of a party's chain; none of a frozen one. */
export function witnessKeysOf(party: FoldParty | undefined): ReadonlySet<string> {
  if (party === undefined || party.frozen) return none;
  let keys = witnessKeys.get(party);
  if (keys === undefined) {
    keys = new Set(party.versions.map(({ witnessKey }) => witnessKey));
    witnessKeys.set(party, keys);
  }
  return keys;
}
const none: ReadonlySet<string> = new Set();
const witnessKeys = new WeakMap<FoldParty, ReadonlySet<string>>();
