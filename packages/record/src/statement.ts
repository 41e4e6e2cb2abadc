/**
 * The statement: the payload of an envelope, the one unit of the protocol (protocol.md,
 * "Statement"; rulings.md, 6). Shape only: what a kind means, and who may say it, is not here.
 */
import { concatBytes, decodeBase64, decodeBase64Url, decodeHex, encodeText } from './bytes.ts';
import { exercisePayloadType, statementId, statementPayloadType } from './envelope.ts';
import { canonicalJsonBytes, parseCanonicalJson } from './json.ts';
import type { JsonValue } from './json.ts';
import { afterMax, anchorsMax, citesMax, payloadBytesMax, recipientsMax } from './limits.ts';
import { sha256Hex } from '#primitives';
import { failure, InvariantError, success } from './result.ts';
import type { Result } from './result.ts';
import {
  hasExactMembers,
  isCount,
  isDigest,
  isDigestOrNull,
  isDigestSet,
  isKind,
  isObject,
  isOrigin,
} from './shape.ts';
import type { JsonObject } from './shape.ts';
import { parseTime } from './time.ts';

/**
 * A checkpoint of a recipient's log that the author knew: `root` padded base64 of 32 bytes,
 * `cosignatures` the digest of the cosignature lines (`anchorDigest`).
 */
export type Anchor = { origin: string; size: number; root: string; cosignatures: string };

/** A statement; every member is there, and no other. */
export type Statement = {
  comity: 1;
  kind: string;
  from: string | null;
  to: string[];
  docket: string | null;
  after: string[];
  prior: string | null;
  anchor: Anchor[];
  terms: string | null;
  cites: string[];
  made: string;
  credentials: string | null;
  nonce: string;
  body: { [member: string]: JsonValue };
};

/** A statement with its name and whether it belongs to an exercise. */
export type ParsedStatement = { id: string; statement: Statement; exercise: boolean };

export type StatementCode = 'bad-text' | 'bad-schema' | 'too-large';

const memberNames = [
  'after',
  'anchor',
  'body',
  'cites',
  'comity',
  'credentials',
  'docket',
  'from',
  'kind',
  'made',
  'nonce',
  'prior',
  'terms',
  'to',
];
const anchorMemberNames = ['cosignatures', 'origin', 'root', 'size'];
const nonceCharacters = 22;
const rootCharacters = 44;
const channelTag = encodeText('comity/channel/v1\n');

/**
 * Reads a payload. `bad-text`: not canonical JSON or forbidden text; `bad-schema`: a payload type
 * that is no statement's, a missing, unknown or ill-formed member, or members that contradict each
 * other. Not checked: the body, signatures, whether the named statements exist.
 */
export function parseStatement(
  payload: Uint8Array,
  payloadType: string,
): Result<ParsedStatement, StatementCode> {
  const exercise = payloadType === exercisePayloadType;
  if (!exercise && payloadType !== statementPayloadType) {
    return failure('bad-schema', '', 'payload type');
  }
  const parsed = parseCanonicalJson(payload, payloadBytesMax);
  if (!parsed.ok) return parsed;
  const value = parsed.value;
  if (!isObject(value)) return failure('bad-schema', '');
  if (!hasExactMembers(value, memberNames)) return failure('bad-schema', '', 'members');
  const wrong = wrongMember(value) ?? contradiction(value);
  if (wrong !== null) return failure('bad-schema', wrong);
  // Every member was checked above.
  const statement = value as unknown as Statement;
  return success({ id: statementId(payloadType, payload), statement, exercise });
}

/**
 * The payload of a statement: its RFC 8785 bytes, with the sets `to`, `after`, `cites` and `anchor`
 * put in their order. Does not check the rest; `parseStatement` does.
 */
export function formatStatement(statement: Statement): Uint8Array {
  return canonicalJsonBytes({
    ...statement,
    to: statement.to.toSorted(),
    after: statement.after.toSorted(),
    cites: statement.cites.toSorted(),
    anchor: statement.anchor.toSorted((a, b) => (a.origin < b.origin ? -1 : 1)),
  });
}

/** The name of the one channel docket of two parties: tag and both identifiers, raw and sorted. */
export function channelDocket(partyA: string, partyB: string): string {
  const [low, high] = partyA < partyB ? [partyA, partyB] : [partyB, partyA];
  const first = decodeHex(low);
  const second = decodeHex(high);
  if (first?.length !== 32 || second?.length !== 32) {
    throw new InvariantError('a party identifier is 64 hex digits');
  }
  return sha256Hex(concatBytes(channelTag, first, second));
}

/** Who speaks: `from`, or the statement's own id for version 1 of a party's credentials. */
export function partyOf(id: string, statement: Statement): string {
  return statement.from ?? id;
}

function wrongMember(value: JsonObject): string | null {
  if (value['comity'] !== 1) return '/comity';
  if (!isKind(value['kind'])) return '/kind';
  if (!isDigestOrNull(value['from'])) return '/from';
  if (!isDigestSet(value['to'], recipientsMax)) return '/to';
  if (!isDigestOrNull(value['docket'])) return '/docket';
  if (!isDigestSet(value['after'], afterMax)) return '/after';
  if (!isDigestOrNull(value['prior'])) return '/prior';
  if (!isAnchorList(value['anchor'])) return '/anchor';
  if (!isDigestOrNull(value['terms'])) return '/terms';
  if (!isDigestSet(value['cites'], citesMax)) return '/cites';
  if (!isTime(value['made'])) return '/made';
  if (!isDigestOrNull(value['credentials'])) return '/credentials';
  if (!isNonce(value['nonce'])) return '/nonce';
  if (!isObject(value['body'])) return '/body';
  return null;
}

// `from` and `credentials` are null together, and only where a party begins. What opens a docket,
// or belongs to none, has no parents; only such a statement may pin terms (rulings.md, 6).
function contradiction(value: JsonObject): string | null {
  const { from, to, kind, docket, after, prior, terms, credentials } = value;
  if ((from === null) !== (credentials === null)) return '/credentials';
  if (from === null && kind !== 'party.credentials') return '/from';
  if (from === null && docket !== null) return '/docket';
  if (typeof from === 'string' && (to as string[]).includes(from)) return '/to';
  if (docket === null && (after as string[]).length > 0) return '/after';
  if (docket === null && prior !== null) return '/prior';
  if (docket !== null && terms !== null) return '/terms';
  return null;
}

function isAnchorList(value: JsonValue | undefined): boolean {
  if (!Array.isArray(value) || value.length > anchorsMax) return false;
  let previous = '';
  for (const item of value) {
    if (!isObject(item) || !hasExactMembers(item, anchorMemberNames)) return false;
    const { origin, size, root, cosignatures } = item;
    if (!isOrigin(origin) || origin <= previous) return false;
    if (!isCount(size) || !isRoot(root) || !isDigest(cosignatures)) return false;
    previous = origin;
  }
  return true;
}

function isRoot(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string' || value.length !== rootCharacters) return false;
  return decodeBase64(value)?.length === 32;
}

function isTime(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && parseTime(value) !== null;
}

function isNonce(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string' || value.length !== nonceCharacters) return false;
  return decodeBase64Url(value)?.length === 16;
}
