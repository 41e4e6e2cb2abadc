/**
 * When an entry was logged (protocol.md, "Witnessed time", "Not before"; rulings.md, 5, 21–23).
 *
 * The witnessed time follows the timing policy that the terms hold for the log, otherwise the
 * docket's default: one witness for each other participant, all of them. Without it the
 * own-account time stands as provisional.
 */
import { formatVkey, parsePolicy, witnessedTime, type Policy } from '@comity/record';
import type { Terms } from '../terms.ts';
import type { EntryFact } from './input.ts';
import { witnessKeysOf, type PartyIndex } from './parties.ts';

/** A time as far as it is known: undisputed where early and late are equal. */
export type Timed = { early: number; late: number; provisional: boolean };

export type Witnessed = { party: string; vkey: string; time: number };
/** What of an entry's facts counts; this is what the input digest covers. */
export type ReducedFact = {
  origin: string;
  index: number;
  own: number | null;
  /** Earliest of each cosigner that counts, sorted by party and key. */
  witnessed: Witnessed[];
};

/** What times are reckoned with. */
export type Timing = {
  participants: readonly string[];
  parties: PartyIndex;
  /** By origin of the log that is timed. */
  policies: ReadonlyMap<string, Policy>;
};

/** Participants, their chains, and the policies of the terms that govern the docket. */
export function timingOf(
  participants: readonly string[],
  parties: PartyIndex,
  terms: Terms | null,
): Timing {
  return { participants, parties, policies: terms === null ? noPolicies : policiesOf(terms) };
}

const noPolicies: ReadonlyMap<string, Policy> = new Map();
const parsedPolicies = new WeakMap<Terms, ReadonlyMap<string, Policy>>();

/** Policies of terms by log. One that does not parse, or times a log twice, counts for nothing. */
function policiesOf(terms: Terms): ReadonlyMap<string, Policy> {
  let policies = parsedPolicies.get(terms);
  if (policies === undefined) {
    const made = new Map<string, Policy>();
    for (const text of terms.timing) {
      const policy = parsePolicy(text);
      if (!policy.ok) continue;
      for (const { key } of policy.value.logs) {
        if (!made.has(key.name)) made.set(key.name, policy.value);
      }
    }
    policies = made;
    parsedPolicies.set(terms, policies);
  }
  return policies;
}

/** The facts of an entry that count, each witness's earliest that is not before `notBefore`. */
export function reduceFact(
  timing: Timing,
  fact: EntryFact,
  owner: string,
  notBefore: number | null,
): ReducedFact {
  const policy = timing.policies.get(fact.origin);
  const counts =
    policy === undefined
      ? (one: Witnessed) => one.party !== owner && speaksFor(timing, one)
      : countedBy(policy);
  const earliest = new Map<string, Witnessed>();
  for (const one of fact.witnessTimes) {
    if (!isTime(one.time) || (notBefore !== null && one.time < notBefore) || !counts(one)) continue;
    const known = earliest.get(one.vkey);
    if (known === undefined || one.time < known.time) earliest.set(one.vkey, one);
  }
  const witnessed = [...earliest.values()];
  if (witnessed.length > 1) {
    witnessed.sort((a, b) =>
      a.party === b.party ? (a.vkey < b.vkey ? -1 : 1) : a.party < b.party ? -1 : 1,
    );
  }
  const own = fact.ownTime !== null && isTime(fact.ownTime) ? fact.ownTime : null;
  return { origin: fact.origin, index: fact.index, own, witnessed };
}

/** Whole seconds from 1970 to the year 9999: a hostile cosigner’s others must not stop arithmetic. */
function isTime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 0 && seconds <= secondsMax;
}
const secondsMax = 253_402_300_799;

function speaksFor(timing: Timing, { party, vkey }: Witnessed): boolean {
  return partyOfWitness(timing, vkey) === party;
}

/** The participant for which a witness key speaks; a key that several list speaks for none. */
function partyOfWitness({ participants, parties }: Timing, vkey: string): string | null {
  const listing = participants.filter((party) => witnessKeysOf(parties.get(party)).has(vkey));
  return listing.length === 1 ? (listing[0] ?? null) : null;
}

const policyKeys = new WeakMap<Policy, ReadonlySet<string>>();

function countedBy(policy: Policy): (one: Witnessed) => boolean {
  let keys = policyKeys.get(policy);
  if (keys === undefined) {
    keys = new Set(policy.witnesses.map(({ key }) => formatVkey(key)));
    policyKeys.set(policy, keys);
  }
  const known = keys;
  return ({ vkey }) => known.has(vkey);
}

/**
 * The time of an entry in `owner`'s log, as it counts between `owner` and `other`. Null when
 * nothing is known of it. `interval` is the service interval in seconds. The time is never before
 * `notBefore`.
 */
export function timeOf(
  timing: Timing,
  fact: ReducedFact,
  owner: string,
  other: string | null,
  notBefore: number | null,
  interval: number,
): Timed | null {
  const floor = notBefore ?? -Infinity;
  const witnessed = witnessedBy(timing, fact, owner);
  const own = fact.own === null ? null : Math.max(fact.own, floor);
  if (witnessed === null) {
    return own === null ? null : { early: own, late: own, provisional: true };
  }
  const time = Math.max(witnessed, floor);
  // An interested witness: whoever alone confirms the time has a stake in it (ruling 23).
  if (own !== null && other !== null && interestedWitness(timing, fact, owner) === other) {
    if (Math.abs(time - own) > interval) {
      return { early: Math.min(time, own), late: Math.max(time, own), provisional: false };
    }
  }
  return { early: time, late: time, provisional: false };
}

function witnessedBy(timing: Timing, fact: ReducedFact, owner: string): number | null {
  const policy = timing.policies.get(fact.origin);
  if (policy !== undefined) {
    return witnessedTime(policy, new Map(fact.witnessed.map(({ vkey, time }) => [vkey, time])));
  }
  return latestOfAll(timing, fact.witnessed, (party) => party !== owner);
}

/** Group `all`: the latest of each party's earliest; null while one is missing or none is asked. */
function latestOfAll(
  { participants }: Timing,
  witnessed: readonly Witnessed[],
  isAsked: (party: string) => boolean,
): number | null {
  let latest: number | null = null;
  for (const party of participants) {
    if (!isAsked(party)) continue;
    let own: number | null = null;
    for (const one of witnessed) {
      if (one.party === party && (own === null || one.time < own)) own = one.time;
    }
    if (own === null) return null;
    if (latest === null || own > latest) latest = own;
  }
  return latest;
}

/** The one party to whom every cosigner that the policy counts belongs, or null. */
function interestedWitness(timing: Timing, fact: ReducedFact, owner: string): string | null {
  const policy = timing.policies.get(fact.origin);
  if (policy === undefined) {
    const others = timing.participants.filter((party) => party !== owner);
    return others.length === 1 ? (others[0] ?? null) : null;
  }
  const counted = new Set(
    policy.witnesses.map(({ key }) => {
      return partyOfWitness(timing, formatVkey(key)) ?? '';
    }),
  );
  const [only] = counted;
  return counted.size === 1 && only !== undefined && only !== '' && only !== owner ? only : null;
}

/**
 * The time before which a statement cannot have been made: for each anchored log the time that its
 * policy witnesses without the author's own keys, the latest of them; null where there is none.
 */
export function notBeforeOf(
  timing: Timing,
  author: string,
  anchorTimes: readonly { origin: string; vkey: string; time: number }[],
): number | null {
  const sound = anchorTimes.filter(({ time }) => isTime(time));
  let latest: number | null = null;
  for (const origin of new Set(sound.map((line) => line.origin))) {
    const lines = sound.filter((line) => line.origin === origin);
    const time = anchorTime(timing, author, origin, lines);
    if (time !== null && (latest === null || time > latest)) latest = time;
  }
  return latest;
}

function anchorTime(
  timing: Timing,
  author: string,
  origin: string,
  lines: readonly { vkey: string; time: number }[],
): number | null {
  const authorKeys = witnessKeysOf(timing.parties.get(author));
  const policy = timing.policies.get(origin);
  if (policy !== undefined) {
    const earliest = new Map<string, number>();
    for (const { vkey, time } of lines) {
      earliest.set(vkey, Math.min(time, earliest.get(vkey) ?? time));
    }
    return witnessedTime(without(policy, authorKeys), earliest);
  }
  const owner = timing.participants.find((party) =>
    timing.parties.get(party)?.versions.some((version) => version.origin === origin),
  );
  if (owner === undefined) return null;
  const witnessed = lines.flatMap(({ vkey, time }) => {
    const party = partyOfWitness(timing, vkey);
    return party === null ? [] : [{ party, vkey, time }];
  });
  return latestOfAll(timing, witnessed, (party) => party !== owner && party !== author);
}

/** A policy without some witnesses; a group asks for no more members than it has left. */
function without(policy: Policy, keys: ReadonlySet<string>): Policy {
  const gone = new Set(
    policy.witnesses.filter(({ key }) => keys.has(formatVkey(key))).map(({ name }) => name),
  );
  if (gone.size === 0) return policy;
  const groups: Policy['groups'] = [];
  for (const { name, threshold, members } of policy.groups) {
    const left = members.filter((member) => !gone.has(member));
    if (left.length === 0) gone.add(name);
    else groups.push({ name, threshold: Math.min(threshold, left.length), members: left });
  }
  const quorum = policy.quorum !== null && gone.has(policy.quorum) ? null : policy.quorum;
  return {
    ...policy,
    witnesses: policy.witnesses.filter(({ name }) => !gone.has(name)),
    groups,
    quorum,
  };
}
