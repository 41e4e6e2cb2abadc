/**
 * ML-DSA-44 keys from seeds, and deterministic signing (FIPS 204, algorithms 1 and 2 with rnd = 0).
 *
 * One implementation for both sets of primitives: the native one signs hedged only, and `record`
 * has no randomness of its own.
 */
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';

/** The 1312-byte public key of a 32-byte seed (FIPS 204's ξ). */
export function mlDsa44PublicKey(seed: Uint8Array): Uint8Array {
  return ml_dsa44.keygen(seed).publicKey;
}

/** A 2420-byte signature, pure mode, empty context. The same bytes each time. */
export function mlDsa44Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ml_dsa44.sign(message, ml_dsa44.keygen(seed).secretKey, { extraEntropy: false });
}
