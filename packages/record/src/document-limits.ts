/**
 * Limits of the signed documents built on envelopes: signatures, credentials, pouches, bundles.
 *
 * Continues `limits.ts`; units last in the names.
 */

/** One DSSE signature, decoded: ML-DSA-44 has 2,420 bytes, everything else 64. */
export const signatureBytesMax = 2_420;
/** WebAuthn authenticator data: 37 bytes, and extension outputs where the flag says so. */
export const authenticatorDataBytesMax = 1_024;
/** WebAuthn client data; browsers write about 250 bytes. */
export const clientDataBytesMax = 4_096;
/** A payloadType or a kind. */
export const payloadTypeCharactersMax = 128;
export const kindCharactersMax = 64;
/** The name of a log: fits the one length byte of an ML-DSA-44 cosignature. */
export const originCharactersMax = 255;

/** Offices in one version of credentials, and keys of one officer. */
export const officesMax = 64;
export const officerKeysMax = 4;
/** Origins of a passkey. */
export const webauthnOriginsMax = 8;
/** Languages of a name, log keys, age recipients, routes, delegations, fold versions. */
export const languagesMax = 32;
export const logKeysMax = 4;
export const sealingRecipientsMax = 4;
export const routesMax = 8;
export const delegationsMax = 256;
export const foldsMax = 32;
/** Kinds that a delegation names. */
export const delegationKindsMax = 64;
/** Short texts: names, offices, hours, telephone numbers; addresses. */
export const shortTextCharactersMax = 200;
export const urlCharactersMax = 2_048;
/** Versions in one chain and delegations known of one party. */
export const chainVersionsMax = 4_096;

/** Cosignature lines that one anchor may commit to. */
export const anchorLinesMax = 64;
/** One signature line of a note: an ML-DSA-44 line has about 3,500 characters. */
export const noteLineCharactersMax = 8_192;

/** Records in a pouch, whatever their types. */
export const pouchRecordsMax = 8_192;
/** What age adds to a plaintext of the largest pouch: header, 16 bytes for each 64 KiB, spare. */
export const sealOverheadBytesMax = 128 * 1024;
/** A pouch's manifest as it stands in front: small members and one signature. */
export const pouchManifestBytesMax = 16 * 1024;
