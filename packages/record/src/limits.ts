/**
 * Limits on everything that is parsed or held; units last in the names (protocol.md, "Statement").
 */

/** A statement's payload. */
export const payloadBytesMax = 256 * 1024;
/** A DSSE envelope as JSON: the payload in base64, sixteen signatures with assertions, and room. */
export const envelopeBytesMax = 1024 * 1024;
/** Signatures in an envelope. */
export const signaturesMax = 16;
/** Parents that a statement names. */
export const afterMax = 64;
/** Statements that a statement cites. */
export const citesMax = 64;
/** Checkpoints that a statement is anchored to. */
export const anchorsMax = 64;
/** Recipients of a statement: the other participants of a docket. */
export const recipientsMax = 64;
/** Statements in a pouch. */
export const pouchStatementsMax = 512;
/** A pouch's plaintext. */
export const pouchBytesMax = 4 * 1024 * 1024;
/** A bundle. */
export const bundleBytesMax = 64 * 1024 * 1024;

/** Nesting of JSON: the depth of the innermost value; a scalar alone has depth 0. */
export const jsonDepthMax = 64;

/** A signed note as text. */
export const noteBytesMax = 1_000_000;
/** Signature lines in a note (the reference parser's own limit). */
export const noteSignaturesMax = 100;
/** Name of a note key; cosignatures by ML-DSA-44 carry its length in one byte. */
export const noteNameBytesMax = 255;
/** Hashes in an inclusion or consistency proof: more than a tree of 2^53 leaves can need. */
export const proofHashesMax = 64;
/** A log proof as text. */
export const logProofBytesMax = noteBytesMax + 8192;

/** Hashes in a full tile, and entries in a full bundle. */
export const tileWidthMax = 256;
/** Bytes of one log entry in a bundle (its length is two bytes). */
export const logEntryBytesMax = 65_535;
/** Levels of tiles: 256^8 exceeds 2^53. */
export const tileLevelMax = 7;

/** A witness policy as text. */
export const policyBytesMax = 262_144;
/** Logs, witnesses and groups in a policy; the specification asks for at least 32 of each. */
export const policyLogsMax = 256;
export const policyWitnessesMax = 256;
export const policyGroupsMax = 256;
/** Members of one group. */
export const policyMembersMax = 256;

/** Public keys whose parsed form the native primitives keep. */
export const cachedKeysMax = 4096;
/** Verifications that wait in the thread pool at a time. */
export const pooledChecksMax = 1024;
