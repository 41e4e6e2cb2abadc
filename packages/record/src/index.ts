/**
 * Bytes and proofs: what two parties, and a stranger, can check without a node.
 */

// ── Lower half: bytes, text, keys, notes, trees, logs, policies ──────────────────────────────────
export { failure, InvariantError, success } from './result.ts';
export type { Failure, Result } from './result.ts';
export {
  afterMax,
  anchorsMax,
  bundleBytesMax,
  citesMax,
  envelopeBytesMax,
  jsonDepthMax,
  logEntryBytesMax,
  logProofBytesMax,
  noteBytesMax,
  noteNameBytesMax,
  noteSignaturesMax,
  payloadBytesMax,
  policyBytesMax,
  policyGroupsMax,
  policyLogsMax,
  policyMembersMax,
  policyWitnessesMax,
  pouchBytesMax,
  pouchStatementsMax,
  proofHashesMax,
  recipientsMax,
  signaturesMax,
  tileLevelMax,
  tileWidthMax,
} from './limits.ts';
export {
  compareBytes,
  concatBytes,
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  decodeText,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeText,
  equalBytes,
  readU32be,
  readU64be,
  u32be,
  u64be,
} from './bytes.ts';
export {
  ed25519PublicKey,
  ed25519Sign,
  ed25519Verify,
  es256Verify,
  mlDsa44PublicKey,
  mlDsa44Sign,
  mlDsa44Verify,
  sha256,
  sha256Hex,
  verifySignatures,
} from '#primitives';
export type { SignatureCheck } from '#primitives';
export { canonicalJson, canonicalJsonBytes, parseCanonicalJson } from './json.ts';
export type { JsonValue } from './json.ts';
export { checkText, isAssigned } from './text.ts';
export { keyId, publicKeyBytes } from './keys.ts';
export type { KeyType } from './keys.ts';
export { logEntry } from './entry.ts';
export type { EntryRole } from './entry.ts';

// ── Upper half: envelopes, statements, credentials, pouches, bundles ─────────────────────────────
