/**
 * Verifying a chain of credentials, version by version, as in the rotation of TUF roots
 * (protocol.md, "Party and credentials"; rulings.md, 8).
 */
import { authorityOf, collectChecks, keyTable, verifySignature } from './authority.ts';
import type { Signer } from './authority.ts';
import { parseCredentialsBody } from './credentials-body.ts';
import type { CredentialsBody } from './credentials-body.ts';
import {
  endOfPredecessor,
  frozenAt,
  logKeysOf,
  versionById,
  withVersion,
} from './credentials-chain.ts';
import type { Chain, CredentialsVersion } from './credentials-chain.ts';
import { chainVersionsMax } from './document-limits.ts';
import { logEntry } from './entry.ts';
import { signatureListDigest } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { verifyEntry } from './log-entry-proof.ts';
import type { LogProof } from './proof.ts';
import { failure, success } from './result.ts';
import type { Failure, Result } from './result.ts';
import { parseStatement, partyOf } from './statement.ts';
import type { Statement } from './statement.ts';

export type CredentialsCode =
  | 'bad-signature'
  | 'bad-schema'
  | 'bad-text'
  | 'bad-proof'
  | 'too-large'
  | 'insufficient-authority'
  | 'credentials-gap'
  | 'credentials-fork'
  | 'wrong-exercise';

type Candidate = { id: string; party: string; statement: Statement; body: CredentialsBody };

/** How a verified version stands to a chain. */
type Judgement =
  | { standing: 'known' }
  | { standing: 'next'; version: CredentialsVersion }
  | { standing: 'rival'; version: CredentialsVersion; predecessor: CredentialsVersion };

/**
 * Verifies one version of a party's credentials and extends the chain by it; `chain` is null for
 * version 1. A version that the chain has already leaves it as it is, so that nothing rolls back;
 * its signatures and proof are then not looked at again.
 *
 * Checked, in this order: text and shape; that it follows the chain (`credentials-gap`); that it is
 * an exercise's exactly if the chain is (`wrong-exercise`); every signature, under version n or n+1
 * (`bad-signature`); the root thresholds of both (`insufficient-authority`); its `said` proof under
 * its own log keys, and its place (`bad-proof`). A valid version n+1 beside another, or on a frozen
 * chain, is `credentials-fork`: keep both and call `freezeChain`.
 */
export function verifyCredentials(
  chain: Chain | null,
  envelope: Envelope,
  said: LogProof,
): Result<{ chain: Chain }, CredentialsCode> {
  const judged = judge(chain, envelope, said);
  if (!judged.ok) return judged;
  const judgement = judged.value;
  if (judgement.standing === 'next')
    return success({ chain: withVersion(chain, judgement.version) });
  if (judgement.standing === 'known' && chain !== null) return success({ chain });
  return failure('credentials-fork', '', 'two valid successors of one version');
}

/**
 * The chain after a version that `verifyCredentials` called `credentials-fork`: frozen at version
 * n, which ends at the lower of the two places. Verifies everything again. A version that is no
 * rival leaves the chain as it is.
 */
export function freezeChain(
  chain: Chain,
  envelope: Envelope,
  said: LogProof,
): Result<{ chain: Chain }, CredentialsCode> {
  const judged = judge(chain, envelope, said);
  if (!judged.ok) return judged;
  const judgement = judged.value;
  if (judgement.standing !== 'rival') return success({ chain });
  const { version, predecessor } = judgement;
  const standing = chain.versions[predecessor.version];
  const ends = [version, ...(standing === undefined ? [] : [standing])].map((next) =>
    endOfPredecessor(predecessor, next),
  );
  return success({ chain: frozenAt(chain, predecessor.version, Math.min(...ends)) });
}

function judge(
  chain: Chain | null,
  envelope: Envelope,
  said: LogProof,
): Result<Judgement, CredentialsCode> {
  const read = readCandidate(envelope);
  if (!read.ok) return read;
  const candidate = read.value;
  if (chain !== null && versionById(chain, candidate.id) !== null) {
    return success({ standing: 'known' });
  }
  const found = findPredecessor(chain, candidate);
  if (!found.ok) return found;
  const predecessor = found.value;
  const wrong =
    wrongExercise(predecessor, candidate, chain) ??
    wrongAuthority(predecessor, candidate, envelope);
  if (wrong !== null) return wrong;
  const placed = place(chain, predecessor, candidate, envelope, said);
  if (!placed.ok) return placed;
  const version = placed.value;
  if (predecessor === null || chain === null) return success({ standing: 'next', version });
  const occupied = chain.frozen || chain.versions.length > predecessor.version;
  return success(
    occupied ? { standing: 'rival', version, predecessor } : { standing: 'next', version },
  );
}

function readCandidate(envelope: Envelope): Result<Candidate, CredentialsCode> {
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  if (!parsed.ok) return parsed;
  const { id, statement, exercise } = parsed.value;
  if (statement.kind !== 'party.credentials') return failure('bad-schema', '/kind');
  if (statement.to.length > 0) return failure('bad-schema', '/to');
  if (statement.docket !== null) return failure('bad-schema', '/docket');
  if (statement.terms !== null) return failure('bad-schema', '/terms');
  const body = parseCredentialsBody(statement.body);
  if (!body.ok) return failure('bad-schema', `/body${body.path}`, body.detail);
  const { version, previous } = body.value;
  if ((version === 1) !== (statement.from === null)) return failure('bad-schema', '/from');
  if (statement.credentials !== previous) return failure('bad-schema', '/credentials');
  if (body.value.exercise !== exercise) return failure('wrong-exercise', '/body/exercise');
  return success({ id, party: partyOf(id, statement), statement, body: body.value });
}

function findPredecessor(
  chain: Chain | null,
  { party, body }: Candidate,
): Result<CredentialsVersion | null, CredentialsCode> {
  if (chain === null) {
    if (body.version === 1) return success(null);
    return failure('credentials-gap', '/body/version', 'version 1 comes first');
  }
  if (party !== chain.party) return failure('credentials-gap', '/from', 'another party');
  const predecessor = chain.versions[body.version - 2];
  if (predecessor === undefined || body.version > chainVersionsMax) {
    return failure('credentials-gap', '/body/version', `we hold ${chain.versions.length}`);
  }
  if (predecessor.id !== body.previous) return failure('credentials-gap', '/body/previous');
  return success(predecessor);
}

function wrongExercise(
  predecessor: CredentialsVersion | null,
  { body }: Candidate,
  chain: Chain | null,
): Failure<'wrong-exercise'> | null {
  if (predecessor === null || chain === null || body.exercise === chain.exercise) return null;
  return failure('wrong-exercise', '/body/exercise', 'fixed for ever by version 1');
}

// Every signature by an officer of version n or n+1; the root thresholds of both, each counted over
// its own officers. Neither delegates nor the node's own key have a part in it.
function wrongAuthority(
  predecessor: CredentialsVersion | null,
  candidate: Candidate,
  envelope: Envelope,
): Failure<'bad-signature' | 'insufficient-authority'> | null {
  const bodies = [...(predecessor === null ? [] : [predecessor.body]), candidate.body];
  const tables = bodies.map(keyTable);
  const officerKey = (keyid: string) => {
    for (const table of tables) {
      const found = table.get(keyid);
      if (found !== undefined && found.signer.office !== 'automatic') return found;
    }
    return null;
  };
  const collected = collectChecks(envelope, officerKey);
  if (!collected.ok) return collected;
  const failed = collected.value.checks.findIndex((check) => !verifySignature(check));
  if (failed !== -1) return failure('bad-signature', `/signatures/${failed}`);
  for (const [position, body] of bodies.entries()) {
    const signers = envelope.signatures.flatMap(({ keyid }): Signer[] => {
      const found = tables[position]?.get(keyid);
      return found === undefined ? [] : [found.signer];
    });
    if (!authorityOf(body, signers).levels.has('root')) {
      return failure('insufficient-authority', '', `root of version ${body.version}`);
    }
  }
  return null;
}

function place(
  chain: Chain | null,
  predecessor: CredentialsVersion | null,
  { id, body }: Candidate,
  envelope: Envelope,
  said: LogProof,
): Result<CredentialsVersion, 'bad-proof' | 'bad-schema'> {
  const entry = logEntry('said', id, signatureListDigest(envelope.signatures));
  const { origin, previous } = body.log;
  const proved = verifyEntry(said, entry, origin, () => logKeysOf(body));
  if (!proved.ok) return proved;
  const { index } = proved.value;
  const moved = predecessor !== null && predecessor.origin !== origin;
  if (moved !== (previous !== null)) return failure('bad-schema', '/body/log/previous');
  if (moved && chain !== null && previous !== null) {
    const used = chain.versions.slice(0, predecessor.version).some((v) => v.origin === origin);
    if (used) return failure('bad-schema', '/body/log/origin', 'a log that was left');
    if (previous.origin !== predecessor.origin || previous.size <= predecessor.index) {
      return failure('bad-schema', '/body/log/previous');
    }
    if (index !== 0) return failure('bad-proof', '/index', 'entry 0 of the new log');
  } else if (predecessor !== null && index <= predecessor.index) {
    return failure('bad-proof', '/index', 'before the version that it follows');
  }
  return success({ id, version: body.version, body, origin, index, envelope });
}
