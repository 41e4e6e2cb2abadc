/**
 * Whose signatures a draft has, whose it still needs, and when its authority is met.
 *
 * Thresholds count officers, not keys (protocol.md, Party and credentials). New credentials must
 * satisfy the root threshold of the version in force and of the new version (as in TUF).
 */
import {
  failure,
  parseCredentialsBody,
  success,
  levelsMet,
  verifyEnvelope,
  newestVersion,
} from '@comity/record';
import type {
  Chain,
  CredentialsBody,
  CredentialsVersion,
  EnvelopeSignature,
  Level,
  Result,
} from '@comity/record';
import { levelOf } from '@comity/accord';
import type { Draft } from './drafts.ts';

/** Where a draft stands between its first and its last signature. */
export interface Authority {
  level: Level;
  /** Offices whose signatures are there and count. */
  signedBy: string[];
  /** Offices that may still sign. */
  maySign: string[];
  /** How many more officers are needed; 0 = met. */
  missingSignatures: number;
}

/**
 * Checks the given signatures under our credentials and counts them. Every one must verify, or it is
 * `bad-signature` and nothing counts.
 */
export function authorityOf(
  draft: Pick<Draft, 'statement' | 'payload' | 'payloadType' | 'id'>,
  signatures: readonly EnvelopeSignature[],
  chain: Chain,
): Result<Authority, 'bad-signature' | 'bad-schema'> {
  // Null only for what an exercise drafted unchecked: it counts as the least that anybody takes in.
  const level = levelOf(draft.statement.kind, draft.statement.body) ?? 'duty';
  const envelope = {
    payload: draft.payload,
    payloadType: draft.payloadType,
    signatures: [...signatures].sort((a, b) => (a.keyid < b.keyid ? -1 : 1)),
  };
  const current = newestVersion(chain);
  if (draft.statement.kind === 'party.credentials') {
    return rotationAuthority(draft, envelope, chain, current);
  }
  if (signatures.length === 0) return success(countFor(level, [current.body], []));
  const verified = verifyEnvelope(envelope, chain, current.id);
  if (!verified.ok) return failure('bad-signature', verified.path, verified.detail);
  const counted = countFor(level, [current.body], verified.value.offices);
  // A classical key whose post-quantum companion has not signed yet is there but does not count.
  const met = verified.value.levels.has(level) || isAbove(verified.value.levels, level);
  if (met) return success({ ...counted, missingSignatures: 0 });
  return success({ ...counted, missingSignatures: Math.max(1, counted.missingSignatures) });
}

/** The root threshold of the version in force and of the new one, counted together. */
function rotationAuthority(
  draft: Pick<Draft, 'statement' | 'id'>,
  envelope: { payload: Uint8Array; payloadType: string; signatures: EnvelopeSignature[] },
  chain: Chain,
  current: CredentialsVersion,
): Result<Authority, 'bad-signature' | 'bad-schema'> {
  const parsed = parseCredentialsBody(draft.statement.body);
  if (!parsed.ok) return parsed;
  const next = parsed.value;
  const offices = new Set<string>();
  for (const signature of envelope.signatures) {
    const one = { ...envelope, signatures: [signature] };
    const under = [current.body, next].map((body) => officesUnder(one, chain, current, body));
    if (under.every((found) => found === null)) return failure('bad-signature', signature.keyid);
    for (const found of under) for (const office of found ?? []) offices.add(office);
  }
  const both = [current.body, next];
  const met = both.every((body) => {
    const able = [...offices].filter((office) => office in body.officers);
    return levelsMet(body, able).has('root');
  });
  const counted = countFor('root', both, [...offices]);
  return success({
    ...counted,
    missingSignatures: met ? 0 : Math.max(1, counted.missingSignatures),
  });
}

function officesUnder(
  envelope: { payload: Uint8Array; payloadType: string; signatures: EnvelopeSignature[] },
  chain: Chain,
  current: CredentialsVersion,
  body: CredentialsBody,
): string[] | null {
  const alone: Chain = { ...chain, versions: [{ ...current, body }], delegations: [] };
  const verified = verifyEnvelope(envelope, alone, current.id);
  if (!verified.ok || verified.value.offices.includes('automatic')) return null;
  return verified.value.offices;
}

function countFor(level: Level, bodies: readonly CredentialsBody[], offices: readonly string[]) {
  const signed = new Set(offices);
  let missing = 0;
  const may = new Set<string>();
  for (const body of bodies) {
    if (level === 'automatic') continue;
    const rule = body.authority[level];
    const counted = rule.offices.filter((office) => signed.has(office));
    missing = Math.max(missing, rule.threshold - counted.length);
    for (const office of rule.offices) if (!signed.has(office)) may.add(office);
  }
  return {
    level,
    signedBy: [...signed].sort(),
    maySign: [...may].sort(),
    missingSignatures: Math.max(0, missing),
  };
}

function isAbove(levels: ReadonlySet<Level>, level: Level): boolean {
  const order: Level[] = ['automatic', 'duty', 'solemn', 'root'];
  return [...levels].some(
    (met) => met !== 'automatic' && order.indexOf(met) > order.indexOf(level),
  );
}
