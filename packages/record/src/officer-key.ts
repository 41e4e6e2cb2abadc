/**
 * Officers' keys as credentials and delegations list them (protocol.md, "Party and credentials").
 */
import { decodeBase64 } from './bytes.ts';
import type { JsonValue } from './json.ts';
import { shortTextCharactersMax, urlCharactersMax, webauthnOriginsMax } from './document-limits.ts';
import { keyId, publicKeyBytes } from './keys.ts';
import type { KeyType } from './keys.ts';
import { InvariantError } from './result.ts';
import { hasExactMembers, isObject, isUniqueList, isVisibleAscii } from './shape.ts';

/** A passkey: `key` raw in base64 (ES256: 33-byte SEC1; EdDSA: 32 bytes), and where it may sign. */
export type WebauthnKey = {
  type: 'webauthn';
  algorithm: 'ES256' | 'EdDSA';
  key: string;
  rpId: string;
  origins: string[];
};

/** One public key of one officer; `key` is padded base64 of the raw key. */
export type OfficerKey =
  { type: 'ed25519'; key: string } | WebauthnKey | { type: 'ml-dsa-44'; key: string };

const webauthnMemberNames = ['algorithm', 'key', 'origins', 'rpId', 'type'];

/** Whether the value is an officer's key; the point itself is not checked to lie on its curve. */
export function isOfficerKey(value: JsonValue | undefined): value is OfficerKey {
  if (!isObject(value)) return false;
  switch (value['type']) {
    case 'ed25519':
    case 'ml-dsa-44':
      return hasExactMembers(value, ['key', 'type']) && isKeyText(value['key'], value['type']);
    case 'webauthn':
      return isWebauthnKey(value);
    default:
      return false;
  }
}

/** The type that goes into the key's id. */
export function officerKeyType(key: OfficerKey): KeyType {
  if (key.type !== 'webauthn') return key.type;
  return key.algorithm === 'ES256' ? 'webauthn-es256' : 'webauthn-eddsa';
}

/** The raw public key. */
export function officerKeyBytes(key: OfficerKey): Uint8Array {
  const bytes = decodeBase64(key.key);
  if (bytes === null) throw new InvariantError('an officer key that was not parsed');
  return bytes;
}

/** The key id that a signature by this key carries (rulings.md, 1). */
export function officerKeyId(key: OfficerKey): string {
  return keyId(officerKeyType(key), officerKeyBytes(key));
}

/** Padded base64 of a raw public key of the type's length; SEC1 keys are compressed. */
export function isKeyText(value: JsonValue | undefined, type: KeyType): value is string {
  if (typeof value !== 'string') return false;
  const length = publicKeyBytes[type];
  if (value.length !== Math.ceil(length / 3) * 4) return false;
  const bytes = decodeBase64(value);
  if (bytes?.length !== length) return false;
  return type !== 'webauthn-es256' || bytes[0] === 2 || bytes[0] === 3;
}

function isWebauthnKey(value: { [member: string]: JsonValue }): boolean {
  if (!hasExactMembers(value, webauthnMemberNames)) return false;
  const { algorithm, key, origins, rpId } = value;
  if (algorithm !== 'ES256' && algorithm !== 'EdDSA') return false;
  if (!isKeyText(key, algorithm === 'ES256' ? 'webauthn-es256' : 'webauthn-eddsa')) return false;
  if (!isVisibleAscii(rpId, shortTextCharactersMax)) return false;
  return isUniqueList(origins, webauthnOriginsMax, isWebOrigin) && origins.length > 0;
}

// As browsers write origins: scheme, host, perhaps a port, no slash at the end. Compared exactly.
function isWebOrigin(value: JsonValue): value is string {
  if (!isVisibleAscii(value, urlCharactersMax)) return false;
  const host = value.startsWith('https://')
    ? value.slice(8)
    : value.startsWith('http://localhost')
      ? value.slice(7)
      : '';
  return host.length > 0 && !/[/?#@\\]/.test(host);
}
