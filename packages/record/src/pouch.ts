/**
 * The pouch, opened: a stream of length-prefixed records between a signed manifest and a signed
 * running hash (protocol.md, "Pouch and routes"; rulings.md, 4). Sealing is `seal.ts`.
 *
 * Each record is one type byte, a length in four bytes (big-endian), and a body of canonical JSON.
 * The first is the manifest and the last the end, both DSSE envelopes by the sender's automatic
 * key. The running hash is h = SHA-256("comity/pouch/v1\n"), then h = SHA-256(h ‖ record) for every
 * record from the manifest to the last before the end. A cut pouch keeps what was whole.
 */
import { collectChecks, keyTable } from './authority.ts';
import { concatBytes, decodeBase64Url, encodeHex, encodeText, readU32be, u32be } from './bytes.ts';
import { automaticOffice } from './credentials-body.ts';
import type { Chain, CredentialsVersion } from './credentials-chain.ts';
import { pouchManifestBytesMax, pouchRecordsMax } from './document-limits.ts';
import {
  exercisePouchPayloadType,
  formatEnvelope,
  parseEnvelope,
  pouchPayloadType,
} from './envelope.ts';
import type { Envelope, EnvelopeSignature } from './envelope.ts';
import { canonicalJsonBytes, parseCanonicalJson } from './json.ts';
import type { JsonValue } from './json.ts';
import { pouchBytesMax, pouchStatementsMax } from './limits.ts';
import {
  pouchEndByte,
  pouchManifestByte,
  pouchRecordBytes,
  pouchRecordFromJson,
  pouchRecordToJson,
  pouchRecordType,
} from './pouch-record.ts';
import type { PouchRecord, PouchRecordCode, PouchRecordType } from './pouch-record.ts';
import { sha256 } from '#primitives';
import type { SignatureCheck } from '#primitives';
import { failure, InvariantError, success } from './result.ts';
import type { Result } from './result.ts';
import { hasExactMembers, isCount, isDigest, isObject } from './shape.ts';
import { parseTime } from './time.ts';

/** Who sends to whom, which of the sender's pouches it is, and when by the sender's clock. */
export type PouchManifest = {
  comityPouch: 1;
  sender: string;
  receiver: string;
  sequence: number;
  nonce: string;
  made: string;
};

/** The front of a pouch: all that is needed to learn whose it is. */
export type PouchOpening = {
  manifest: PouchManifest;
  manifestEnvelope: Envelope;
  exercise: boolean;
};

/** What came out of a pouch. */
export type Pouch = PouchOpening & {
  /** Null where the pouch was cut, or damaged before its end. */
  endEnvelope: Envelope | null;
  /** Records of known types that could be read, in order. */
  records: PouchRecord[];
  /** Opened whole, and the end states the running hash of exactly these records. */
  complete: boolean;
  /** Records of types that this version does not know; they are skipped. */
  unknown: number;
  /** Records that could not be read, by position (the manifest is 0); the others stand. */
  bad: { index: number; code: PouchRecordCode }[];
};

const hashTag = encodeText('comity/pouch/v1\n');
const manifestNames = ['comityPouch', 'made', 'nonce', 'receiver', 'sender', 'sequence'];
const endNames = ['comityPouchEnd', 'hash'];
const headBytes = 5;

/**
 * Writes a pouch's plaintext. `sign` signs a payload of the pouch's payload type (the exercise one
 * or the other) with the sender's automatic key, twice. Throws `InvariantError` past the limits:
 * who packs a pouch counts.
 */
export function writePouch(
  manifest: PouchManifest,
  records: readonly PouchRecord[],
  sign: (payload: Uint8Array) => EnvelopeSignature,
  exercise: boolean,
): Uint8Array {
  const payloadType = exercise ? exercisePouchPayloadType : pouchPayloadType;
  const enclose = (value: JsonValue): Uint8Array => {
    const payload = canonicalJsonBytes(value);
    return formatEnvelope({ payload, payloadType, signatures: [sign(payload)] });
  };
  if (!isManifest(manifest)) throw new InvariantError('not a manifest');
  const statements = records.filter(({ type }) => type === 'envelope').length;
  if (statements > pouchStatementsMax || records.length + 2 > pouchRecordsMax) {
    throw new InvariantError('too much for one pouch');
  }
  const parts = [frame(pouchManifestByte, enclose(manifest))];
  for (const record of records) {
    const body = canonicalJsonBytes(pouchRecordToJson(record));
    parts.push(frame(pouchRecordBytes[record.type], body));
  }
  let hash = sha256(hashTag);
  for (const part of parts) hash = sha256(concatBytes(hash, part));
  parts.push(frame(pouchEndByte, enclose({ comityPouchEnd: 1, hash: encodeHex(hash) })));
  const plaintext = concatBytes(...parts);
  if (plaintext.length > pouchBytesMax) throw new InvariantError('too much for one pouch');
  return plaintext;
}

/**
 * Reads the manifest alone, whatever follows it: so that a stranger's pouch costs no more than this
 * and one signature. `unreadable`: no manifest in front that can be read, or one too large. No
 * signature is checked: ask `pouchManifestCheck`.
 */
export function readPouchManifest(plaintext: Uint8Array): Result<PouchOpening, 'unreadable'> {
  const first = frameAt(plaintext, 0);
  if (first === null || first.type !== pouchManifestByte) {
    return failure('unreadable', '', 'no manifest');
  }
  if (first.body.length > pouchManifestBytesMax) return failure('unreadable', '', 'manifest');
  const opening = readManifest(first.body);
  return opening === null ? failure('unreadable', '', 'manifest') : success(opening);
}

/**
 * The envelopes whose records `wanted` picks by their raw bytes, read one by one as they are asked
 * for; what cannot be read is left out. For whoever looks for credentials in a pouch before it can
 * know whose key signed the manifest: nothing else is parsed, and no signature is checked.
 */
export function* pouchEnvelopes(
  plaintext: Uint8Array,
  wanted: (record: Uint8Array) => boolean,
): Generator<Extract<PouchRecord, { type: 'envelope' }>, void, void> {
  let offset = 0;
  for (let index = 0; index < pouchRecordsMax; index++) {
    const next = frameAt(plaintext, offset);
    if (next === null || next.type === pouchEndByte) return;
    offset = next.end;
    if (next.type !== pouchRecordBytes.envelope || !wanted(next.body)) continue;
    const record = readRecord('envelope', next.body);
    if (record.ok && record.value.type === 'envelope') yield record.value;
  }
}

/**
 * Reads a pouch's plaintext; `whole` as `openSealed` says. `unreadable`: too large, or no manifest
 * in front that can be read. Whatever follows gives what can be had of it: a record that cannot be
 * read is noted in `bad`, one that is cut ends the reading. No signature is checked: ask
 * `pouchSignatureChecks`, and take nothing from a pouch whose manifest does not verify.
 */
export function readPouch(plaintext: Uint8Array, whole: boolean): Result<Pouch, 'unreadable'> {
  if (plaintext.length > pouchBytesMax) return failure('unreadable', '', 'too large');
  const opening = readPouchManifest(plaintext);
  if (!opening.ok) return opening;
  const pouch: Pouch = {
    ...opening.value,
    endEnvelope: null,
    records: [],
    complete: false,
    unknown: 0,
    bad: [],
  };
  let offset = frameAt(plaintext, 0)?.end ?? 0;
  let hash = sha256(concatBytes(sha256(hashTag), plaintext.subarray(0, offset)));
  let statements = 0;
  for (let index = 1; index < pouchRecordsMax; index++) {
    const next = frameAt(plaintext, offset);
    if (next === null) return success(pouch);
    if (next.type === pouchEndByte) {
      const end = readEnd(next.body, pouch.manifestEnvelope.payloadType);
      pouch.endEnvelope = end?.envelope ?? null;
      const matches = next.end === plaintext.length && end?.hash === encodeHex(hash);
      pouch.complete = whole && matches;
      return success(pouch);
    }
    if (takeRecord(pouch, index, next, statements) === 'envelope') statements += 1;
    hash = sha256(concatBytes(hash, plaintext.subarray(offset, next.end)));
    offset = next.end;
  }
  return success(pouch);
}

/**
 * Whose signature the manifest bears: its check by one automatic key of the chain's newest version. A
 * key that was rotated away speaks no more: whoever has it could speak for the party in what no
 * statement carries (checkpoints, requests). `bad-signature` where the sender is another party, the
 * exercise marks differ, or it is not signed once by such a key.
 */
export function pouchManifestCheck(
  opening: PouchOpening,
  chain: Chain,
): Result<{ check: SignatureCheck; version: CredentialsVersion }, 'bad-signature'> {
  if (opening.manifest.sender !== chain.party) return failure('bad-signature', '/sender');
  if (opening.exercise !== chain.exercise) return failure('bad-signature', '', 'exercise');
  const keyid = opening.manifestEnvelope.signatures[0]?.keyid ?? '';
  const version = chain.versions.at(-1);
  const key = version === undefined ? undefined : keyTable(version.body).get(keyid);
  if (version === undefined || key?.signer.office !== automaticOffice) {
    return failure('bad-signature', '', 'not an automatic key in force');
  }
  const check = checkBy(opening.manifestEnvelope, keyid, version);
  return check.ok ? success({ check: check.value, version }) : check;
}

/**
 * Whose signatures a pouch bears: the checks of manifest (as `pouchManifestCheck`) and end, by the
 * same key. Verify all; a pouch whose end is missing has one check only, and `complete` is false.
 */
export function pouchSignatureChecks(
  pouch: Pouch,
  chain: Chain,
): Result<{ checks: SignatureCheck[]; version: CredentialsVersion }, 'bad-signature'> {
  const front = pouchManifestCheck(pouch, chain);
  if (!front.ok) return front;
  const { check, version } = front.value;
  if (pouch.endEnvelope === null) return success({ checks: [check], version });
  const keyid = pouch.manifestEnvelope.signatures[0]?.keyid ?? '';
  const end = checkBy(pouch.endEnvelope, keyid, version);
  return end.ok ? success({ checks: [check, end.value], version }) : end;
}

function checkBy(
  envelope: Envelope,
  keyid: string,
  { body }: CredentialsVersion,
): Result<SignatureCheck, 'bad-signature'> {
  if (envelope.signatures.length !== 1) return failure('bad-signature', '', 'one signature');
  const found = keyTable(body).get(keyid) ?? null;
  const collected = collectChecks(envelope, (id) => (id === keyid ? found : null));
  if (!collected.ok) return collected;
  const [check] = collected.value.checks;
  return check === undefined ? failure('bad-signature', '', 'one signature') : success(check);
}

type Frame = { type: number; body: Uint8Array; end: number };

function frame(type: number, body: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(type), u32be(body.length), body);
}

function frameAt(plaintext: Uint8Array, offset: number): Frame | null {
  const type = plaintext[offset];
  const length = readU32be(plaintext, offset + 1);
  if (type === undefined || length === null) return null;
  const end = offset + headBytes + length;
  if (end > plaintext.length) return null;
  return { type, body: plaintext.subarray(offset + headBytes, end), end };
}

/** Adds a record, or notes why not; gives the type of what was added. `statements`: those before. */
function takeRecord(
  pouch: Pouch,
  index: number,
  { type: byte, body }: Frame,
  statements: number,
): PouchRecordType | null {
  const type = pouchRecordType(byte);
  if (type === null) {
    pouch.unknown += 1;
    return null;
  }
  const record = readRecord(type, body);
  if (!record.ok) {
    pouch.bad.push({ index, code: record.code });
    return null;
  }
  if (type === 'envelope' && statements >= pouchStatementsMax) {
    pouch.bad.push({ index, code: 'too-large' });
    return null;
  }
  pouch.records.push(record.value);
  return type;
}

function readRecord(type: PouchRecordType, body: Uint8Array): Result<PouchRecord, PouchRecordCode> {
  const json = parseCanonicalJson(body, pouchBytesMax);
  return json.ok ? pouchRecordFromJson(type, json.value) : json;
}

function readManifest(body: Uint8Array): PouchOpening | null {
  const envelope = parseEnvelope(body);
  if (!envelope.ok) return null;
  const { payload, payloadType } = envelope.value;
  const exercise = payloadType === exercisePouchPayloadType;
  if (!exercise && payloadType !== pouchPayloadType) return null;
  const json = parseCanonicalJson(payload, pouchBytesMax);
  if (!json.ok || !isManifest(json.value)) return null;
  return { manifest: json.value, manifestEnvelope: envelope.value, exercise };
}

function readEnd(
  body: Uint8Array,
  payloadType: string,
): { envelope: Envelope; hash: string } | null {
  const envelope = parseEnvelope(body);
  if (!envelope.ok || envelope.value.payloadType !== payloadType) return null;
  const json = parseCanonicalJson(envelope.value.payload, pouchBytesMax);
  if (!json.ok || !isObject(json.value) || !hasExactMembers(json.value, endNames)) return null;
  const { comityPouchEnd, hash } = json.value;
  return comityPouchEnd === 1 && isDigest(hash) ? { envelope: envelope.value, hash } : null;
}

function isManifest(value: JsonValue): value is PouchManifest {
  if (!isObject(value) || !hasExactMembers(value, manifestNames)) return false;
  const { comityPouch, made, nonce, receiver, sender, sequence } = value;
  if (comityPouch !== 1 || !isDigest(receiver) || !isDigest(sender) || sender === receiver) {
    return false;
  }
  if (!isCount(sequence) || typeof made !== 'string' || parseTime(made) === null) return false;
  return typeof nonce === 'string' && decodeBase64Url(nonce)?.length === 16;
}
