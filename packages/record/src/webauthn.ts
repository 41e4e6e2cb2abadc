/**
 * Signatures by passkeys over statement ids (protocol.md, "Statement"; rulings.md, 1 and 2;
 * W3C Web Authentication Level 3, sections 5.8.1, 6.1 and 7.2).
 */
import {
  concatBytes,
  decodeBase64,
  decodeHex,
  decodeText,
  encodeBase64,
  encodeBase64Url,
  encodeText,
  equalBytes,
} from './bytes.ts';
import type { EnvelopeSignature } from './envelope.ts';
import type { JsonValue } from './json.ts';
import { authenticatorDataBytesMax, clientDataBytesMax } from './document-limits.ts';
import { officerKeyBytes, officerKeyId } from './officer-key.ts';
import type { WebauthnKey } from './officer-key.ts';
import { sha256 } from '#primitives';
import type { SignatureCheck } from '#primitives';
import { failure, InvariantError, success } from './result.ts';
import type { Result } from './result.ts';
import { isObject } from './shape.ts';

const challengeTag = encodeText('comity/sign/v1\n');

const flagUserPresent = 0x01;
const flagUserVerified = 0x04;
const flagBackupEligible = 0x08;
const flagBackedUp = 0x10;
const flagAttestedKey = 0x40;
const flagExtensions = 0x80;
const authenticatorDataBytesMin = 37;

/** SHA-256("comity/sign/v1\n" ‖ the raw 32-byte id): the challenge that a passkey signs. */
export function signingChallenge(id: string): Uint8Array {
  const raw = decodeHex(id);
  if (raw?.length !== 32) throw new InvariantError('a statement id is 64 hex digits');
  return sha256(concatBytes(challengeTag, raw));
}

/**
 * Checks an assertion over a statement id, all but the signature itself, and says what signature
 * is to be verified: by the key over authenticatorData ‖ SHA-256(clientDataJSON).
 *
 * Checked: type `webauthn.get`; the challenge of this id; an origin from the key's list, compared
 * exactly; not cross-origin and no top origin; rpIdHash; user present and verified; flags that
 * agree with each other and with the length; client data in the compact form that browsers write
 * (so that no member can repeat); a signature of 64 bytes. Low s is checked with the signature. The
 * signature counter is not checked: passkeys that are synchronised leave it at zero.
 */
export function assertionCheck(
  key: WebauthnKey,
  signature: EnvelopeSignature,
  id: string,
): Result<SignatureCheck, 'bad-signature'> {
  if (signature.extension === undefined) return bad('no extension');
  const { ext } = signature.extension;
  const authenticatorData = decodeBase64(ext.authenticatorData);
  const clientData = decodeBase64(ext.clientDataJSON);
  const raw = decodeBase64(signature.sig);
  if (authenticatorData === null || clientData === null) return bad('base64');
  if (raw?.length !== 64) return bad('the signature is not 64 bytes');
  const problem =
    problemInAuthenticatorData(authenticatorData, key.rpId) ??
    problemInClientData(clientData, key.origins, id);
  if (problem !== null) return bad(problem);
  return success({
    algorithm: key.algorithm === 'ES256' ? 'es256' : 'ed25519',
    publicKey: officerKeyBytes(key),
    message: concatBytes(authenticatorData, sha256(clientData)),
    signature: raw,
  });
}

/**
 * Makes the envelope's signature from what an authenticator returned. For ES256 `signature` is DER
 * and may have a high s; the envelope holds r ‖ s of 64 bytes with s low (rulings.md, 2). For EdDSA
 * it is the 64 bytes. Whether the assertion holds is not checked: `assertionCheck` does.
 */
export function webauthnSignature(
  key: WebauthnKey,
  authenticatorData: Uint8Array,
  clientDataJSON: Uint8Array,
  signature: Uint8Array,
): Result<EnvelopeSignature, 'bad-signature'> {
  const raw = key.algorithm === 'ES256' ? lowSFromDer(signature) : signature;
  if (raw?.length !== 64) return bad('the signature is not one of its algorithm');
  return success({
    keyid: officerKeyId(key),
    sig: encodeBase64(raw),
    extension: {
      kind: 'webauthn',
      ext: {
        authenticatorData: encodeBase64(authenticatorData),
        clientDataJSON: encodeBase64(clientDataJSON),
      },
    },
  });
}

function bad(detail: string) {
  return failure('bad-signature', '', detail);
}

function problemInAuthenticatorData(data: Uint8Array, rpId: string): string | null {
  if (data.length < authenticatorDataBytesMin) return 'authenticator data is cut';
  if (data.length > authenticatorDataBytesMax) return 'authenticator data is too long';
  if (!equalBytes(data.subarray(0, 32), sha256(encodeText(rpId)))) return 'rpIdHash';
  const flags = data[32] ?? 0;
  if ((flags & flagUserPresent) === 0) return 'user not present';
  if ((flags & flagUserVerified) === 0) return 'user not verified';
  if ((flags & flagBackedUp) !== 0 && (flags & flagBackupEligible) === 0) return 'backup flags';
  if ((flags & flagAttestedKey) !== 0) return 'an attested key in an assertion';
  const extended = (flags & flagExtensions) !== 0;
  if (extended !== data.length > authenticatorDataBytesMin) return 'extension data';
  return null;
}

function problemInClientData(bytes: Uint8Array, origins: string[], id: string): string | null {
  if (bytes.length > clientDataBytesMax) return 'client data is too long';
  const value = compactObject(bytes);
  if (value === null) return 'client data is not one compact JSON object';
  if (own(value, 'type') !== 'webauthn.get') return 'type';
  if (own(value, 'challenge') !== encodeBase64Url(signingChallenge(id))) return 'challenge';
  const origin = own(value, 'origin');
  if (typeof origin !== 'string' || !origins.includes(origin)) return 'origin';
  const crossOrigin = own(value, 'crossOrigin');
  if (crossOrigin !== undefined && crossOrigin !== false) return 'cross-origin';
  if (own(value, 'topOrigin') !== undefined) return 'top origin';
  return null;
}

function compactObject(bytes: Uint8Array): { [member: string]: JsonValue } | null {
  const text = decodeText(bytes);
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as JsonValue;
    return isObject(value) && JSON.stringify(value) === text ? value : null;
  } catch {
    return null;
  }
}

function own(object: { [member: string]: JsonValue }, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

const groupOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

// SEQUENCE { INTEGER r, INTEGER s } of at most 72 bytes, minimal lengths and integers (X.690).
function lowSFromDer(der: Uint8Array): Uint8Array | null {
  if (der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) return null;
  const r = readInteger(der, 2);
  if (r === null) return null;
  const s = readInteger(der, r.end);
  if (s === null || s.end !== der.length) return null;
  if (r.value === 0n || r.value >= groupOrder || s.value === 0n || s.value >= groupOrder) {
    return null;
  }
  const low = s.value > groupOrder / 2n ? groupOrder - s.value : s.value;
  return decodeHex(r.value.toString(16).padStart(64, '0') + low.toString(16).padStart(64, '0'));
}

function readInteger(der: Uint8Array, offset: number): { value: bigint; end: number } | null {
  const length = der[offset + 1];
  if (der[offset] !== 0x02 || length === undefined || length < 1 || length > 33) return null;
  const end = offset + 2 + length;
  const bytes = der.subarray(offset + 2, end);
  if (bytes.length !== length) return null;
  const [first = 0, second = 0] = bytes;
  if (first >= 0x80 || (first === 0 && length > 1 && second < 0x80)) return null;
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  return { value, end };
}
