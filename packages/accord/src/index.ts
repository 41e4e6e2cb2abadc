/**
 * Meaning: what statements do to their dockets. Pure: no clock, network, randomness or storage.
 */
export { isActKind, kinds, misnamedParty, parseBody, levelOf, chainOf } from './kinds/registry.ts';
export type { Act, ActKind, BodyOf } from './kinds/registry.ts';
export type { DocketType, KindDefinition } from './kinds/definition.ts';
export { assuranceDigest } from './kinds/assurance.ts';
export type { OfferBody } from './kinds/assurance.ts';
export { refusalCodes } from './kinds/channel.ts';
export type { RefusalCode } from './kinds/channel.ts';
export type { AllegationAnswer } from './kinds/allegation.ts';
export { dueAt, nominalSeconds } from './duration.ts';
export type { Coverage, Duration } from './duration.ts';
export { parseTerms, termsDigest, termsSchema } from './terms.ts';
export type { Deadline, DeadlineName, Terms } from './terms.ts';
export { builtInTerms, exerciseTerms } from './built-in-terms.ts';
export type { BuiltInTermsName } from './built-in-terms.ts';
export type { EntryFact, FoldCitation, FoldInput, FoldParty, FoldStatement } from './fold/input.ts';
export { obligationRules } from './fold/state.ts';
export type {
  ActState,
  ActTowards,
  AllegationDetail,
  AllegationWord,
  AssuranceDetail,
  AssuranceWord,
  ChannelDetail,
  ChannelWord,
  DocketDetail,
  DocketState,
  Effect,
  IncidentDetail,
  IncidentWord,
  Obligation,
  ObligationRule,
  ObligationStatus,
  OpeningWord,
  OtherDetail,
  Span,
} from './fold/state.ts';
export { voidReasons } from './fold/void-reasons.ts';
export type { VoidReason } from './fold/void-reasons.ts';
export { fold, waitingIn } from './fold/fold.ts';
export { inputDigest, stateDigest } from './fold/digests.ts';
export { obligationId } from './fold/obligations.ts';
export { view } from './view.ts';
export type { DocketView, ViewedObligation } from './view.ts';
export { effectOf } from './effect-of.ts';
export { voidWords } from './void-words.ts';
export type { Draft, DraftEffect } from './effect-of.ts';
export { meaning } from './meaning.ts';
export { headsOf } from './heads.ts';
export { heartbeatLeaf, heartbeatRoot } from './heartbeat.ts';
export type { HeartbeatLeaf } from './heartbeat.ts';
