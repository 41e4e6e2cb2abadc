/**
 * The bundle: a docket with everything that a third party needs to check it (protocol.md, "Bundle
 * and verification"). One canonical JSON document, every list in one order, no unsigned field.
 *
 * What a bundle is worth is for `verify.ts`; here it is only written and read.
 */
import { decodeBase64 } from './bytes.ts';
import { anchorLinesMax, noteLineCharactersMax } from './document-limits.ts';
import { envelopeFromJson, envelopeToJson, statementId } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { canonicalJsonBytes, parseCanonicalJson } from './json.ts';
import type { JsonValue } from './json.ts';
import { anchorsMax, bundleBytesMax, logProofBytesMax, proofHashesMax } from './limits.ts';
import { parseVkey } from './note-key.ts';
import type { DocketDigests } from './pouch-record.ts';
import { failure, InvariantError, success } from './result.ts';
import type { Result } from './result.ts';
import { hasExactMembers, isCount, isDigest, isDigestSet, isObject } from './shape.ts';
import type { JsonObject } from './shape.ts';
import { parseStatement, partyOf } from './statement.ts';

/** A statement of the docket, its `said` proof, and the lines its anchors commit to. */
export type BundledStatement = { envelope: Envelope; said: string; anchor: string[] };

/** A version of somebody's credentials, or a delegation, with its `said` proof. */
export type BundledCredentials = { envelope: Envelope; said: string };

/** A further proof from a party's log: a receipt (`held`), or a better `said` proof. */
export type BundledProof = {
  statement: string;
  party: string;
  role: 'said' | 'held';
  listDigest: string;
  proof: string;
};

/** A heartbeat that confirms the docket's heads: its leaf, and the path to the root it signed. */
export type BundledHeartbeat = {
  envelope: Envelope;
  said: string;
  leaf: DocketDigests;
  index: number;
  path: string[];
};

/**
 * A docket with its proofs. `delegations` and `witnesses` are there only where they hold something:
 * vkeys of cosigners that are no party here, each of which must have signed a line in the bundle.
 */
export type Bundle = {
  comityBundle: 1;
  docket: string;
  envelopes: BundledStatement[];
  credentials: BundledCredentials[];
  proofs: BundledProof[];
  heartbeats: BundledHeartbeat[];
  delegations?: BundledCredentials[];
  witnesses?: string[];
};

const requiredNames = [
  'comityBundle',
  'credentials',
  'docket',
  'envelopes',
  'heartbeats',
  'proofs',
] as const;
const optionalNames = ['delegations', 'witnesses'] as const;

/**
 * Writes a bundle; puts each list in its order and leaves out optional ones that are empty. Throws
 * `InvariantError` where the result could not be read back: repeated items, too large.
 */
export function writeBundle(parts: Bundle): Uint8Array {
  const { comityBundle, docket } = parts;
  const bundle: JsonObject = {
    comityBundle,
    docket,
    envelopes: inOrder(parts.envelopes, statementOrder).map(withEnvelope),
    credentials: inOrder(parts.credentials, credentialsOrder).map(withEnvelope),
    proofs: inOrder(parts.proofs, proofOrder).map((proof) => ({ ...proof })),
    heartbeats: inOrder(parts.heartbeats, statementOrder).map(withEnvelope),
  };
  const { delegations = [], witnesses = [] } = parts;
  if (delegations.length > 0) {
    bundle['delegations'] = inOrder(delegations, statementOrder).map(withEnvelope);
  }
  if (witnesses.length > 0) bundle['witnesses'] = witnesses.toSorted();
  const bytes = canonicalJsonBytes(bundle);
  const read = parseBundle(bytes);
  if (!read.ok) throw new InvariantError(`not a bundle: ${read.path} ${read.detail ?? ''}`);
  return bytes;
}

/**
 * Reads a bundle: canonical JSON of at most 64 MiB, exact members, envelopes in their one form,
 * lists in their order without repetition. Nothing in it is verified.
 */
export function parseBundle(bytes: Uint8Array): Result<Bundle, 'bad-bundle'> {
  const parsed = parseCanonicalJson(bytes, bundleBytesMax);
  if (!parsed.ok) return failure('bad-bundle', '', parsed.detail ?? parsed.code);
  const value = parsed.value;
  if (!isObject(value)) return failure('bad-bundle', '');
  const present = optionalNames.filter((name) => Object.hasOwn(value, name));
  if (!hasExactMembers(value, [...requiredNames, ...present])) {
    return failure('bad-bundle', '', 'members');
  }
  const { comityBundle, docket } = value;
  if (comityBundle !== 1) return failure('bad-bundle', '/comityBundle');
  if (!isDigest(docket)) return failure('bad-bundle', '/docket');
  const envelopes = readList(value['envelopes'], readStatement, statementOrder);
  if (envelopes === null) return failure('bad-bundle', '/envelopes');
  const credentials = readList(value['credentials'], readCredentials, credentialsOrder);
  if (credentials === null) return failure('bad-bundle', '/credentials');
  const proofs = readList(value['proofs'], readProof, proofOrder);
  if (proofs === null) return failure('bad-bundle', '/proofs');
  const heartbeats = readList(value['heartbeats'], readHeartbeat, statementOrder);
  if (heartbeats === null) return failure('bad-bundle', '/heartbeats');
  const bundle: Bundle = { comityBundle, docket, envelopes, credentials, proofs, heartbeats };
  for (const name of present) {
    const wrong =
      name === 'delegations'
        ? !takeDelegations(bundle, value[name])
        : !takeWitnesses(bundle, value[name]);
    if (wrong) return failure('bad-bundle', `/${name}`);
  }
  return success(bundle);
}

function takeDelegations(bundle: Bundle, value: JsonValue | undefined): boolean {
  const delegations = readList(value, readCredentials, statementOrder);
  if (delegations === null || delegations.length === 0) return false;
  bundle.delegations = delegations;
  return true;
}

function takeWitnesses(bundle: Bundle, value: JsonValue | undefined): boolean {
  const witnesses = readList(value, readVkey, (vkey) => [vkey]);
  if (witnesses === null || witnesses.length === 0) return false;
  bundle.witnesses = witnesses;
  return true;
}

/** A sort key: compared part by part, each by UTF-16 code units. */
type Order = readonly string[];

function statementOrder({ envelope }: { envelope: Envelope }): Order {
  return [statementId(envelope.payloadType, envelope.payload)];
}

// By party, then version; the id last, for two versions n+1 in one bundle. What cannot be read as
// credentials comes first by its id, and fails to verify.
function credentialsOrder({ envelope }: BundledCredentials): Order {
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  if (!parsed.ok) return ['', '', statementId(envelope.payloadType, envelope.payload)];
  const { id, statement } = parsed.value;
  const version = statement.body['version'];
  const text = isCount(version) ? String(version).padStart(16, '0') : '';
  return [partyOf(id, statement), text, id];
}

function proofOrder({ statement, party, role, proof }: BundledProof): Order {
  return [statement, party, role, proof];
}

function compareOrder(a: Order, b: Order): number {
  for (const [position, part] of a.entries()) {
    const other = b[position] ?? '';
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}

function inOrder<T>(items: readonly T[], order: (item: T) => Order): T[] {
  return items
    .map((item) => ({ item, key: order(item) }))
    .sort((a, b) => compareOrder(a.key, b.key))
    .map(({ item }) => item);
}

function withEnvelope(item: { envelope: Envelope } & { [member: string]: unknown }): JsonValue {
  return { ...item, envelope: envelopeToJson(item.envelope) };
}

function readList<T>(
  value: JsonValue | undefined,
  read: (item: JsonValue) => T | null,
  order: (item: T) => Order,
): T[] | null {
  if (!Array.isArray(value)) return null;
  const items: T[] = [];
  let previous: Order | null = null;
  for (const element of value) {
    const item = read(element);
    if (item === null) return null;
    const key = order(item);
    if (previous !== null && compareOrder(previous, key) >= 0) return null;
    previous = key;
    items.push(item);
  }
  return items;
}

function readStatement(value: JsonValue): BundledStatement | null {
  if (!isObject(value) || !hasExactMembers(value, ['anchor', 'envelope', 'said'])) return null;
  const { anchor, envelope: inner = null, said } = value;
  const envelope = envelopeFromJson(inner);
  if (!envelope.ok || !isLineList(anchor) || !isProofText(said)) return null;
  return { envelope: envelope.value, said, anchor };
}

function readCredentials(value: JsonValue): BundledCredentials | null {
  if (!isObject(value) || !hasExactMembers(value, ['envelope', 'said'])) return null;
  const { envelope: inner = null, said } = value;
  const envelope = envelopeFromJson(inner);
  return envelope.ok && isProofText(said) ? { envelope: envelope.value, said } : null;
}

function readProof(value: JsonValue): BundledProof | null {
  if (!isObject(value)) return null;
  if (!hasExactMembers(value, ['listDigest', 'party', 'proof', 'role', 'statement'])) return null;
  const { listDigest, party, proof, role, statement } = value;
  if (!isDigest(listDigest) || !isDigest(party) || !isDigest(statement)) return null;
  if ((role !== 'said' && role !== 'held') || !isProofText(proof)) return null;
  return { statement, party, role, listDigest, proof };
}

function readHeartbeat(value: JsonValue): BundledHeartbeat | null {
  if (!isObject(value)) return null;
  if (!hasExactMembers(value, ['envelope', 'index', 'leaf', 'path', 'said'])) return null;
  const { envelope: inner = null, index, leaf, path, said } = value;
  const envelope = envelopeFromJson(inner);
  if (!envelope.ok || !isCount(index) || !isProofText(said) || !isPath(path)) return null;
  if (!isObject(leaf)) return null;
  if (!hasExactMembers(leaf, ['docket', 'heads', 'inputDigest', 'stateDigest'])) return null;
  const { docket, heads, inputDigest, stateDigest } = leaf;
  if (!isDigest(docket) || !isDigest(inputDigest) || !isDigest(stateDigest)) return null;
  if (!isDigestSet(heads, Number.MAX_SAFE_INTEGER)) return null;
  const read = { docket, heads, inputDigest, stateDigest };
  return { envelope: envelope.value, said, leaf: read, index, path };
}

function readVkey(value: JsonValue): string | null {
  return typeof value === 'string' && parseVkey(value).ok ? value : null;
}

function isProofText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value.length <= logProofBytesMax;
}

function isLineList(value: JsonValue | undefined): value is string[] {
  if (!Array.isArray(value) || value.length > anchorsMax * anchorLinesMax) return false;
  return value.every((line) => typeof line === 'string' && line.length <= noteLineCharactersMax);
}

function isPath(value: JsonValue | undefined): value is string[] {
  if (!Array.isArray(value) || value.length > proofHashesMax) return false;
  return value.every((hash) => typeof hash === 'string' && decodeBase64(hash)?.length === 32);
}
