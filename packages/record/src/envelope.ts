/**
 * The DSSE 1.0.2 envelope that carries a statement and its signatures (protocol.md, "Statement";
 * rulings.md, 1). One encoding only: RFC 8785 text, signatures sorted by key id.
 */
import { concatBytes, decodeBase64, decodeText, encodeBase64, encodeText } from './bytes.ts';
import type { JsonValue } from './json.ts';
import { envelopeBytesMax, payloadBytesMax, signaturesMax } from './limits.ts';
import {
  authenticatorDataBytesMax,
  clientDataBytesMax,
  payloadTypeCharactersMax,
  signatureBytesMax,
} from './document-limits.ts';
import { sha256, sha256Hex } from '#primitives';
import { failure, success } from './result.ts';
import type { Result } from './result.ts';
import { hasExactMembers, isDigest, isObject, isVisibleAscii } from './shape.ts';

export const statementPayloadType = 'application/vnd.comity.statement+json';
export const exercisePayloadType = 'application/vnd.comity.exercise+json';
export const pouchPayloadType = 'application/vnd.comity.pouch+json';
export const exercisePouchPayloadType = 'application/vnd.comity.exercise-pouch+json';

/** What a passkey adds to its signature; both values are padded standard base64. */
export type WebauthnExtension = {
  kind: 'webauthn';
  ext: { authenticatorData: string; clientDataJSON: string };
};

/** One DSSE signature: `keyid` 64 lower-case hex digits, `sig` padded standard base64. */
export type EnvelopeSignature = { keyid: string; sig: string; extension?: WebauthnExtension };

/** An envelope as parsed: decoded payload, signatures in ascending order of key id. */
export type Envelope = {
  payload: Uint8Array;
  payloadType: string;
  signatures: EnvelopeSignature[];
};

export type EnvelopeCode = 'bad-signature' | 'bad-text' | 'too-large';

/** DSSE PAE: "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload, lengths in decimal. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  const encoded = new Uint8Array(head.length + payload.length);
  for (let i = 0; i < head.length; i++) {
    const unit = head.charCodeAt(i);
    if (unit > 0x7f) return preAuthEncodingOfAny(payloadType, payload);
    encoded[i] = unit;
  }
  encoded.set(payload, head.length);
  return encoded;
}

// No payload type of ours is other than ASCII, for which the encoder costs more than the hashing.
function preAuthEncodingOfAny(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = encodeText(payloadType);
  const head = encodeText(`DSSEv1 ${type.length} `);
  return concatBytes(head, type, encodeText(` ${payload.length} `), payload);
}

/** Hex SHA-256 of the PAE: the statement's name, the same whoever signs it. */
export function statementId(payloadType: string, payload: Uint8Array): string {
  return sha256Hex(preAuthEncoding(payloadType, payload));
}

/**
 * SHA-256 of the RFC 8785 text of the `signatures` array sorted by key id: what a log entry commits
 * to beside the statement id. The signatures must be well-formed (from `parseEnvelope` or
 * `sign.ts`): nothing is escaped here.
 */
export function signatureListDigest(signatures: readonly EnvelopeSignature[]): Uint8Array {
  return sha256(encodeText(signatureListText(sortedByKeyId(signatures))));
}

/**
 * Reads an envelope: exactly `payload`, `payloadType` and `signatures`, in their one encoding.
 *
 * `bad-text`: not JSON or not the canonical form (duplicate members, white space, escapes, order).
 * `bad-signature`: any other member, a key id that repeats or is out of order, base64 with stray
 * bits, more than 16 signatures. No signature is checked, and none need be there (a draft).
 */
export function parseEnvelope(bytes: Uint8Array): Result<Envelope, EnvelopeCode> {
  if (bytes.length > envelopeBytesMax) return failure('too-large', '');
  const text = decodeText(bytes);
  if (text === null || text.length !== bytes.length) return failure('bad-text', '', 'not ASCII');
  const scanned = scanCanonical(text);
  if (scanned !== null) return envelopeFromJson(scanned);
  // Not the canonical form: only the code is still to be found.
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return failure('bad-text', '', 'not JSON');
  }
  const envelope = envelopeFromJson(value);
  return envelope.ok ? failure('bad-text', '', 'not canonical') : envelope;
}

/** Reads an envelope that is part of a larger document, which was parsed as canonical JSON. */
export function envelopeFromJson(value: JsonValue): Result<Envelope, EnvelopeCode> {
  if (!isObject(value)) return failure('bad-signature', '', 'not an object');
  if (!hasExactMembers(value, ['payload', 'payloadType', 'signatures'])) {
    return failure('bad-signature', '', 'members');
  }
  const { payload: encoded, payloadType, signatures: list } = value;
  if (!isPayloadType(payloadType)) return failure('bad-signature', '/payloadType');
  if (typeof encoded !== 'string') return failure('bad-signature', '/payload');
  if (encoded.length > Math.ceil(payloadBytesMax / 3) * 4) return failure('too-large', '/payload');
  const payload = decodeBase64(encoded);
  if (payload === null) return failure('bad-signature', '/payload', 'base64');
  if (payload.length > payloadBytesMax) return failure('too-large', '/payload');
  if (!Array.isArray(list) || list.length > signaturesMax) {
    return failure('bad-signature', '/signatures');
  }
  const signatures: EnvelopeSignature[] = [];
  let previous = '';
  for (const item of list) {
    const path = `/signatures/${signatures.length}`;
    const signature = readSignature(item);
    if (signature === null) return failure('bad-signature', path);
    if (signature.keyid <= previous) return failure('bad-signature', path, 'order of key ids');
    previous = signature.keyid;
    signatures.push(signature);
  }
  return success({ payload, payloadType, signatures });
}

/** The JSON value of an envelope, for a larger document. */
export function envelopeToJson(envelope: Envelope): JsonValue {
  return {
    payload: encodeBase64(envelope.payload),
    payloadType: envelope.payloadType,
    signatures: sortedByKeyId(envelope.signatures).map(signatureToJson),
  };
}

/** The one encoding of an envelope; sorts the signatures. */
export function formatEnvelope(envelope: Envelope): Uint8Array {
  return encodeText(envelopeText(envelope, sortedByKeyId(envelope.signatures)));
}

/** Whether a payload type marks an exercise; null for a type that is not one of ours. */
export function isExercisePayloadType(payloadType: string): boolean | null {
  switch (payloadType) {
    case statementPayloadType:
    case pouchPayloadType:
      return false;
    case exercisePayloadType:
    case exercisePouchPayloadType:
      return true;
    default:
      return null;
  }
}

// What lies between the punctuation of the canonical form, or null where there is any other, or an
// escape: no string of an envelope needs one (hex, base64, visible ASCII).
function scanCanonical(text: string): JsonValue | null {
  if (text.includes('\\')) return null;
  let at = 0;
  const skip = (literal: string): boolean => {
    if (!text.startsWith(literal, at)) return false;
    at += literal.length;
    return true;
  };
  const upToQuote = (): string => {
    const end = text.indexOf('"', at);
    const found = text.slice(at, end < 0 ? text.length : end);
    at += found.length;
    return found;
  };
  if (!skip('{"payload":"')) return null;
  const payload = upToQuote();
  if (!skip('","payloadType":"')) return null;
  const payloadType = upToQuote();
  if (!skip('","signatures":[')) return null;
  const signatures: JsonValue[] = [];
  while (!text.startsWith(']', at)) {
    if (signatures.length > 0 && !skip(',')) return null;
    let extension: JsonValue | null = null;
    if (skip('{"extension":{"ext":{"authenticatorData":"')) {
      const authenticatorData = upToQuote();
      if (!skip('","clientDataJSON":"')) return null;
      const clientDataJSON = upToQuote();
      if (!skip('"},"kind":"webauthn"},')) return null;
      extension = { kind: 'webauthn', ext: { authenticatorData, clientDataJSON } };
    } else if (!skip('{')) return null;
    if (!skip('"keyid":"')) return null;
    const keyid = upToQuote();
    if (!skip('","sig":"')) return null;
    const sig = upToQuote();
    if (!skip('"}')) return null;
    signatures.push(extension === null ? { keyid, sig } : { keyid, sig, extension });
  }
  if (!skip(']}') || at !== text.length) return null;
  return { payload, payloadType, signatures };
}

function readSignature(value: JsonValue): EnvelopeSignature | null {
  if (!isObject(value)) return null;
  const { keyid, sig, extension } = value;
  if (!isDigest(keyid) || !isBase64Within(sig, signatureBytesMax)) return null;
  if (extension === undefined) {
    return hasExactMembers(value, ['keyid', 'sig']) ? { keyid, sig } : null;
  }
  if (!hasExactMembers(value, ['extension', 'keyid', 'sig'])) return null;
  if (!isObject(extension) || !hasExactMembers(extension, ['ext', 'kind'])) return null;
  const { ext, kind } = extension;
  if (kind !== 'webauthn' || !isObject(ext)) return null;
  if (!hasExactMembers(ext, ['authenticatorData', 'clientDataJSON'])) return null;
  const { authenticatorData, clientDataJSON } = ext;
  if (!isBase64Within(authenticatorData, authenticatorDataBytesMax)) return null;
  if (!isBase64Within(clientDataJSON, clientDataBytesMax)) return null;
  return { keyid, sig, extension: { kind, ext: { authenticatorData, clientDataJSON } } };
}

// What goes into the text unescaped: visible ASCII without quotation mark and backslash.
function isPayloadType(value: JsonValue | undefined): value is string {
  if (!isVisibleAscii(value, payloadTypeCharactersMax)) return false;
  return !value.includes('"') && !value.includes('\\');
}

function isBase64Within(value: JsonValue | undefined, bytesMax: number): value is string {
  if (typeof value !== 'string' || value.length > Math.ceil(bytesMax / 3) * 4) return false;
  const bytes = decodeBase64(value);
  return bytes !== null && bytes.length > 0 && bytes.length <= bytesMax;
}

function sortedByKeyId(signatures: readonly EnvelopeSignature[]): readonly EnvelopeSignature[] {
  if (signatures.length < 2) return signatures;
  return signatures.toSorted((a, b) => (a.keyid < b.keyid ? -1 : a.keyid > b.keyid ? 1 : 0));
}

function envelopeText(
  { payload, payloadType }: Envelope,
  signatures: readonly EnvelopeSignature[],
): string {
  const list = signatureListText(signatures);
  return `{"payload":"${encodeBase64(payload)}","payloadType":"${payloadType}","signatures":${list}}`;
}

function signatureListText(signatures: readonly EnvelopeSignature[]): string {
  return `[${signatures.map(signatureText).join(',')}]`;
}

function signatureText({ keyid, sig, extension }: EnvelopeSignature): string {
  if (extension === undefined) return `{"keyid":"${keyid}","sig":"${sig}"}`;
  const { authenticatorData, clientDataJSON } = extension.ext;
  const ext = `{"authenticatorData":"${authenticatorData}","clientDataJSON":"${clientDataJSON}"}`;
  return `{"extension":{"ext":${ext},"kind":"webauthn"},"keyid":"${keyid}","sig":"${sig}"}`;
}

function signatureToJson({ keyid, sig, extension }: EnvelopeSignature): JsonValue {
  return extension === undefined ? { keyid, sig } : { keyid, sig, extension };
}
