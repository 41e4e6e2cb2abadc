/**
 * The records of a pouch and their JSON (protocol.md, "Pouch and routes"). Each is one type byte, a
 * length in four bytes, and a body of canonical JSON without the `type`.
 */
import { decodeBase64 } from './bytes.ts';
import { anchorLinesMax, noteLineCharactersMax } from './document-limits.ts';
import { envelopeFromJson, envelopeToJson } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import type { JsonValue } from './json.ts';
import {
  anchorsMax,
  logProofBytesMax,
  noteBytesMax,
  pouchBytesMax,
  proofHashesMax,
} from './limits.ts';
import { failure, success } from './result.ts';
import type { Result } from './result.ts';
import {
  hasExactMembers,
  isCount,
  isDigest,
  isDigestSet,
  isObject,
  isOrigin,
  isUniqueList,
} from './shape.ts';
import type { JsonObject } from './shape.ts';

/** One docket in a `digests` record: what the heartbeat's leaf holds. */
export type DocketDigests = {
  docket: string;
  heads: string[];
  inputDigest: string;
  stateDigest: string;
};

/** One reduced proof fact: a cosignature line on a checkpoint of `size` that covers the entry. */
export type ProofFact = { origin: string; index: number; size: number; line: string };

/** What a pouch carries. Proofs are tlog-proof texts, notes whole, lines with their newline. */
export type PouchRecord =
  | {
      type: 'envelope';
      envelope: Envelope;
      said: string;
      anchorLines: string[];
      introduced?: boolean;
    }
  | {
      type: 'proof';
      statement: string;
      party: string;
      role: 'said' | 'held';
      listDigest: string;
      proof: string;
    }
  | { type: 'checkpoint'; party: string; note: string; from: number; consistency: string[] }
  | { type: 'cosignature'; origin: string; size: number; root: string; line: string }
  | { type: 'request'; what: 'statements'; ids: string[] }
  | { type: 'request'; what: 'checkpoint'; origin?: string; from?: number }
  | { type: 'request'; what: 'entries'; from: number }
  | { type: 'request'; what: 'digests' | 'facts'; docket?: string }
  | { type: 'entries'; party: string; start: number; data: string }
  | { type: 'digests'; dockets: DocketDigests[]; about: string }
  | { type: 'facts'; docket: string; statements: string[]; facts: ProofFact[] }
  | { type: 'chunk'; attachment: string; offset: number; data: string };

export type PouchRecordType = PouchRecord['type'];
export type PouchRecordCode = 'bad-schema' | 'bad-signature' | 'bad-text' | 'too-large';

/** The first byte of a record. The manifest and the end are not in `PouchRecord`. */
export const pouchRecordBytes: { readonly [type in PouchRecordType]: number } = {
  envelope: 2,
  proof: 3,
  checkpoint: 4,
  cosignature: 5,
  request: 6,
  entries: 7,
  digests: 8,
  facts: 9,
  chunk: 10,
};
export const pouchManifestByte = 1;
export const pouchEndByte = 255;

/** Items of one list in a record; the pouch's own limit bounds them together. */
const listMax = 65_536;

/** The type of a first byte; null where this version does not know it. */
export function pouchRecordType(byte: number): PouchRecordType | null {
  for (const [type, known] of Object.entries(pouchRecordBytes)) {
    if (known === byte) return type as PouchRecordType;
  }
  return null;
}

/** The JSON body of a record; members in canonical order are written fastest. */
export function pouchRecordToJson(record: PouchRecord): JsonValue {
  if (record.type !== 'envelope') {
    const { type: _type, ...body } = record;
    return body;
  }
  const { anchorLines, introduced, said } = record;
  const envelope = envelopeToJson(record.envelope);
  return introduced === undefined
    ? { anchorLines, envelope, said }
    : { anchorLines, envelope, introduced, said };
}

/**
 * Reads the body of a record of a type from canonical JSON: exact members, digests, sizes, base64.
 * Not checked: that proofs, notes and lines can be read, which their own parsers do.
 */
export function pouchRecordFromJson(
  type: PouchRecordType,
  value: JsonValue,
): Result<PouchRecord, PouchRecordCode> {
  if (!isObject(value)) return failure('bad-schema', '');
  if (type === 'envelope') return readEnvelopeRecord(value);
  const wrong = type === 'request' ? wrongRequest(value) : wrongRecord(type, value);
  if (wrong !== null) return failure('bad-schema', wrong);
  // Every member was checked above.
  return success({ type, ...value } as unknown as PouchRecord);
}

function readEnvelopeRecord(value: JsonObject): Result<PouchRecord, PouchRecordCode> {
  const marked = Object.hasOwn(value, 'introduced');
  const names = ['anchorLines', 'envelope', ...(marked ? ['introduced'] : []), 'said'];
  if (!hasExactMembers(value, names)) return failure('bad-schema', '', 'members');
  const { anchorLines, envelope: inner, introduced, said } = value;
  if (!isTextList(anchorLines, anchorsMax * anchorLinesMax, noteLineCharactersMax)) {
    return failure('bad-schema', '/anchorLines');
  }
  if (!isText(said, logProofBytesMax)) return failure('bad-schema', '/said');
  if (marked && typeof introduced !== 'boolean') return failure('bad-schema', '/introduced');
  const envelope = envelopeFromJson(inner ?? null);
  if (!envelope.ok) return failure(envelope.code, `/envelope${envelope.path}`, envelope.detail);
  const record = { type: 'envelope', envelope: envelope.value, said, anchorLines } as const;
  return success(typeof introduced === 'boolean' ? { ...record, introduced } : record);
}

type Check = (value: JsonValue | undefined) => boolean;

const isRole: Check = (value) => value === 'said' || value === 'held';
const isHash: Check = (value) => isBase64(value, 44) && decodeBase64(value)?.length === 32;
const isLine: Check = (value) => isText(value, noteLineCharactersMax);

const memberChecks: {
  readonly [type in Exclude<PouchRecordType, 'envelope' | 'request'>]: {
    readonly [member: string]: Check;
  };
} = {
  proof: {
    listDigest: isDigest,
    party: isDigest,
    proof: (value) => isText(value, logProofBytesMax),
    role: isRole,
    statement: isDigest,
  },
  checkpoint: {
    consistency: (value) =>
      Array.isArray(value) && value.length <= proofHashesMax && value.every(isHash),
    from: isCount,
    note: (value) => isText(value, noteBytesMax),
    party: isDigest,
  },
  cosignature: { line: isLine, origin: isOrigin, root: isHash, size: isCount },
  entries: {
    data: (value) =>
      isBase64(value, pouchBytesMax) && (decodeBase64(value)?.length ?? 1) % 32 === 0,
    party: isDigest,
    start: isCount,
  },
  digests: {
    about: isDigest,
    dockets: (value) =>
      Array.isArray(value) && value.length <= listMax && value.every(isDocketDigests),
  },
  facts: {
    docket: isDigest,
    facts: (value) => Array.isArray(value) && value.length <= listMax && value.every(isFact),
    statements: (value) => isUniqueList(value, listMax, isDigest),
  },
  chunk: {
    attachment: isDigest,
    data: (value) => isBase64(value, pouchBytesMax) && decodeBase64(value) !== null,
    offset: isCount,
  },
};

function wrongRecord(type: keyof typeof memberChecks, value: JsonObject): string | null {
  const checks: { readonly [member: string]: Check } = memberChecks[type];
  if (!hasExactMembers(value, Object.keys(checks))) return '';
  for (const [member, check] of Object.entries(checks)) {
    if (!check(value[member])) return `/${member}`;
  }
  return null;
}

function wrongRequest(value: JsonObject): string | null {
  switch (value['what']) {
    case 'statements':
      if (!hasExactMembers(value, ['ids', 'what'])) return '';
      return isUniqueList(value['ids'], listMax, isDigest) ? null : '/ids';
    case 'checkpoint':
      if (hasExactMembers(value, ['what'])) return null;
      if (!hasExactMembers(value, ['from', 'origin', 'what'])) return '';
      if (!isCount(value['from'])) return '/from';
      return isOrigin(value['origin']) ? null : '/origin';
    case 'entries':
      if (!hasExactMembers(value, ['from', 'what'])) return '';
      return isCount(value['from']) ? null : '/from';
    case 'digests':
    case 'facts':
      if (hasExactMembers(value, ['what'])) return null;
      if (!hasExactMembers(value, ['docket', 'what'])) return '';
      return isDigest(value['docket']) ? null : '/docket';
    default:
      return '/what';
  }
}

function isDocketDigests(value: JsonValue): boolean {
  if (!isObject(value)) return false;
  if (!hasExactMembers(value, ['docket', 'heads', 'inputDigest', 'stateDigest'])) return false;
  const { docket, heads, inputDigest, stateDigest } = value;
  if (!isDigest(docket) || !isDigest(inputDigest) || !isDigest(stateDigest)) return false;
  return isDigestSet(heads, listMax);
}

function isFact(value: JsonValue): boolean {
  if (!isObject(value) || !hasExactMembers(value, ['index', 'line', 'origin', 'size']))
    return false;
  return (
    isCount(value['index']) &&
    isLine(value['line']) &&
    isOrigin(value['origin']) &&
    isCount(value['size'])
  );
}

function isText(value: JsonValue | undefined, charactersMax: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= charactersMax;
}

function isTextList(
  value: JsonValue | undefined,
  countMax: number,
  charactersMax: number,
): value is string[] {
  if (!Array.isArray(value) || value.length > countMax) return false;
  return value.every((item) => isText(item, charactersMax));
}

function isBase64(value: JsonValue | undefined, charactersMax: number): value is string {
  return typeof value === 'string' && value.length <= charactersMax;
}
