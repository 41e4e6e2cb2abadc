/**
 * Signing envelopes with keys that are at hand (age-encrypted files). Passkeys sign in
 * `webauthn.ts`; hardware keys sign the PAE themselves.
 */
import { encodeBase64 } from './bytes.ts';
import { preAuthEncoding } from './envelope.ts';
import type { Envelope, EnvelopeSignature } from './envelope.ts';
import { keyId } from './keys.ts';
import { ed25519PublicKey, ed25519Sign, mlDsa44PublicKey, mlDsa44Sign } from '#primitives';

/** Signs the PAE with an Ed25519 key, given as its 32-byte seed. */
export function signEnvelopeEd25519(
  payloadType: string,
  payload: Uint8Array,
  seed: Uint8Array,
): EnvelopeSignature {
  const signature = ed25519Sign(seed, preAuthEncoding(payloadType, payload));
  return {
    keyid: keyId('ed25519', ed25519PublicKey(seed)),
    sig: encodeBase64(signature),
  };
}

/** Signs the PAE with an ML-DSA-44 key, given as its 32-byte seed; empty context. */
export function signEnvelopeMlDsa44(
  payloadType: string,
  payload: Uint8Array,
  seed: Uint8Array,
): EnvelopeSignature {
  const signature = mlDsa44Sign(seed, preAuthEncoding(payloadType, payload));
  return {
    keyid: keyId('ml-dsa-44', mlDsa44PublicKey(seed)),
    sig: encodeBase64(signature),
  };
}

/** A new envelope with one more signature, sorted; one by the same key is replaced. */
export function addSignature(envelope: Envelope, signature: EnvelopeSignature): Envelope {
  const others = envelope.signatures.filter((other) => other.keyid !== signature.keyid);
  const signatures = [...others, signature].sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
  return { ...envelope, signatures };
}
