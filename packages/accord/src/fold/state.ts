/**
 * What a fold gives: maps keyed by id and sets sorted by id, and no list in fold order
 * (rulings.md, 17). Equal inputs give equal states, byte for byte in RFC 8785.
 */
import type { AllegationAnswer } from '../kinds/allegation.ts';
import type { DocketType } from '../kinds/definition.ts';

/**
 * `effective`: it did what it does, towards at least one recipient. `waiting`: no recipient's
 * receipt yet. `refused`: by every recipient. `void`: it broke a rule. `none`: valid, and changes
 * nothing (a second acknowledgement, a refusal).
 */
export type Effect = 'effective' | 'void' | 'refused' | 'waiting' | 'none';

/** Earliest and latest, in POSIX seconds; null: not known. */
export type Span = [number | null, number | null];

export type ActTowards = {
  effect: Effect;
  /** When it took effect towards this participant: the late end of the service. */
  at: number | null;
  /** Rests on an own-account time, until enough witnesses have cosigned. */
  provisional: boolean;
};

/** A statement in the state. `parents` are `after` and `prior`, sorted. */
export type ActState = {
  kind: string;
  from: string;
  effect: Effect;
  /** A void reason, a refusal code, or null. */
  reason: string | null;
  parents: string[];
  /** Author's time: witnessed, else by own account; never before its anchor. */
  said: { at: number | null; provisional: boolean };
  towards: { [party: string]: ActTowards };
};

export const obligationRules = [
  'acknowledge-notification',
  'first-information',
  'enquiry',
  'findings',
  'answer-request',
  'report-incident',
  'holding-answer',
  'answer-allegation',
] as const;
export type ObligationRule = (typeof obligationRules)[number];

export type ObligationStatus =
  | 'running'
  | 'met'
  | 'late'
  | 'waived'
  | 'fallen'
  | 'start-disputed'
  | 'met-disputed'
  | 'not-served';

/** Who owes whom what by when. Spans are [early, late] (rulings.md, 24). */
export type Obligation = {
  id: string;
  rule: ObligationRule;
  owedBy: string;
  owedTo: string;
  /** In words: "acknowledge the notification". */
  what: string;
  start: Span;
  due: Span;
  end: Span;
  state: ObligationStatus;
  /** Name of the terms and of the deadline in them. */
  basis: string;
  provisional: boolean;
  /** Agreed extensions moved the due time. */
  extended: boolean;
  createdBy: string;
  dischargedBy: string | null;
};

export type ChannelWord = 'unpaired' | 'pairing' | 'paired' | 'numbers-differ';
export type AssuranceWord =
  | 'offered'
  | 'declined'
  | 'in-force'
  | 'in-force-disputed'
  | 'suspended'
  | 'withdrawn'
  | 'superseded';
export type IncidentWord =
  'notified' | 'acknowledged' | 'resolution-proposed' | 'disputed' | 'closed' | 'retracted';
export type AllegationWord =
  'unanswered' | 'holding' | 'answered' | 'quoted' | 'concluded' | 'withdrawn';
/** Words that any docket with an opening can have instead. */
export type OpeningWord = 'not-served' | 'refused' | 'void' | 'missing';

export type ChannelDetail = {
  type: 'channel';
  /** Newest channel.pair of each. */
  pairings: { [party: string]: { statement: string; own: string; theirs: string } };
  /** Terms in force: the built-in contact-points until two statements agree. */
  terms: { digest: string; since: Span; provisional: boolean; agreed: boolean };
  /** Digests of rival successors, sorted, while none is in force. */
  rivals: string[];
  /** Proposals that the other side has not answered, by digest. */
  proposed: { [digest: string]: string[] };
  /** Newest channel.test of each. */
  tests: { [party: string]: { statement: string; count: number; root: string } };
  messages: number;
};
export type AssuranceDetail = {
  type: 'assurance';
  /** Digest of what is promised. */
  text: string;
  givers: string[];
  since: Span;
  /** When a withdrawal's notice runs out. */
  ends: Span;
  openUntil: number;
  suspendedBy: string[];
  withdrawnBy: string[];
  answers: { [party: string]: { statement: string; answer: string } };
  understandings: string[];
  provisional: boolean;
};
export type IncidentDetail = {
  type: 'incident';
  severity: string;
  priority: string;
  acknowledgedBy: { [party: string]: string };
  /** The newest proposals of closure and who closed or disputed them. */
  resolutions: { [statement: string]: { closedBy: string[]; disputedBy: string[] } };
  closedUnansweredAfter: Span;
  retracted: string | null;
};
export type AllegationDetail = {
  type: 'allegation';
  quoted: boolean;
  raiser: string;
  respondent: string | null;
  level: string | null;
  answer: { statement: string; answer: AllegationAnswer } | null;
  withdrawn: string | null;
  concludedBy: { [digest: string]: string[] };
  evidence: string[];
};
export type OtherDetail = { type: 'other' };

export type DocketDetail =
  ChannelDetail | AssuranceDetail | IncidentDetail | AllegationDetail | OtherDetail;

export type DocketState = {
  fold: 1;
  docket: string;
  type: DocketType;
  /** One line: the title of an incident, the subject of an assurance, the conduct alleged. */
  subject: string;
  state: ChannelWord | AssuranceWord | IncidentWord | AllegationWord | OpeningWord;
  /** Sorted. */
  participants: string[];
  /** Terms that govern the docket, null where none could be. */
  terms: string | null;
  acts: { [statement: string]: ActState };
  obligations: { [obligation: string]: Obligation };
  /** Refusals by refused id and refuser; `founded` null where the code cannot be checked. */
  refusals: { [refused: string]: { [refuser: string]: { code: string; founded: boolean | null } } };
  detail: DocketDetail;
};
