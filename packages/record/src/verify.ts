/**
 * Verifying a bundle, offline, without trusting whoever handed it over (protocol.md, "Bundle and
 * verification"). `verifyBundle` is the checklist; each step enters one or more named checks.
 */
import type { Level } from './authority.ts';
import { wholenessOf } from './verify-completeness.ts';
import type { Wholeness } from './verify-completeness.ts';
import {
  auditDocket,
  auditHeartbeats,
  auditLines,
  auditProofs,
  auditStatements,
  earliestTimes,
  openAudit,
  readBundle,
} from './verify-steps.ts';
import type { Audit, BundleCheck, Meaning } from './verify-steps.ts';
import { formatTime } from './time.ts';

export type { BundleCheck, Meaning } from './verify-steps.ts';

/**
 * `invalid`: some check failed. `untrusted`: all checks passed, but an author is not among the
 * parties that the caller trusts to be themselves. `incomplete`: the docket is not known to be
 * whole, or shows something without its answer. `valid`: none of these.
 */
export type Verdict = 'valid' | 'invalid' | 'untrusted' | 'incomplete';

/** Who said a statement, with what authority, where it is logged, who has it, between which times. */
export type VerifiedStatement = {
  id: string;
  kind: string;
  from: string;
  offices: string[];
  delegated: string[];
  levels: Level[];
  origin: string;
  index: number;
  receivedBy: string[];
  /** POSIX seconds: the earliest line it commits to that is not its author's, or null. */
  notBefore: number | null;
  /** POSIX seconds: the earliest cosignature that covers it, by another participant or a trusted
   * party; or null. */
  witnessed: number | null;
  /** POSIX seconds: the same by the author's own account, or null. */
  ownAccount: number | null;
  /** Why it has no effect whatever it says, or null: `retired-credentials`, `wrong-participants`. */
  void: 'retired-credentials' | 'wrong-participants' | null;
};

/** The verdict in words, and what it rests on. */
export type VerifyReport = {
  verdict: Verdict;
  completeness: string;
  exercise: boolean;
  checks: BundleCheck[];
  statements: VerifiedStatement[];
  /** Authors whom the caller does not trust to be themselves. */
  untrusted: string[];
  /** Parties whose reply to something is not in this bundle. */
  unanswered: string[];
};

/**
 * Verifies a bundle. `trust` are identifiers of parties that the caller has from elsewhere: within
 * the bundle they certify themselves, so that every check can pass while nobody known stands behind
 * it. `meaning` is the part of `accord` that checking needs. Never throws; no clock: times in the
 * future are for the caller to see.
 *
 * Not checked: bodies of statements, the state of the docket, attachments.
 */
export function verifyBundle(
  bytes: Uint8Array,
  options: { trust: readonly string[]; meaning: Meaning },
): VerifyReport {
  const checks: BundleCheck[] = [];
  const bundle = readBundle(bytes, checks);
  if (bundle === null) return failed(checks);
  const audit = openAudit(bundle, options, checks);
  auditStatements(audit);
  auditDocket(audit);
  auditProofs(audit);
  auditLines(audit);
  auditHeartbeats(audit);
  return conclude(audit);
}

function failed(checks: BundleCheck[]): VerifyReport {
  return {
    verdict: 'invalid',
    completeness: 'incomplete',
    exercise: false,
    checks,
    statements: [],
    untrusted: [],
    unanswered: [],
  };
}

function conclude(audit: Audit): VerifyReport {
  const { checks, exercise, trust } = audit;
  const list = [...audit.statements.values()];
  const participants = audit.participants ?? [];
  const authors = new Set(list.map(({ author }) => author));
  const untrusted = [...authors]
    .filter((party) => audit.participants === null || participants.includes(party))
    .filter((party) => !trust.includes(party))
    .sort();
  const unanswered = audit.meaning.unanswered(list.map(({ id, statement }) => ({ id, statement })));
  const wholeness = wholenessIn(audit);
  const whole = isWhole(audit, wholeness) && unanswered.length === 0;
  const passed = checks.every(({ ok }) => ok);
  const verdict: Verdict = !passed
    ? 'invalid'
    : untrusted.length > 0
      ? 'untrusted'
      : whole
        ? 'valid'
        : 'incomplete';
  const completeness = passed ? describe(audit, wholeness, unanswered) : 'incomplete';
  const statements = reportStatements(audit);
  return { verdict, completeness, exercise, checks, statements, untrusted, unanswered };
}

function wholenessIn(audit: Audit): Wholeness {
  const list = [...audit.statements.values()];
  const refused =
    audit.meaning.refused?.(list.map(({ id, statement }) => ({ id, statement }))) ?? [];
  return wholenessOf(
    list,
    audit.participants ?? [],
    audit.confirmations,
    new Set(refused),
    (id) => {
      const held = audit.statements.get(id);
      if (held === undefined) return null;
      const { witnessed, own } = earliestTimes(audit, held);
      return witnessed ?? own;
    },
  );
}

function isWhole({ participants }: Audit, { missing, confirmed }: Wholeness): boolean {
  if (participants === null || participants.length === 0 || missing.length > 0) return false;
  return participants.every((party) => confirmed.has(party));
}

function describe(audit: Audit, wholeness: Wholeness, unanswered: string[]): string {
  const { missing, confirmed } = wholeness;
  if (audit.participants === null) return 'incomplete: the opening statement is not in this bundle';
  if (missing.length > 0) {
    return `incomplete: ${missing.length} statements that others name are not in this bundle`;
  }
  const silent =
    unanswered.length === 0
      ? ''
      : `; no reply in this bundle from ${unanswered.map((party) => nameOf(audit, party)).join(', ')}`;
  if (isWhole(audit, wholeness)) {
    const times = [...confirmed.values()];
    const known = times.filter((time) => time !== null);
    // The claim reaches no further than the earliest of the confirmations.
    const at = known.length === times.length ? formatTime(Math.min(...known)) : 'a time not stated';
    return `complete to the heads that all confirmed at ${at}${silent}`;
  }
  if (confirmed.size === 0) return `incomplete: nobody confirmed its heads${silent}`;
  const names = [...confirmed.keys()].map((party) => nameOf(audit, party)).join(' and ');
  return `complete by ${names}’s word only${silent}`;
}

function nameOf({ chains }: Audit, party: string): string {
  const names = chains.get(party)?.versions.at(-1)?.body.name ?? {};
  const name = names['en'] ?? Object.values(names)[0];
  const short = party.slice(0, 12);
  return name === undefined ? short : `${name} (${short})`;
}

function reportStatements(audit: Audit): VerifiedStatement[] {
  const expected = audit.participants?.join() ?? null;
  return [...audit.statements.values()].map((held) => {
    const { id, statement, author, authority, origin, index } = held;
    const { offices, delegated, levels } = authority;
    const { witnessed, own } = earliestTimes(audit, held);
    const lines = audit.notBefore.get(id) ?? [];
    const strange = expected !== null && [author, ...statement.to].sort().join() !== expected;
    return {
      id,
      kind: statement.kind,
      from: author,
      offices,
      delegated,
      levels: [...levels],
      origin,
      index,
      receivedBy: [...(audit.receivers.get(id) ?? [])].sort(),
      notBefore: lines.length === 0 ? null : Math.min(...lines),
      witnessed,
      ownAccount: own,
      void: held.retired ? 'retired-credentials' : strange ? 'wrong-participants' : null,
    };
  });
}
