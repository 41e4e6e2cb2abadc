/**
 * The node: homes, officers' keys, the desk, and a running node with its API.
 */
export { systemClock } from './context.ts';
export type { Clock, LogLine, NodeEvent, NodeKeys, Random } from './context.ts';

// ── Homes ─────────────────────────────────────────────────────────────────────────────────────────
export { addressUrl, checkConfig, formatProblem, parseListenAddress } from './home/config.ts';
export type { ConfigFlags, ConfigProblem, ListenAddress, NodeConfig } from './home/config.ts';
export { initHome, officersMax } from './home/init.ts';
export type { InitFailure, InitOptions, InitResult } from './home/init.ts';
export { highWaterPath, homeLayout } from './home/layout.ts';
export type { HomeLayout } from './home/layout.ts';
export { acquireLock, lockOwner } from './home/lock.ts';
export type { HomeLock } from './home/lock.ts';
export { readNodeKeys } from './home/node-keys.ts';
export type { NodeKeysFailure, Protection } from './home/node-keys.ts';
export { readPartyFile } from './home/party-file.ts';
export type { PartyFile } from './home/party-file.ts';

// ── Officers ──────────────────────────────────────────────────────────────────────────────────────
export {
  changePassphrase,
  listOfficerKeys,
  makeOfficerSecret,
  officerPublicKey,
  officeSlug,
  openOfficerKey,
  signAsOfficer,
  unlockOfficerKey,
  writeOfficerKey,
} from './officers/key-files.ts';
export type { OfficerKeyFile, OfficerSecret, UnlockFailure } from './officers/key-files.ts';
export type { Roster, RosterOfficer } from './officers/roster.ts';
export { rotateCredentials } from './officers/rotation.ts';
export type { RotationFailure, RotationWish, ThresholdWish } from './officers/rotation.ts';

// ── Desk ──────────────────────────────────────────────────────────────────────────────────────────
export type { Approval, ApprovalFailure } from './desk/approvals.ts';
export {
  displayDraft,
  formatDraftFile,
  inGroups,
  parseDraftFile,
  signDraftFile,
} from './desk/draft-file.ts';
export type { DraftDisplay, DraftFile, DraftFileFailure } from './desk/draft-file.ts';
export type { Draft } from './desk/drafts.ts';
export { officersCalled } from './desk/officers-at-hand.ts';
export { openMany, openingsMax } from './desk/open-many.ts';
export type { Opening, OpenManyFailure } from './desk/open-many.ts';
export type { DraftFailure, DraftRequest } from './desk/requests.ts';
export type { SayFailure } from './desk/say.ts';

// ── Parties ───────────────────────────────────────────────────────────────────────────────────────
export { formatCredentialsFile, parseCredentialsFile } from './parties/credentials-file.ts';
export type { CredentialsFile, CredentialsFileFailure } from './parties/credentials-file.ts';
export { sameSafetyNumber } from './parties/pairing.ts';

// ── Watch ─────────────────────────────────────────────────────────────────────────────────────────
export type { AlarmRow } from './alarms.ts';
export type { Delivery } from './watch/delivery.ts';
export type { DocketRow, ShownDocket, ShownStatement } from './watch/dockets.ts';
export type { FsckProblem, FsckReport } from './watch/fsck.ts';
export type { OwedRow } from './watch/obligations.ts';
export type { CounterpartStatus, NodeStatus, WitnessStatus } from './watch/status.ts';

// ── The running node ──────────────────────────────────────────────────────────────────────────────
export { socketDistrust, socketPath } from './api/listeners.ts';
export { startNode, StartError } from './node.ts';
export type { LocalCall, LocalReply, RunningNode, StartFailure, StartOptions } from './node.ts';
export type { PartyState } from './store/schema.ts';
