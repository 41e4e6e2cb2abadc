/**
 * What is asked of an envelope before it is taken in, in this order (protocol.md, Intake; rulings
 * 7 and 9 to 13): text and shape, a known author, the same world (exercise or not), the `said`
 * proof, every signature, the kind's schema, its authority, and that we are addressed.
 *
 * Verified before trusted: the payload is parsed strictly to learn whose keys to use, and nothing
 * in it is acted on before its signatures and its `said` proof hold. Pure but for what it is given;
 * the signatures of a whole pouch are verified together between `prepare` and `conclude`.
 */
import { levelOf, parseBody, chainOf } from '@comity/accord';
import {
  channelDocket,
  formatEnvelope,
  authorityOf,
  logEntry,
  parseStatement,
  partyOf,
  signatureChecks,
  signatureListDigest,
  statementId,
} from '@comity/record';
import type { Chain, Envelope, Level, SignatureCheck, Signer, Statement } from '@comity/record';
import type { HeldJob } from '../log/jobs.ts';
import type { PartyState } from '../store/schema.ts';
import { divideAnchorLines } from './anchors.ts';
import type { ProofChecks } from './proof-checks.ts';

/** Codes of a signed refusal (protocol.md, Intake; rulings.md, 7). */
export type RefusalCode =
  | 'bad-proof'
  | 'bad-schema'
  | 'bad-signature'
  | 'bad-text'
  | 'credentials-gap'
  | 'insufficient-authority'
  | 'not-addressed'
  | 'rate-limited'
  | 'too-large'
  | 'unreadable'
  | 'wrong-exercise';

/** Why an envelope is left alone without a word, beyond a counter. */
export type IgnoredReason = 'unknown-author' | 'not-paired' | 'own-statement' | 'bad-refusal';

/** An envelope as it came in a pouch. */
export interface ComingEnvelope {
  envelope: Envelope;
  /** tlog-proof text. */
  said: string;
  anchorLines: string[];
}

/** What is known of a party when its statements come. */
export interface KnownAuthor {
  chain: Chain;
  state: PartyState;
}

export interface EnvelopeContext {
  self: string;
  exercise: boolean;
  /** The manifest's signer, and whether it is confirmed. */
  sender: string;
  author(party: string): KnownAuthor | null;
  proofs: ProofChecks;
}

/** A refusal that is due; `statement` is null where the payload could not be read as one. */
export interface DueRefusal {
  outcome: 'refuse';
  id: string;
  code: RefusalCode;
  coming: ComingEnvelope;
  statement: Statement | null;
  author: string | null;
  /** Where the author's log has it; null where the `said` proof did not hold. */
  said: HeldJob['said'] | null;
}

/** An envelope whose signatures remain to be verified. */
export interface PendingEnvelope {
  outcome: 'pending';
  id: string;
  author: string;
  statement: Statement;
  chain: Chain;
  coming: ComingEnvelope;
  said: HeldJob['said'];
  listDigest: Uint8Array;
  checks: SignatureCheck[];
  /** Whose key each check is by. */
  signers: Signer[];
}

export type Prepared =
  | PendingEnvelope
  | DueRefusal
  | { outcome: 'ignore'; id: string; reason: IgnoredReason }
  | { outcome: 'ask'; id: string; credentials: string };

export type Concluded =
  | { outcome: 'take'; job: HeldJob; level: Level | null }
  | DueRefusal
  | { outcome: 'ignore'; id: string; reason: IgnoredReason };

/** An envelope with its name, read strictly; nothing is verified yet. */
export interface ReadEnvelope {
  id: string;
  coming: ComingEnvelope;
  parsed: ReturnType<typeof parseStatement>;
  /** Whom it says it is from; null where the payload could not be read. */
  author: string | null;
}

/** Reads the payload of a coming envelope. */
export function readEnvelope(coming: ComingEnvelope): ReadEnvelope {
  const { payload, payloadType } = coming.envelope;
  const parsed = parseStatement(payload, payloadType);
  if (!parsed.ok) return { id: statementId(payloadType, payload), coming, parsed, author: null };
  const { id, statement } = parsed.value;
  return { id, coming, parsed, author: partyOf(id, statement) };
}

/** Everything that can be decided before the signatures. */
export function prepare(context: EnvelopeContext, read: ReadEnvelope): Prepared {
  const { id, coming, parsed, author } = read;
  const { envelope } = coming;
  if (!parsed.ok || author === null) {
    const code = parsed.ok ? 'bad-schema' : parsed.code;
    return refusal(id, code, coming, null, null, null);
  }
  const { statement, exercise } = parsed.value;
  if (author === context.self) return { outcome: 'ignore', id, reason: 'own-statement' };
  const known = context.author(author);
  if (known === null) return { outcome: 'ignore', id, reason: 'unknown-author' };
  if (!mayCome(context, known.state, author, statement)) {
    return { outcome: 'ignore', id, reason: 'not-paired' };
  }
  if (exercise !== context.exercise || exercise !== known.chain.exercise) {
    return refusal(id, 'wrong-exercise', coming, statement, author, null);
  }
  const listDigest = signatureListDigest(envelope.signatures);
  const leaf = logEntry('said', id, listDigest);
  const proof = context.proofs.check(known.chain, coming.said, leaf);
  if (!proof.ok) return refusal(id, 'bad-proof', coming, statement, author, null);
  const { checkpoint } = proof.value;
  const said = {
    origin: checkpoint.origin,
    index: proof.value.proof.index,
    size: checkpoint.size,
    proof: coming.said,
  };
  const credentials = statement.credentials ?? id;
  if (!known.chain.versions.some((version) => version.id === credentials)) {
    // The author itself has to send its credentials first; from others the chain is asked for.
    if (author !== context.sender) return { outcome: 'ask', id, credentials };
    return refusal(id, 'credentials-gap', coming, statement, author, said);
  }
  const checks = signatureChecks(envelope, known.chain, credentials, said.index);
  if (!checks.ok) return refusal(id, 'bad-signature', coming, statement, author, said);
  return {
    outcome: 'pending',
    id,
    author,
    statement,
    chain: known.chain,
    coming,
    said,
    listDigest,
    checks: checks.value.checks,
    signers: checks.value.signers,
  };
}

/** The rest, once each of `pending.checks` is known to hold or not. */
export function conclude(
  context: EnvelopeContext,
  pending: PendingEnvelope,
  results: readonly boolean[],
): Concluded {
  const { id, statement, coming, author, said, chain } = pending;
  const refuse = (code: RefusalCode) => refusal(id, code, coming, statement, author, said);
  const all = results.length === pending.checks.length && results.every((each) => each);
  if (!all || results.length === 0) return refuse('bad-signature');
  // A kind that we do not know has no schema and no level; it is taken in and has no effect.
  if (!parseBody(statement.kind, statement.body).ok) return refuse('bad-schema');
  const level = levelOf(statement.kind, statement.body);
  const version = chain.versions.find((each) => each.id === (statement.credentials ?? id));
  const met = version === undefined ? null : authorityOf(version.body, pending.signers).levels;
  // A kind that we do not know needs a duty signature (rulings.md, 13).
  if (met === null || !met.has(level ?? 'duty')) return refuse('insufficient-authority');
  const publicKind = statement.kind === 'party.delegate';
  if (!publicKind && !statement.to.includes(context.self)) return refuse('not-addressed');
  const divided = divideAnchorLines(statement.anchor, coming.anchorLines);
  return {
    outcome: 'take',
    level,
    job: {
      id,
      statement,
      envelope: coming.envelope,
      envelopeBytes: formatEnvelope(coming.envelope),
      docket: docketOf(id, statement),
      chain: chainOf(statement.kind, statement.body),
      // Lines that the anchor does not commit to are worth nothing; the right ones may still come.
      anchorLines: divided === null ? [] : coming.anchorLines,
      listDigest: pending.listDigest,
      author,
      said,
      introducedBy: author === context.sender ? null : context.sender,
      receiptTo: [],
      refused: null,
    },
  };
}

/** Docket of a statement as in the statements table: '' for party.*, its own id where it opens. */
export function docketOf(id: string, statement: Statement): string {
  if (statement.kind === 'party.credentials' || statement.kind === 'party.delegate') return '';
  return statement.docket ?? id;
}

/** Everybody in the docket of a statement but us. */
export function othersIn(statement: Statement, author: string, self: string): string[] {
  return [...new Set([author, ...statement.to])].filter((party) => party !== self).sort();
}

/** Whether a statement takes the reserve lane: flash, signals and channel.* (protocol.md, Intake). */
export function takesReserve(statement: Statement): boolean {
  if (statement.kind.startsWith('channel.') || statement.kind.startsWith('signal.')) return true;
  return statement.body['priority'] === 'flash';
}

// Rulings.md, 10: before the pairing stands only party.* and channel.pair may come; what others
// pass on must be of a docket that they share with us.
function mayCome(
  context: EnvelopeContext,
  state: PartyState,
  author: string,
  statement: Statement,
): boolean {
  if (statement.kind === 'party.delegate') return true;
  if (statement.kind === 'channel.pair' && author === context.sender) return state !== 'introduced';
  const senderState = context.author(context.sender)?.state;
  if (senderState !== 'confirmed') return false;
  if (author === context.sender) return true;
  // Whatever we think of the author ourselves: a counterpart in the same docket introduces it.
  return statement.to.includes(context.sender) && statement.to.includes(context.self);
}

function refusal(
  id: string,
  code: RefusalCode,
  coming: ComingEnvelope,
  statement: Statement | null,
  author: string | null,
  said: HeldJob['said'] | null,
): DueRefusal {
  return { outcome: 'refuse', id, code, coming, statement, author, said };
}

/** Where a refusal is said and to whom (rulings.md, 11 and 16). */
export function refusalPlace(
  self: string,
  sender: string,
  due: Pick<DueRefusal, 'id' | 'code' | 'statement' | 'author' | 'said'>,
): { docket: string; to: string[] } {
  const { id, statement, author, said } = due;
  const channel = { docket: channelDocket(self, sender), to: [sender] };
  // Only what its author has provably said or sent, and to us, is refused before all the others:
  // whoever passes on a spoilt copy of a statement must not get the statement itself refused.
  if (statement === null || author === null || due.code === 'wrong-exercise') return channel;
  if (said === null && author !== sender) return channel;
  const docket = docketOf(id, statement);
  if (docket === '' || !statement.to.includes(self)) return channel;
  return { docket, to: othersIn(statement, author, self) };
}
