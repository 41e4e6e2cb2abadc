/** Bounds of the exchange; units last in the names. Every queue and loop here ends at one of them. */

/** A sealed pouch on a route or in a file: the plaintext's 4 MiB and the age framing. */
export const sealedPouchBytesMax = 5 * 1024 * 1024;
/**
 * Records that are parsed to find the credentials of a changed automatic key, before it is known who
 * sent the pouch: one set of credentials at its largest, or a hundred of common size.
 */
export const credentialsAheadBytesMax = 512 * 1024;
/** Pouches that came unasked and wait to be opened, and what they may weigh together. */
export const openingPouchesMax = 64;
export const openingBytesMax = 32 * 1024 * 1024;
/** Requests that bring a pouch and are not answered yet: each may hold one in memory. */
export const pouchRequestsMax = 64;
/** Those from one address (IPv6: from one network of 64 bits), so that nobody has them all. */
export const pouchRequestsPerAddressMax = 16;
/** A body that brings less than this in such a time, and is not whole, is cut off. */
export const bodyPaceMs = 15_000;
export const bodyPaceBytesMin = 64 * 1024;
/** Unasked pouches of one counterpart that are opened and taken in, or wait for that. */
export const unaskedPerSenderMax = 8;
/** What was turned away is written to the log at most this often. */
export const countersLoggedEveryMs = 60_000;
/** When whoever was turned away because of these may come again. */
export const busyRetryAfterSeconds = 5;
/** What a composed pouch may weigh before the last record is added, so that it stays below 4 MiB. */
export const composedPouchBytesMax = 3 * 1024 * 1024;
/** Statements of others and own that one composed pouch carries. */
export const composedStatementsMax = 512;
/** Pouches in flight to one counterpart; the last place is only for what has the reserve. */
export const pouchesInFlightMax = 4;
/** Outbox rows that are worth a pouch of their own beside one in flight. */
export const plentyRowsMin = 512;
/** Outbox rows that one pouch may carry (statements, receipts and the rest together). */
export const composedRowsMax = 1024;
/** Log entries (32 bytes each) that one pouch carries. */
export const entriesPerPouchMax = 4096;
/** Cosignature records that are looked at in one pouch: as many as a composed one can have. */
export const cosignaturesPerPouchMax = 1024;
/** Proof records that are looked at in one pouch. */
export const proofsPerPouchMax = 4096;
/** Request records that are answered in one pouch. */
export const requestsPerPouchMax = 16;
/** Ids in one request record. */
export const requestIdsMax = 256;
/** Statements of a restored log that are queued for its owner with one pouch of its. */
export const lostPerAnswerMax = 512;
/** Missing parents that are remembered per counterpart; the rest is found again from `parents`. */
export const missingPerPartyMax = 1024;
/** How long a request for missing parents waits for its answer before it is asked again. */
export const missingAskAgainSeconds = 60;
/**
 * Statements, and facts, in one facts record. A docket with more is compared in windows of so many
 * statements (facts.ts).
 */
export const factsPerDocketMax = 4096;
/** What a facts record may weigh; lines by ML-DSA-44 have some 3,500 characters each. */
export const factsBytesMax = 768 * 1024;
/** Dockets in one digests record. */
export const digestsDocketsMax = 4096;
/** What a digests record may weigh, so that a composed pouch that takes it in stays below 4 MiB. */
export const digestsBytesMax = 768 * 1024;
/**
 * Heartbeats of ours that wait for one counterpart before no more are said to it; and of a
 * counterpart that wait to be compared while much comes from it.
 */
export const testsWaitingMax = 2;
/** A heartbeat that is heard is answered at most this often, per counterpart. */
export const answerHeartbeatEveryMs = 1_000;
/** Statements and receipts in one pouch that are a flow: heartbeats wait for a moment. */
export const flowMin = 64;
export const flowMs = 3_000;
/** How often a heartbeat is said again while an officer waits for confirmations. */
export const confirmAgainMs = 1_500;
/** How often it is looked whether they have come. */
export const confirmLookMs = 150;
/** A cosignature further ahead of our clock than this is entered only when its time has come. */
export const cosignatureAheadSecondsMax = 300;
/** Cosignatures from the future that are kept until their time. */
export const deferredCosignaturesMax = 1024;
/** Pouches of ours per counterpart whose answer is still recognised. */
export const outstandingPouchesMax = 64;
/** Variables in one SQL `in` list. */
export const sqlListMax = 400;
/** Attempts to log an automatic statement when its place in the `prior` chain was taken. */
export const automaticAttemptsMax = 5;
/** First and longest wait of the courier after a failure. */
export const backoffFirstMs = 1_000;
export const backoffLongestMs = 300_000;
/** Items of a pouch whose answer did not cover them are sent again after this. */
export const sendAgainMs = 60_000;
/** How long cosignatures and facts wait for something more urgent to travel with. */
export const quietDelayMs = 1_000;
/** One request on the direct route, from connecting to the last byte of the answer. */
export const directTimeoutMs = 60_000;
/** Time after which a statement of a docket with more participants is passed on to who has no receipt. */
export const passOnAfterSeconds = 60;
/** Statements of dockets with more participants that are watched for missing receipts. */
export const passOnWatchedMax = 16_384;
/** How often counterparts are asked for our log while it is blocked after a restore. */
export const restoreAskAgainSeconds = 30;
/** Answers of a counterpart with nothing new in them before it has no more of our log to give. */
export const restoreAnswersMin = 3;
/** A pouch with so many statements has not brought all that its sender has for us. */
export const fullPouchStatementsMin = 32;
/** Entries of our own log that are kept of one counterpart's copy while it is put together. */
export const restoreEntriesPerPartyMax = 4_194_304;
/** Statements that one sweep passes on. */
export const passOnPerSweepMax = 512;
/** Heartbeats that may be missed before silence is an alarm. */
export const heartbeatsMissedMax = 2;

/** Records of a reconciliation that one pouch may make us work on; none has more that is composed by rule. */
export const factsPerPouchMax = 16;
export const digestsPerPouchMax = 4;
/** By type of record: what is worked on of one pouch, and so what is put into one. */
export const perPouchMax: ReadonlyMap<string, number> = new Map([
  ['cosignature', cosignaturesPerPouchMax],
  ['proof', proofsPerPouchMax],
  ['request', requestsPerPouchMax],
  ['facts', factsPerPouchMax],
  ['digests', digestsPerPouchMax],
]);
