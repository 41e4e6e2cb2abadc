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
export {
  formatNote,
  formatVkey,
  isNoteName,
  noteKey,
  noteSignatureCheck,
  openNote,
  parseNote,
  parseSignatureLines,
  parseVkey,
  signatureLine,
  signNote,
} from './note.ts';
export type { Note, NoteKey, NoteKeyType, NoteSignature, NoteSigner } from './note.ts';
export { formatCheckpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts';
export type { Checkpoint } from './checkpoint.ts';
export { cosign, timedSignature, verifyCosignature } from './cosignature.ts';
export {
  consistencyFromNodes,
  consistencyNodes,
  emptyRoot,
  inclusionFromNodes,
  inclusionNodes,
  leafHash,
  nodeHash,
  rootFromNodes,
  rootNodes,
  verifyConsistency,
  inclusionVerifier,
  verifyInclusion,
  verifyInclusionOfHash,
} from './merkle.ts';
export type { NodeAddress } from './merkle.ts';
export {
  encodeEntryBundle,
  hashInTile,
  parseEntryBundle,
  parseTilePath,
  tileOfNode,
  tilePath,
  tilesForSize,
  widthForNode,
} from './tiles.ts';
export type { EntryBundleAddress, TileAddress } from './tiles.ts';
export { formatLogProof, parseLogProof, verifyLogProof } from './proof.ts';
export type { CheckpointSizes, LogProof } from './proof.ts';
export { formatPolicy, parsePolicy, policySatisfied, witnessedTime } from './policy.ts';
export type { Policy, PolicyGroup, PolicyLog, PolicyWitness } from './policy.ts';

// ── Upper half: envelopes, statements, credentials, pouches, bundles ─────────────────────────────
export {
  anchorLinesMax,
  chainVersionsMax,
  delegationsMax,
  officesMax,
  pouchRecordsMax,
  sealOverheadBytesMax,
} from './document-limits.ts';
export { formatTime, parseTime } from './time.ts';
export {
  envelopeFromJson,
  envelopeToJson,
  exercisePayloadType,
  exercisePouchPayloadType,
  formatEnvelope,
  isExercisePayloadType,
  parseEnvelope,
  pouchPayloadType,
  preAuthEncoding,
  signatureListDigest,
  statementId,
  statementPayloadType,
} from './envelope.ts';
export type { Envelope, EnvelopeCode, EnvelopeSignature, WebauthnExtension } from './envelope.ts';
export { channelDocket, formatStatement, parseStatement, partyOf } from './statement.ts';
export type { Anchor, ParsedStatement, Statement, StatementCode } from './statement.ts';
export { addSignature, signEnvelopeEd25519, signEnvelopeMlDsa44 } from './sign.ts';
export { assertionCheck, signingChallenge, webauthnSignature } from './webauthn.ts';
export { isOfficerKey, officerKeyBytes, officerKeyId, officerKeyType } from './officer-key.ts';
export type { OfficerKey, WebauthnKey } from './officer-key.ts';
export { automaticOffice, parseCredentialsBody, partyFunctions } from './credentials-body.ts';
export type { Contact, CredentialsBody, PartyFunction, Threshold } from './credentials-body.ts';
export {
  comparePositions,
  isPastEnd,
  delegationsInForce,
  endOfPredecessor,
  isUnderVersion,
  logKeysAt,
  logKeysOf,
  newestVersion,
  noteKeyOf,
  versionById,
  versionInForce,
  withDelegation,
  withEnding,
  withVersion,
} from './credentials-chain.ts';
export type {
  Chain,
  CredentialsVersion,
  Delegation,
  DelegationEnding,
  LogPosition,
} from './credentials-chain.ts';
export { freezeChain, verifyCredentials } from './credentials.ts';
export type { CredentialsCode } from './credentials.ts';
export { parseDelegationBody } from './delegation-body.ts';
export type { DelegationBody, DelegationGrant } from './delegation-body.ts';
export { verifyDelegation } from './delegation.ts';
export type { DelegationCode } from './delegation.ts';
export {
  authorityOf,
  levelsMet,
  officesThatSigned,
  signatureChecks,
  verifyEnvelope,
  verifySignature,
} from './authority.ts';
export type { Authority, Level, Signatories, SignatureChecks, Signer } from './authority.ts';
export { verifyEntry, verifyPartyEntry } from './log-entry-proof.ts';
export type { ProvedEntry } from './log-entry-proof.ts';
export {
  generateSealingIdentity,
  isSealingRecipient,
  openSealed,
  sealingClass,
  sealingRecipient,
  sealTo,
} from './seal.ts';
export type { Opened, SealingClass } from './seal.ts';
export { anchorDigest, divideAnchorLines, verifyAnchors } from './anchor.ts';
export type { AnchorTime, AnchorTimes } from './anchor.ts';
export { safetyNumber } from './safety-number.ts';
export type { PairingSide } from './safety-number.ts';
export {
  pouchEnvelopes,
  pouchManifestCheck,
  pouchSignatureChecks,
  readPouch,
  readPouchManifest,
  writePouch,
} from './pouch.ts';
export type { Pouch, PouchManifest, PouchOpening } from './pouch.ts';
export type {
  DocketDigests,
  PouchRecord,
  PouchRecordCode,
  PouchRecordType,
  ProofFact,
} from './pouch-record.ts';
export { parseBundle, writeBundle } from './bundle.ts';
export type {
  Bundle,
  BundledCredentials,
  BundledHeartbeat,
  BundledProof,
  BundledStatement,
} from './bundle.ts';
export { verifyBundle } from './verify.ts';
export type { BundleCheck, Meaning, Verdict, VerifiedStatement, VerifyReport } from './verify.ts';
