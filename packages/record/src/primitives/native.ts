/**
 * Hashes, signatures and text codecs by node:crypto and Buffer; `portable.ts` is the same for
 * browsers. Both must give the same answer to every input, which the tests check.
 */
import {
  createPrivateKey,
  createPublicKey,
  hash,
  sign,
  verify,
  type KeyObject,
  type VerifyKeyObjectInput,
} from 'node:crypto';
import { cachedKeysMax, pooledChecksMax } from '../limits.ts';
import {
  isAcceptableEd25519Point,
  isAcceptableEd25519Signature,
  isCompressedPoint,
  isLowS,
  type SignatureCheck,
} from './encodings.ts';

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
} from './native-text.ts';

/** SHA-256, 32 bytes in memory of their own. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // Through a one-byte string: making a Buffer costs more than hashing a node of a tree.
  const digest = hash('sha256', bytes, 'binary');
  const copy = new Uint8Array(32);
  for (let i = 0; i < 32; i++) copy[i] = digest.charCodeAt(i);
  return copy;
}

/** SHA-256 as 64 lower-case hex digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** The 32-byte public key of a 32-byte seed (RFC 8032, 5.1.5). */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  const held = privateKeyOf(seed);
  if (held.publicKey === null) {
    const spki = createPublicKey(held.key).export({ format: 'der', type: 'spki' });
    held.publicKey = Uint8Array.from(spki.subarray(-32));
  }
  return held.publicKey.slice();
}

/** A 64-byte signature (RFC 8032, 5.1.6, pure Ed25519). */
export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return Uint8Array.from(sign(null, message, privateKeyOf(seed).key));
}

/**
 * Cofactorless verification with canonical S, A and R, and no A or R of small order (rulings.md, 2).
 * False for anything that is not 32 and 64 bytes.
 */
export function ed25519Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyNow({ algorithm: 'ed25519', publicKey, message, signature });
}

/** ECDSA on P-256 with SHA-256; compressed key; r ‖ s of 64 bytes with low s only. */
export function es256Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyNow({ algorithm: 'es256', publicKey, message, signature });
}

/** ML-DSA-44 (FIPS 204), pure mode, empty context; 1312 and 2420 bytes, else false. */
export function mlDsa44Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyNow({ algorithm: 'ml-dsa-44', publicKey, message, signature });
}

/**
 * Verifies many at once in the thread pool; one answer per check, in order. Never rejects: what
 * cannot be checked is false. At most a thousand or so wait in the pool at a time.
 */
export async function verifySignatures(checks: readonly SignatureCheck[]): Promise<boolean[]> {
  const answers: boolean[] = [];
  for (let start = 0; start < checks.length; start += pooledChecksMax) {
    const some = checks.slice(start, start + pooledChecksMax);
    answers.push(...(await Promise.all(some.map(verifyInPool))));
  }
  return answers;
}

function verifyNow(check: SignatureCheck): boolean {
  const key = publicKeyOf(check);
  if (key === null) return false;
  try {
    return verify(digestOf(check), check.message, keyInput(key, check), check.signature);
  } catch {
    return false;
  }
}

function verifyInPool(check: SignatureCheck): Promise<boolean> {
  const key = publicKeyOf(check);
  if (key === null) return Promise.resolve(false);
  return new Promise((resolve) => {
    try {
      verify(
        digestOf(check),
        check.message,
        keyInput(key, check),
        check.signature,
        (error, valid) => resolve(error === null && valid),
      );
    } catch {
      resolve(false);
    }
  });
}

function digestOf(check: SignatureCheck): 'sha256' | null {
  return check.algorithm === 'es256' ? 'sha256' : null;
}

function keyInput(key: KeyObject, check: SignatureCheck): KeyObject | VerifyKeyObjectInput {
  return check.algorithm === 'es256' ? { key, dsaEncoding: 'ieee-p1363' } : key;
}

const spkiPrefixes = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  es256: Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'),
  'ml-dsa-44': Buffer.from('30820532300b060960864801650304031103820521' + '00', 'hex'),
};

// Making a KeyObject from DER each time halves the rate of verification. The cache forgets its
// oldest keys, so that strangers' keys cannot fill memory. Lengths of keys differ by algorithm,
// so the bytes alone are the name. `null` stands for bytes that are no key.
const publicKeys = new Map<string, KeyObject | null>();

function publicKeyOf(check: SignatureCheck): KeyObject | null {
  const { algorithm, publicKey, signature } = check;
  if (!hasAcceptableForm(algorithm, publicKey, signature)) return null;
  const view = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length);
  const name = view.toString('latin1');
  const known = publicKeys.get(name);
  if (known !== undefined) return known;
  const made = makePublicKey(algorithm, publicKey);
  if (publicKeys.size >= cachedKeysMax) {
    for (const oldest of publicKeys.keys()) {
      publicKeys.delete(oldest);
      break;
    }
  }
  publicKeys.set(name, made);
  return made;
}

function hasAcceptableForm(
  algorithm: SignatureCheck['algorithm'],
  publicKey: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (algorithm === 'ed25519')
    return publicKey.length === 32 && isAcceptableEd25519Signature(signature);
  if (algorithm === 'es256') return isCompressedPoint(publicKey) && isLowS(signature);
  return publicKey.length === 1312 && signature.length === 2420;
}

function makePublicKey(
  algorithm: SignatureCheck['algorithm'],
  publicKey: Uint8Array,
): KeyObject | null {
  if (algorithm === 'ed25519' && !isAcceptableEd25519Point(publicKey)) return null;
  try {
    const key = Buffer.concat([spkiPrefixes[algorithm], publicKey]);
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

// Keyed by the caller's own array: when it forgets the seed, so do we. The copy is compared, so
// that a seed that was wiped or overwritten never signs with the old key.
interface HeldPrivateKey {
  copy: Buffer;
  key: KeyObject;
  /** Worked out when it is first asked for. */
  publicKey: Uint8Array | null;
}
const privateKeys = new WeakMap<Uint8Array, HeldPrivateKey>();

function privateKeyOf(seed: Uint8Array): HeldPrivateKey {
  if (seed.length !== 32) throw new TypeError('an Ed25519 seed is 32 bytes');
  const known = privateKeys.get(seed);
  if (known !== undefined && known.copy.equals(seed)) return known;
  const der = Buffer.concat([pkcs8Prefix, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const held = { copy: Buffer.from(seed), key, publicKey: null };
  privateKeys.set(seed, held);
  return held;
}
