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
import { pouchRecordsMax } from './document-limits.ts';
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
import type { PouchRecord, PouchRecordCode } from './pouch-record.ts';
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

/** What came out of a pouch. */
export type Pouch = {
  manifest: PouchManifest;
  manifestEnvelope: Envelope;
  /** Null where the pouch was cut, or damaged before its end. */
  endEnvelope: Envelope | null;
  exercise: boolean;
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
 * Reads a pouch's plaintext; `whole` as `openSealed` says. `unreadable`: too large, or no manifest
 * in front that can be read. Whatever follows gives what can be had of it: a record that cannot be
 * read is noted in `bad`, one that is cut ends the reading. No signature is checked: ask
 * `pouchSignatureChecks`, and take nothing from a pouch whose manifest does not verify.
 */
export function readPouch(plaintext: Uint8Array, whole: boolean): Result<Pouch, 'unreadable'> {
  if (plaintext.length > pouchBytesMax) return failure('unreadable', '', 'too large');
  const first = frameAt(plaintext, 0);
  if (first === null || first.type !== pouchManifestByte) {
    return failure('unreadable', '', 'no manifest');
  }
  const opening = readManifest(first.body);
  if (opening === null) return failure('unreadable', '', 'manifest');
  const pouch: Pouch = {
    ...opening,
    endEnvelope: null,
    records: [],
    complete: false,
    unknown: 0,
    bad: [],
  };
  let offset = first.end;
  let hash = sha256(concatBytes(sha256(hashTag), plaintext.subarray(0, offset)));
  for (let index = 1; index < pouchRecordsMax; index++) {
    const next = frameAt(plaintext, offset);
    if (next === null) return success(pouch);
    if (next.type === pouchEndByte) {
      const end = readEnd(next.body, opening.manifestEnvelope.payloadType);
      pouch.endEnvelope = end?.envelope ?? null;
      const matches = next.end === plaintext.length && end?.hash === encodeHex(hash);
      pouch.complete = whole && matches;
      return success(pouch);
    }
    takeRecord(pouch, index, next);
    hash = sha256(concatBytes(hash, plaintext.subarray(offset, next.end)));
    offset = next.end;
  }
  return success(pouch);
}

/**
 * Whose signatures a pouch bears: the checks of manifest and end by one automatic key of the chain,
 * the newest version's that fits. `bad-signature` where the sender is another party, the exercise
 * marks differ, or a signature is not by an automatic key. Verify all; a pouch whose end is missing
 * has one check only, and `complete` is false.
 */
export function pouchSignatureChecks(
  pouch: Pouch,
  chain: Chain,
): Result<{ checks: SignatureCheck[]; version: CredentialsVersion }, 'bad-signature'> {
  if (pouch.manifest.sender !== chain.party) return failure('bad-signature', '/sender');
  if (pouch.exercise !== chain.exercise) return failure('bad-signature', '', 'exercise');
  const keyid = pouch.manifestEnvelope.signatures[0]?.keyid ?? '';
  const version = chain.versions
    .toReversed()
    .find(({ body }) => keyTable(body).get(keyid)?.signer.office === automaticOffice);
  if (version === undefined) return failure('bad-signature', '', 'not an automatic key');
  const found = keyTable(version.body).get(keyid);
  const checks: SignatureCheck[] = [];
  for (const envelope of [pouch.manifestEnvelope, pouch.endEnvelope]) {
    if (envelope === null) continue;
    if (envelope.signatures.length !== 1) return failure('bad-signature', '', 'one signature');
    const collected = collectChecks(envelope, (id) => (id === keyid ? (found ?? null) : null));
    if (!collected.ok) return collected;
    checks.push(...collected.value.checks);
  }
  return success({ checks, version });
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

function takeRecord(pouch: Pouch, index: number, { type: byte, body }: Frame): void {
  const type = pouchRecordType(byte);
  if (type === null) {
    pouch.unknown += 1;
    return;
  }
  const json = parseCanonicalJson(body, pouchBytesMax);
  const record = json.ok ? pouchRecordFromJson(type, json.value) : json;
  if (!record.ok) {
    pouch.bad.push({ index, code: record.code });
    return;
  }
  if (type === 'envelope' && countStatements(pouch) >= pouchStatementsMax) {
    pouch.bad.push({ index, code: 'too-large' });
    return;
  }
  pouch.records.push(record.value);
}

function countStatements(pouch: Pouch): number {
  return pouch.records.reduce((count, { type }) => count + (type === 'envelope' ? 1 : 0), 0);
}

function readManifest(
  body: Uint8Array,
): { manifest: PouchManifest; manifestEnvelope: Envelope; exercise: boolean } | null {
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
