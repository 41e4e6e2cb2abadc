/**
 * Verification of a bundle, part: the steps of the checklist. Each looks at one thing and enters
 * one named check; `verify.ts` says in which order and what follows.
 */
import type { Level } from './authority.ts';
import { parseBundle } from './bundle.ts';
import type { Bundle, BundledHeartbeat } from './bundle.ts';
import { concatBytes, decodeBase64, decodeHex } from './bytes.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Chain } from './credentials-chain.ts';
import { statementId } from './envelope.ts';
import { canonicalJsonBytes } from './json.ts';
import type { JsonValue } from './json.ts';
import { verifyPartyEntry } from './log-entry-proof.ts';
import { verifyInclusion } from './merkle.ts';
import { parseLogProof } from './proof.ts';
import { sha256 } from '#primitives';
import { isCount, isDigest } from './shape.ts';
import { channelDocket } from './statement.ts';
import type { Statement } from './statement.ts';
import type { Confirmation } from './verify-completeness.ts';
import {
  checkAnchors,
  checkNote,
  cosignerOf,
  idleWitnesses,
  openLineBook,
} from './verify-lines.ts';
import type { LineBook, LineTime } from './verify-lines.ts';
import { checkParties } from './verify-parties.ts';
import { checkStatement } from './verify-statements.ts';
import type { HeldStatement, StatementProblem } from './verify-statements.ts';

/** A named step of the checklist; `detail` is one sentence, with what failed first. */
export type BundleCheck = { name: string; ok: boolean; detail: string };

/** What verification must be told of the meaning of kinds; `accord` has it. */
export type Meaning = {
  /** The least authority of a kind; null for an unknown kind, which needs `duty`. */
  levelOf(kind: string, body: { [member: string]: JsonValue }): Level | null;
  /** Whether a statement of the kind opens a docket. */
  opens(kind: string): boolean;
  /** Who owes an answer that is not here: respondents of allegations, and the like. */
  unanswered(statements: { id: string; statement: Statement }[]): string[];
  /** Ids that statements refuse; they count as taken although they are not here. */
  refused?(statements: { id: string; statement: Statement }[]): string[];
};

/** Everything found out so far. */
export type Audit = {
  bundle: Bundle;
  meaning: Meaning;
  trust: readonly string[];
  checks: BundleCheck[];
  chains: ReadonlyMap<string, Chain>;
  book: LineBook;
  /** Statements of the docket that hold, by id. */
  statements: Map<string, HeldStatement>;
  /** Cosignature times on checkpoints that cover an entry, by "origin index". */
  times: Map<string, LineTime[]>;
  /** Who provably holds a statement, by its id. */
  receivers: Map<string, Set<string>>;
  /** Times of the lines that a statement's anchors commit to, without its author's own. */
  notBefore: Map<string, number[]>;
  /** Null where the opening is not here. */
  participants: string[] | null;
  confirmations: Confirmation[];
  exercise: boolean;
};

/** Step 1: one canonical document. Null, and a failed check, where it cannot be read. */
export function readBundle(bytes: Uint8Array, checks: BundleCheck[]): Bundle | null {
  const parsed = parseBundle(bytes);
  const problem = parsed.ok
    ? []
    : [`${parsed.path} ${parsed.detail ?? ''}`.trim() || 'not a bundle'];
  enter(checks, 'document', problem, 'one canonical document without unsigned fields');
  return parsed.ok ? parsed.value : null;
}

/** Step 2: credentials of every party, from version 1; then delegations under them. */
export function openAudit(
  bundle: Bundle,
  options: { trust: readonly string[]; meaning: Meaning },
  checks: BundleCheck[],
): Audit {
  const { chains, credentialsProblems, delegationProblems } = checkParties(bundle);
  const frozen = [...chains.values()].filter((chain) => chain.frozen).length;
  const note = frozen === 0 ? '' : `, ${frozen} frozen by rival successors`;
  enter(checks, 'credentials', credentialsProblems, `${chains.size} parties${note}`);
  if (bundle.delegations !== undefined) {
    enter(checks, 'delegations', delegationProblems, `${bundle.delegations.length} delegations`);
  }
  return {
    bundle,
    ...options,
    checks,
    chains,
    book: openLineBook(chains.values(), bundle.witnesses ?? []),
    statements: new Map(),
    times: new Map(),
    receivers: new Map(),
    notBefore: new Map(),
    participants: null,
    confirmations: [],
    exercise: false,
  };
}

/** Step 3: text, signatures, authority and `said` proof of each statement of the docket. */
export function auditStatements(audit: Audit): void {
  const problems: { [problem in StatementProblem]: string[] } = {
    text: [],
    credentials: [],
    said: [],
    signatures: [],
    authority: [],
  };
  for (const { envelope, said } of audit.bundle.envelopes) {
    const checked = checkStatement(envelope, said, audit.chains, levelIn(audit));
    if (checked.ok) audit.statements.set(checked.value.id, checked.value);
    else problems[checked.code].push(checked.detail ?? '');
  }
  const count = `${audit.bundle.envelopes.length} statements`;
  const retired = [...audit.statements.values()].filter((held) => held.retired);
  const none = audit.bundle.envelopes.length === 0 ? ['no statement'] : [];
  enter(audit.checks, 'statements', [...none, ...problems.text, ...problems.credentials], count);
  enter(audit.checks, 'said', problems.said, `${count} in their authors’ logs`);
  enter(audit.checks, 'signatures', problems.signatures, `all signatures of ${count}`);
  const noEffect =
    retired.length === 0
      ? ''
      : `; without effect under retired credentials: ${retired.map(({ id }) => id.slice(0, 12)).join(', ')}`;
  enter(audit.checks, 'authority', problems.authority, `as each kind needs${noEffect}`);
}

/** Step 4: one docket, between the same participants, all of an exercise or none. */
export function auditDocket(audit: Audit): void {
  const problems: string[] = [];
  const { docket } = audit.bundle;
  const opening = audit.statements.get(docket);
  if (opening !== undefined) {
    const { kind, body } = opening.statement;
    const unknown = audit.meaning.levelOf(kind, body) === null;
    if (opening.statement.docket !== null || !(audit.meaning.opens(kind) || unknown)) {
      problems.push('the first statement does not open a docket');
    }
    audit.participants = [opening.author, ...opening.statement.to].sort();
  }
  for (const { id, statement } of audit.statements.values()) {
    if (id !== docket && statement.docket !== docket) {
      problems.push(`${id.slice(0, 12)} belongs to another docket`);
    }
  }
  audit.participants ??= channelParticipants(audit);
  const exercises = new Set([...audit.statements.values()].map(({ exercise }) => exercise));
  if (exercises.size > 1) problems.push('wrong-exercise');
  audit.exercise = exercises.has(true);
  enter(
    audit.checks,
    'docket',
    problems,
    audit.exercise ? 'one docket of an exercise' : 'one docket',
  );
}

/** Step 5: receipts and further proofs. */
export function auditProofs(audit: Audit): void {
  const problems: string[] = [];
  const known = new Set(
    [
      ...audit.bundle.envelopes,
      ...audit.bundle.credentials,
      ...(audit.bundle.delegations ?? []),
      ...audit.bundle.heartbeats,
    ].map(({ envelope }) => statementId(envelope.payloadType, envelope.payload)),
  );
  for (const { statement, party, role, listDigest, proof } of audit.bundle.proofs) {
    const name = `${role} ${statement.slice(0, 12)} by ${party.slice(0, 12)}`;
    const chain = audit.chains.get(party);
    const parsed = parseLogProof(proof);
    const digest = decodeHex(listDigest);
    const origin = parsed.ok ? originOf(parsed.value.checkpoint) : null;
    if (!known.has(statement)) problems.push(`${name}: of a statement that is not here`);
    else if (chain === undefined || digest === null || !parsed.ok || origin === null) {
      problems.push(`${name}: bad-proof`);
    } else {
      const proved = verifyPartyEntry(parsed.value, role, statement, digest, chain, origin);
      if (!proved.ok) {
        problems.push(`${name}: bad-proof`);
        continue;
      }
      takeTimes(audit, origin, proved.value.index, parsed.value.checkpoint, party);
      if (role === 'held') receiversOf(audit, statement).add(party);
    }
  }
  const receipts = audit.bundle.proofs.filter(({ role }) => role === 'held').length;
  enter(audit.checks, 'receipts', problems, `${receipts} receipts`);
}

/** Step 6: every signature line of every checkpoint, and every line of the anchors. */
export function auditLines(audit: Audit): void {
  const problems: string[] = [];
  for (const { note, owner } of allNotes(audit)) {
    const checked = checkNote(audit.book, note, owner);
    if (!checked.ok) problems.push(checked.problem);
  }
  const anchors: string[] = [];
  for (const { envelope, anchor } of audit.bundle.envelopes) {
    const id = statementId(envelope.payloadType, envelope.payload);
    const held = audit.statements.get(id);
    if (held === undefined) continue;
    const times = checkAnchors(audit.book, held.statement.anchor, anchor);
    if (times === null) anchors.push(`${id.slice(0, 12)}: not the lines that it commits to`);
    else {
      const others = times.filter(({ vkey }) => cosignerOf(audit.book, vkey) !== held.author);
      audit.notBefore.set(
        id,
        others.map(({ time }) => time),
      );
    }
  }
  for (const vkey of idleWitnesses(audit.book)) problems.push(`${vkey} signed nothing here`);
  for (const { id, author, origin, index, note } of audit.statements.values()) {
    takeTimes(audit, origin, index, note, author);
    receiversOf(audit, id);
  }
  enter(audit.checks, 'anchors', anchors, 'the lines that statements commit to');
  enter(audit.checks, 'checkpoints', problems, 'every signature line known and verified');
}

/** Step 7: heartbeats that confirm the docket, and the leaf of this docket in each. */
export function auditHeartbeats(audit: Audit): void {
  const problems: string[] = [];
  for (const heartbeat of audit.bundle.heartbeats) {
    const problem = auditHeartbeat(audit, heartbeat);
    if (problem !== null) problems.push(problem);
  }
  enter(audit.checks, 'heartbeats', problems, `${audit.bundle.heartbeats.length} heartbeats`);
}

/**
 * The earliest times at which an entry was covered: by cosigners whom the docket or the caller
 * vouches for, other than its log's owner; and by the owner's own account.
 */
export function earliestTimes(
  audit: Audit,
  { origin, index, author }: HeldStatement,
): { witnessed: number | null; own: number | null } {
  const times = audit.times.get(`${origin} ${index}`) ?? [];
  const least = (list: LineTime[]): number | null =>
    list.length === 0 ? null : Math.min(...list.map(({ time }) => time));
  const vouched = [...(audit.participants ?? []), ...audit.trust].filter((p) => p !== author);
  return {
    witnessed: least(times.filter(({ party }) => party !== null && vouched.includes(party))),
    own: least(times.filter(({ purpose }) => purpose === 'own-account')),
  };
}

function auditHeartbeat(audit: Audit, heartbeat: BundledHeartbeat): string | null {
  const { envelope, said, leaf, index, path } = heartbeat;
  const checked = checkStatement(envelope, said, audit.chains, levelIn(audit));
  if (!checked.ok) return checked.detail ?? 'a heartbeat that does not verify';
  const held = checked.value;
  const name = held.id.slice(0, 12);
  const { kind, to, docket, body } = held.statement;
  const [receiver] = to;
  if (kind !== 'channel.test' || receiver === undefined || to.length !== 1) {
    return `${name}: not a heartbeat`;
  }
  if (docket !== channelDocket(held.author, receiver)) return `${name}: not in its channel`;
  if (leaf.docket !== audit.bundle.docket) return `${name}: of another docket`;
  const { salt: saltHex, count, root: rootHex } = body;
  const salt = typeof saltHex === 'string' ? decodeHex(saltHex) : null;
  const root = isDigest(rootHex) ? decodeHex(rootHex) : null;
  if (salt === null || root === null || !isCount(count)) return `${name}: not a heartbeat`;
  const values = [leaf.docket, leaf.heads, leaf.inputDigest, leaf.stateDigest];
  const entry = sha256(concatBytes(salt, canonicalJsonBytes(values)));
  const hashes = path.flatMap((hash) => decodeBase64(hash) ?? []);
  if (!verifyInclusion(entry, index, count, hashes, root)) return `${name}: leaf not in its root`;
  takeTimes(audit, held.origin, held.index, held.note, held.author);
  if (!held.retired) {
    const { witnessed, own } = earliestTimes(audit, held);
    audit.confirmations.push({
      party: held.author,
      heads: leaf.heads,
      time: witnessed ?? own,
    });
  }
  return null;
}

function levelIn({ meaning }: Audit): (statement: Statement) => Level | null {
  return ({ kind, body }) => meaning.levelOf(kind, body);
}

function channelParticipants(audit: Audit): string[] | null {
  for (const { author, statement } of audit.statements.values()) {
    const [other] = statement.to;
    if (other === undefined || statement.to.length !== 1) continue;
    if (channelDocket(author, other) === audit.bundle.docket) return [author, other].sort();
  }
  return null;
}

function takeTimes(audit: Audit, origin: string, index: number, note: string, owner: string): void {
  const checked = checkNote(audit.book, note, owner);
  if (!checked.ok) return;
  const name = `${origin} ${index}`;
  const known = audit.times.get(name) ?? [];
  known.push(...checked.times);
  audit.times.set(name, known);
}

function receiversOf(audit: Audit, id: string): Set<string> {
  const known = audit.receivers.get(id) ?? new Set<string>();
  audit.receivers.set(id, known);
  return known;
}

function originOf(checkpointNote: string): string | null {
  const end = checkpointNote.indexOf('\n\n');
  const checkpoint = parseCheckpoint(checkpointNote.slice(0, end + 1));
  return checkpoint.ok ? checkpoint.value.origin : null;
}

/** Every checkpoint in the bundle, with the party whose log it is of. */
function allNotes(audit: Audit): { note: string; owner: string }[] {
  const { envelopes, credentials, delegations = [], heartbeats, proofs } = audit.bundle;
  const owners = new Map<string, string>();
  for (const { party, versions } of audit.chains.values()) {
    for (const { origin } of versions) if (!owners.has(origin)) owners.set(origin, party);
  }
  const texts = [
    ...[...envelopes, ...credentials, ...delegations, ...heartbeats].map(({ said }) => said),
    ...proofs.map(({ proof }) => proof),
  ];
  return texts.flatMap((text) => {
    const parsed = parseLogProof(text);
    if (!parsed.ok) return [];
    const note = parsed.value.checkpoint;
    return [{ note, owner: owners.get(originOf(note) ?? '') ?? '' }];
  });
}

const shownProblemsMax = 5;

function enter(checks: BundleCheck[], name: string, problems: string[], summary: string): void {
  const more = problems.length - shownProblemsMax;
  const shown = problems.slice(0, shownProblemsMax).join('; ');
  const detail = problems.length === 0 ? summary : more > 0 ? `${shown}; and ${more} more` : shown;
  checks.push({ name, ok: problems.length === 0, detail });
}
