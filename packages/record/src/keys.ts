/**
 * Key types and key identifiers (rulings.md, 1).
 */
import { concatBytes } from './bytes.ts';
import { sha256Hex } from '#primitives';

/** What kind of key signs a statement. */
export type KeyType = 'ed25519' | 'webauthn-es256' | 'webauthn-eddsa' | 'ml-dsa-44';

const typeBytes: { readonly [type in KeyType]: number } = {
  ed25519: 0x01,
  'webauthn-es256': 0x02,
  'webauthn-eddsa': 0x03,
  'ml-dsa-44': 0x04,
};

/** Raw length of a public key, by type: 32, compressed SEC1 33, 32, 1312 bytes. */
export const publicKeyBytes: { readonly [type in KeyType]: number } = {
  ed25519: 32,
  'webauthn-es256': 33,
  'webauthn-eddsa': 32,
  'ml-dsa-44': 1312,
};

/**
 * 64 lower-case hex digits of SHA-256(type byte ‖ raw public key). Does not check that the key is
 * of the type's length or a point on its curve.
 */
export function keyId(type: KeyType, rawKey: Uint8Array): string {
  return sha256Hex(concatBytes(Uint8Array.of(typeBytes[type]), rawKey));
}
