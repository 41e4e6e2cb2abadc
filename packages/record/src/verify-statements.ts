/**
 * Verification of a bundle, part: its statements, one by one. Who signed, with what authority, at
 * which entry of the author's log.
 */
import { verifyEnvelope } from './authority.ts';
import type { Authority, Level } from './authority.ts';
import { isUnderVersion, versionById } from './credentials-chain.ts';
import type { Chain } from './credentials-chain.ts';
import { signatureListDigest } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { verifyPartyEntry } from './log-entry-proof.ts';
import { parseLogProof } from './proof.ts';
import { failure, success } from './result.ts';
import type { Result } from './result.ts';
import { parseStatement } from './statement.ts';
import type { Statement } from './statement.ts';

/** Which check a statement failed. */
export type StatementProblem = 'text' | 'credentials' | 'said' | 'signatures' | 'authority';

/** A statement that holds: its bytes, its place in its author's log, its signatures. */
export type HeldStatement = {
  id: string;
  statement: Statement;
  exercise: boolean;
  author: string;
  listDigest: Uint8Array;
  authority: Authority;
  origin: string;
  index: number;
  /** The checkpoint of its `said` proof. */
  note: string;
  /** Logged outside the reach of the credentials that it names: it stands, and has no effect. */
  retired: boolean;
};

/**
 * Checks a statement and its `said` proof under its author's chain. `levelNeeded` says what its
 * kind needs; null is an unknown kind, which needs `duty`. Being logged under retired credentials
 * is noted and not a failure: such a statement is void, and its author must not be able to spoil
 * the other side's record with it.
 */
export function checkStatement(
  envelope: Envelope,
  saidText: string,
  chains: ReadonlyMap<string, Chain>,
  levelNeeded: (statement: Statement) => Level | null,
): Result<HeldStatement, StatementProblem> {
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  if (!parsed.ok) return failure('text', '', `${parsed.code} ${parsed.path}`);
  const { id, statement, exercise } = parsed.value;
  const name = id.slice(0, 12);
  const { from, credentials } = statement;
  const chain = from === null ? undefined : chains.get(from);
  if (chain === undefined || from === null || credentials === null) {
    return failure('credentials', '', `${name}: no credentials of its author`);
  }
  const version = versionById(chain, credentials);
  if (version === null) return failure('credentials', '', `${name}: other credentials`);
  if (exercise !== chain.exercise) return failure('text', '', `${name}: wrong-exercise`);
  const { origin } = version;
  const listDigest = signatureListDigest(envelope.signatures);
  const said = parseLogProof(saidText);
  const proved = said.ok
    ? verifyPartyEntry(said.value, 'said', id, listDigest, chain, origin)
    : said;
  if (!proved.ok || !said.ok) return failure('said', '', `${name}: bad-proof`);
  const { index } = proved.value;
  const authority = verifyEnvelope(envelope, chain, credentials, index);
  if (!authority.ok) return failure('signatures', '', `${name}: bad-signature ${authority.path}`);
  const needed = levelNeeded(statement) ?? 'duty';
  if (!authority.value.levels.has(needed)) {
    return failure('authority', '', `${name}: insufficient-authority, needs ${needed}`);
  }
  const retired = !isUnderVersion(chain, version, index);
  const { checkpoint: note } = said.value;
  const place = { origin, index, note, retired };
  return success({
    id,
    statement,
    exercise,
    author: from,
    listDigest,
    authority: authority.value,
    ...place,
  });
}
