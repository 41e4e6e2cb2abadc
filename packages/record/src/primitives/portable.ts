/**
 * Hashes, signatures and text codecs without a platform: @noble only. For browsers, and the second
 * opinion in the tests. The contracts are those of `native.ts`.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha256 as hashSha256, sha512 } from '@noble/hashes/sha2.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import {
  isAcceptableEd25519Point,
  isAcceptableEd25519Signature,
  isCompressedPoint,
  isLowS,
  type SignatureCheck,
} from './encodings.ts';
import { encodeHex } from './portable-text.ts';

export type { SignatureCheck } from './encodings.ts';
export { mlDsa44PublicKey, mlDsa44Sign } from './ml-dsa-44-signing.ts';
export {
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  decodeText,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
} from './portable-text.ts';

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hashSha256(bytes);
}

/** SHA-256 as 64 lower-case hex digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return encodeHex(hashSha256(bytes));
}

/** The 32-byte public key of a 32-byte seed (RFC 8032, 5.1.5). */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed);
}

/** A 64-byte signature (RFC 8032, 5.1.6, pure Ed25519). */
export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed);
}

/**
 * Cofactorless verification with canonical S, A and R, and no A or R of small order (rulings.md, 2).
 *
 * Not the library's own `verify`, which multiplies by the cofactor: a signature whose R has a
 * component of small order would be valid here and invalid in OpenSSL.
 */
export function ed25519Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!isAcceptableEd25519Point(publicKey) || !isAcceptableEd25519Signature(signature))
    return false;
  const { Point } = ed25519;
  const order = Point.Fn.ORDER;
  const s = littleEndian(signature.subarray(32));
  if (s >= order) return false;
  try {
    const a = Point.fromBytes(publicKey);
    const r = signature.subarray(0, 32);
    const hash = sha512.create().update(r).update(publicKey).update(message).digest();
    const k = littleEndian(hash) % order;
    const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k));
    // R is compared as bytes, so that only its canonical encoding counts.
    return expected.toBytes().every((byte, i) => byte === r[i]);
  } catch {
    return false;
  }
}

/** ECDSA on P-256 with SHA-256; compressed key; r ‖ s of 64 bytes with low s only. */
export function es256Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!isCompressedPoint(publicKey) || !isLowS(signature)) return false;
  try {
    return p256.verify(signature, message, publicKey, { lowS: true, prehash: true });
  } catch {
    return false;
  }
}

/** ML-DSA-44 (FIPS 204), pure mode, empty context; 1312 and 2420 bytes, else false. */
export function mlDsa44Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 1312 || signature.length !== 2420) return false;
  try {
    return ml_dsa44.verify(signature, message, publicKey);
  } catch {
    return false;
  }
}

/** Verifies many, one after another; one answer per check, in order. Never rejects. */
export async function verifySignatures(checks: readonly SignatureCheck[]): Promise<boolean[]> {
  return checks.map(({ algorithm, publicKey, message, signature }) => {
    if (algorithm === 'ed25519') return ed25519Verify(publicKey, message, signature);
    if (algorithm === 'es256') return es256Verify(publicKey, message, signature);
    return mlDsa44Verify(publicKey, message, signature);
  });
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${encodeHex(bytes.slice().reverse())}`);
}
