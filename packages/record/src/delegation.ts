/**
 * Verifying `party.delegate`: a duty key is added to a chain, or ended (rulings.md, 9).
 */
import { verifyEnvelope } from './authority.ts';
import { equalBytes } from './bytes.ts';
import {
  isUnderVersion,
  noteKeyOf,
  versionById,
  withDelegation,
  withEnding,
} from './credentials-chain.ts';
import type { Chain, CredentialsVersion } from './credentials-chain.ts';
import type { CredentialsBody } from './credentials-body.ts';
import { parseDelegationBody } from './delegation-body.ts';
import type { DelegationBody, DelegationGrant } from './delegation-body.ts';
import { delegationsMax } from './document-limits.ts';
import { signatureListDigest } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { verifyPartyEntry } from './log-entry-proof.ts';
import { officerKeyBytes } from './officer-key.ts';
import type { OfficerKey } from './officer-key.ts';
import type { LogProof } from './proof.ts';
import { failure, success } from './result.ts';
import type { Result } from './result.ts';
import { parseStatement } from './statement.ts';

export type DelegationCode =
  | 'bad-signature'
  | 'bad-schema'
  | 'bad-text'
  | 'bad-proof'
  | 'too-large'
  | 'insufficient-authority'
  | 'credentials-gap'
  | 'retired-credentials'
  | 'wrong-exercise';

/**
 * Verifies a `party.delegate` statement and enters it in its party's chain; once it is there
 * nothing changes. Delegations and endings may come in any order.
 *
 * Checked: text and shape, `docket` null and `to` empty; the party's own, and of the same exercise
 * or not; the named version is held (`credentials-gap`); every signature, and the solemn threshold
 * by officers of that version (delegates never delegate); the `said` proof; the index rule
 * (`retired-credentials`); that the delegate's office and raw key are not in the version already.
 */
export function verifyDelegation(
  chain: Chain,
  envelope: Envelope,
  said: LogProof,
): Result<{ chain: Chain }, DelegationCode> {
  const read = readDelegation(chain, envelope);
  if (!read.ok) return read;
  const { id, body, version } = read.value;
  const authority = verifyEnvelope(envelope, chain, version.id);
  if (!authority.ok) return authority;
  if (!authority.value.levels.has('solemn')) return failure('insufficient-authority', '');
  const { origin } = version;
  const listDigest = signatureListDigest(envelope.signatures);
  const proved = verifyPartyEntry(said, 'said', id, listDigest, chain, origin);
  if (!proved.ok) return proved;
  const { index } = proved.value;
  if (!isUnderVersion(chain, version, index)) return failure('retired-credentials', '/credentials');
  const place = { id, credentials: version.id, origin, index };
  if ('ends' in body) {
    return success({ chain: withEnding(chain, { ...place, delegation: body.ends }) });
  }
  const wrong = wrongGrant(body, version.body);
  if (wrong !== null) return failure('bad-schema', wrong);
  const known = chain.delegations.some((delegation) => delegation.id === id);
  if (!known && chain.delegations.length >= delegationsMax) return failure('too-large', '');
  return success({ chain: withDelegation(chain, { ...place, party: chain.party, body }) });
}

type Read = { id: string; body: DelegationBody; version: CredentialsVersion };

function readDelegation(chain: Chain, envelope: Envelope): Result<Read, DelegationCode> {
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  if (!parsed.ok) return parsed;
  const { id, statement, exercise } = parsed.value;
  if (statement.kind !== 'party.delegate') return failure('bad-schema', '/kind');
  if (statement.to.length > 0) return failure('bad-schema', '/to');
  if (statement.docket !== null) return failure('bad-schema', '/docket');
  if (statement.terms !== null) return failure('bad-schema', '/terms');
  const body = parseDelegationBody(statement.body);
  if (!body.ok) return failure('bad-schema', `/body${body.path}`, body.detail);
  if (exercise !== chain.exercise) return failure('wrong-exercise', '');
  if (statement.from !== chain.party) return failure('bad-schema', '/from');
  const { credentials } = statement;
  const version = credentials === null ? null : versionById(chain, credentials);
  if (version === null) return failure('credentials-gap', '/credentials');
  return success({ id, body: body.value, version });
}

function wrongGrant(grant: DelegationGrant, body: CredentialsBody): string | null {
  if (Object.hasOwn(body.officers, grant.office)) return '/body/office';
  const raw = officerKeyBytes(grant.key);
  const { automatic } = body.authority;
  const officers = Object.values(body.officers).flatMap(({ keys }): OfficerKey[] => keys);
  const used = [
    ...[...officers, { type: 'ed25519', key: automatic.key } as const].map(officerKeyBytes),
    ...[...body.log.keys, body.witnessKey, body.ownAccountKey].map((v) => noteKeyOf(v).publicKey),
  ];
  return used.some((key) => equalBytes(key, raw)) ? '/body/key' : null;
}
