/**
 * Who signed, and with what authority (protocol.md, "Party and credentials", "Statement"; accord.md,
 * "Authority"). Thresholds count officers, never keys.
 */
import { decodeBase64 } from './bytes.ts';
import { automaticOffice } from './credentials-body.ts';
import type { CredentialsBody, Threshold } from './credentials-body.ts';
import { delegationsInForce, versionById } from './credentials-chain.ts';
import type { Chain, CredentialsVersion, Delegation } from './credentials-chain.ts';
import type { DelegationGrant } from './delegation-body.ts';
import { isExercisePayloadType, preAuthEncoding, statementId } from './envelope.ts';
import type { Envelope, EnvelopeSignature } from './envelope.ts';
import type { KeyType } from './keys.ts';
import { officerKeyBytes, officerKeyId, officerKeyType } from './officer-key.ts';
import type { OfficerKey } from './officer-key.ts';
import { ed25519Verify, es256Verify, mlDsa44Verify } from '#primitives';
import type { SignatureCheck } from '#primitives';
import { failure, success } from './result.ts';
import type { Result } from './result.ts';
import { parseStatement } from './statement.ts';
import { assertionCheck } from './webauthn.ts';

/** Levels of authority, from the node's own key to the keepers of the credentials. */
export type Level = 'automatic' | 'duty' | 'solemn' | 'root';

/** Whose key made one signature; `delegated` for a key that a delegation added. */
export type Signer = { office: string; keyType: KeyType; delegated: boolean };

/** What must be verified of an envelope, and whose each signature is, in one order. */
export type SignatureChecks = { checks: SignatureCheck[]; offices: string[]; signers: Signer[] };

/** Officers who signed in full, delegates apart; both sorted. `offices` may hold 'automatic'. */
export type Signatories = { offices: string[]; delegated: string[] };

/** The verified authority of an envelope. */
export type Authority = Signatories & { levels: ReadonlySet<Level> };

type TableKey = { key: OfficerKey; publicKey: Uint8Array; signer: Signer };

/**
 * What has to be verified so that an envelope counts under a version of its author's credentials.
 *
 * Every signature must be by an officer of that version, by its automatic key, or by a delegation
 * in force at `index` of the version's log (without an index: not ended); else `bad-signature`, as
 * for wrong passkey fields, for an envelope without signatures, and for a payload type that is an
 * exercise's where the party is not, or the other way round. A delegate's key counts for the kinds
 * that the delegation names and for no others. Verify the checks, all of them, then ask
 * `officesThatSigned` and `levelsMet`; or call `verifyEnvelope`.
 */
export function signatureChecks(
  envelope: Envelope,
  chain: Chain,
  credentialsId: string,
  index?: number,
): Result<SignatureChecks, 'bad-signature'> {
  const version = versionById(chain, credentialsId);
  if (version === null) return failure('bad-signature', '', 'unknown credentials');
  if (isExercisePayloadType(envelope.payloadType) !== chain.exercise) {
    return failure('bad-signature', '', 'an exercise signature counts in exercises only');
  }
  const table = keyTable(version.body);
  return collectChecks(envelope, (keyid) => {
    return table.get(keyid) ?? delegateKey(envelope, chain, version, keyid, index);
  });
}

/**
 * Verifies every signature of an envelope under a version of its author's credentials, in this
 * thread. Not checked: that the statement names this version, the index rule, what level the kind
 * needs.
 */
export function verifyEnvelope(
  envelope: Envelope,
  chain: Chain,
  credentialsId: string,
  index?: number,
): Result<Authority, 'bad-signature'> {
  const version = versionById(chain, credentialsId);
  const collected = signatureChecks(envelope, chain, credentialsId, index);
  if (!collected.ok) return collected;
  if (version === null) return failure('bad-signature', '');
  const failed = collected.value.checks.findIndex((check) => !verifySignature(check));
  if (failed !== -1) return failure('bad-signature', `/signatures/${failed}`);
  return success(authorityOf(version.body, collected.value.signers));
}

/** The authority of signers whose signatures were verified, all of one envelope. */
export function authorityOf(body: CredentialsBody, signers: readonly Signer[]): Authority {
  const signatories = officesThatSigned(body, signers);
  const { offices, delegated } = signatories;
  return { ...signatories, levels: levelsMet(body, offices, delegated) };
}

/**
 * The officers who signed in full. Two keys of one officer are one officer; an officer who lists an
 * ML-DSA-44 key counts only when that key and a classical one have both signed.
 */
export function officesThatSigned(body: CredentialsBody, signers: readonly Signer[]): Signatories {
  const offices = new Set<string>();
  const delegated = new Set<string>();
  const classical = signers.filter(({ keyType }) => keyType !== 'ml-dsa-44');
  for (const { office, delegated: isDelegate } of classical) {
    if (isDelegate) delegated.add(office);
    else if (isWhole(body, office, signers)) offices.add(office);
  }
  return { offices: [...offices].sort(), delegated: [...delegated].sort() };
}

/**
 * The levels that a set of officers meets. `solemn` includes `duty`, which includes `automatic`;
 * `root` stands alone: it makes credentials and speaks of nothing else. Delegates count for `duty`.
 */
export function levelsMet(
  body: CredentialsBody,
  offices: readonly string[],
  delegated: readonly string[] = [],
): ReadonlySet<Level> {
  const levels = new Set<Level>();
  const { root, solemn, duty } = body.authority;
  const signed = new Set(offices);
  if (countOf(root, signed) >= root.threshold) levels.add('root');
  if (countOf(solemn, signed) >= solemn.threshold) levels.add('solemn');
  const delegates = new Set(delegated.filter((office) => !Object.hasOwn(body.officers, office)));
  const onDuty = countOf(duty, signed) + delegates.size;
  if (levels.has('solemn') || onDuty >= duty.threshold) levels.add('duty');
  if (levels.has('duty') || signed.has(automaticOffice)) levels.add('automatic');
  return levels;
}

/** Verifies one signature in this thread. */
export function verifySignature(check: SignatureCheck): boolean {
  const { algorithm, publicKey, message, signature } = check;
  switch (algorithm) {
    case 'ed25519':
      return ed25519Verify(publicKey, message, signature);
    case 'es256':
      return es256Verify(publicKey, message, signature);
    case 'ml-dsa-44':
      return mlDsa44Verify(publicKey, message, signature);
  }
}

/** Looks for each signature's key and makes the checks; also for credentials, in `credentials.ts`. */
export function collectChecks(
  envelope: Envelope,
  keyOf: (keyid: string) => TableKey | null,
): Result<SignatureChecks, 'bad-signature'> {
  if (envelope.signatures.length === 0) return failure('bad-signature', '/signatures', 'none');
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  const checks: SignatureCheck[] = [];
  const signers: Signer[] = [];
  for (const [position, signature] of envelope.signatures.entries()) {
    const path = `/signatures/${position}`;
    const found = keyOf(signature.keyid);
    if (found === null) return failure('bad-signature', path, 'unknown key');
    const check = checkOf(found, signature, envelope, message);
    if (!check.ok) return failure('bad-signature', path, check.detail);
    checks.push(check.value);
    signers.push(found.signer);
  }
  return success({ checks, offices: signers.map(({ office }) => office), signers });
}

const tables = new WeakMap<CredentialsBody, ReadonlyMap<string, TableKey>>();

/** Every signing key of a version by its key id: officers' keys and the automatic one. */
export function keyTable(body: CredentialsBody): ReadonlyMap<string, TableKey> {
  const known = tables.get(body);
  if (known !== undefined) return known;
  const table = new Map<string, TableKey>();
  const add = (key: OfficerKey, office: string): void => {
    const signer = { office, keyType: officerKeyType(key), delegated: false };
    table.set(officerKeyId(key), { key, publicKey: officerKeyBytes(key), signer });
  };
  add({ type: 'ed25519', key: body.authority.automatic.key }, automaticOffice);
  for (const [office, { keys }] of Object.entries(body.officers)) {
    for (const key of keys) add(key, office);
  }
  tables.set(body, table);
  return table;
}

const delegateKeyIds = new WeakMap<DelegationGrant, string>();

function delegateKeyId(grant: DelegationGrant): string {
  const known = delegateKeyIds.get(grant);
  if (known !== undefined) return known;
  const made = officerKeyId(grant.key);
  delegateKeyIds.set(grant, made);
  return made;
}

// An office that the version itself fills is never a delegate's: else a duty key could be counted
// as an officer of the solemn threshold.
function delegateKey(
  envelope: Envelope,
  chain: Chain,
  version: CredentialsVersion,
  keyid: string,
  index: number | undefined,
): TableKey | null {
  const found = delegationsInForce(chain, version, index).find(
    ({ body }: Delegation) =>
      delegateKeyId(body) === keyid && !Object.hasOwn(version.body.officers, body.office),
  );
  if (found === undefined) return null;
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  if (!parsed.ok || !found.body.kinds.includes(parsed.value.statement.kind)) return null;
  const { key, office } = found.body;
  const signer = { office, keyType: officerKeyType(key), delegated: true };
  return { key, publicKey: officerKeyBytes(key), signer };
}

function checkOf(
  { key, publicKey }: TableKey,
  signature: EnvelopeSignature,
  envelope: Envelope,
  message: Uint8Array,
): Result<SignatureCheck, 'bad-signature'> {
  if (key.type === 'webauthn') {
    return assertionCheck(key, signature, statementId(envelope.payloadType, envelope.payload));
  }
  if (signature.extension !== undefined) return failure('bad-signature', '', 'an extension');
  const raw = decodeBase64(signature.sig);
  if (raw === null) return failure('bad-signature', '', 'base64');
  return success({ algorithm: key.type, publicKey, message, signature: raw });
}

function isWhole(body: CredentialsBody, office: string, signers: readonly Signer[]): boolean {
  if (office === automaticOffice) return true;
  const officer = Object.hasOwn(body.officers, office) ? body.officers[office] : undefined;
  if (officer === undefined) return false;
  if (!officer.keys.some(({ type }) => type === 'ml-dsa-44')) return true;
  return signers.some((signer) => signer.office === office && signer.keyType === 'ml-dsa-44');
}

function countOf({ offices }: Threshold, signed: ReadonlySet<string>): number {
  return offices.filter((office) => signed.has(office)).length;
}
