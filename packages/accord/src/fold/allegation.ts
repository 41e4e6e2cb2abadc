/** The allegation docket: its table and registers (spec/accord.md, "Allegation"). */
import { canonicalJsonBytes, sha256Hex } from '@comity/record';
import type { AllegationAnswer } from '../kinds/allegation.ts';
import type { FoldNode } from './graph.ts';
import {
  markOf,
  mergeMarks,
  setMark,
  type Machine,
  type Mark,
  type Marks,
  type Table,
} from './machine.ts';
import type { PartyIndex } from './parties.ts';
import type { AllegationWord } from './state.ts';

export type AllegationEvent =
  | 'answer'
  | 'answer-holding'
  | 'evidence'
  | 'withdraw'
  | 'conclude'
  | 'conclude-last'
  | 'conclude-quoted'
  | 'not-yours';

const faults = {
  'conclude-quoted': { void: 'quoted-only' },
  'not-yours': { void: 'not-yours' },
} as const;
const open = {
  ...faults,
  answer: { to: 'answered' },
  evidence: 'effect',
  withdraw: { to: 'withdrawn' },
  conclude: 'effect',
  'conclude-last': { to: 'concluded' },
} as const;

export const allegationTable: Table<AllegationWord, AllegationEvent> = {
  unanswered: { ...open, 'answer-holding': { to: 'holding' } },
  holding: { ...open, 'answer-holding': 'effect' },
  answered: { ...open, answer: 'effect', 'answer-holding': 'none' },
  quoted: { ...open, 'answer-holding': { to: 'holding' } },
  concluded: {
    ...faults,
    answer: 'effect',
    'answer-holding': 'none',
    evidence: 'effect',
    withdraw: { to: 'withdrawn' },
    conclude: 'none',
    'conclude-last': 'none',
  },
  withdrawn: {
    ...faults,
    answer: 'effect',
    'answer-holding': 'none',
    evidence: 'effect',
    withdraw: 'none',
    conclude: { void: 'ended' },
    'conclude-last': { void: 'ended' },
  },
};

type Answer = Mark & { answer: AllegationAnswer };
type Conclusion = Mark & { digest: string };

/** Registers: newest answer and newest holding of the respondent, conclusions, the withdrawal. */
export type AllegationRegisters = {
  answers: Marks<Answer>;
  holdings: Marks<Mark>;
  conclusions: Marks<Conclusion>;
  withdrawn: Marks<Mark>;
};

/** Of one docket. `respondent` is null where a quote names no participant. */
export type AllegationContext = {
  raiser: string;
  respondent: string | null;
  quoted: boolean;
  parties: PartyIndex;
};

export function allegationMachine(
  context: AllegationContext,
): Machine<AllegationWord, AllegationEvent, AllegationRegisters> {
  const { parties } = context;
  return {
    table: allegationTable,
    empty: { answers: {}, holdings: {}, conclusions: {}, withdrawn: {} },
    wordOf: (registers) => allegationWord(registers, context),
    eventOf: (node, past) => eventOf(node, past, context),
    write: (registers, node) => write(registers, node, parties),
    merge: (a, b) => ({
      answers: mergeMarks(a.answers, b.answers, 'last', parties),
      holdings: mergeMarks(a.holdings, b.holdings, 'last', parties),
      conclusions: mergeMarks(a.conclusions, b.conclusions, 'last', parties),
      withdrawn: mergeMarks(a.withdrawn, b.withdrawn, 'first', parties),
    }),
  };
}

/** A withdrawal beats everything; then a conclusion by both; then an answer before a holding one. */
export function allegationWord(
  { answers, holdings, conclusions, withdrawn }: AllegationRegisters,
  { raiser, respondent, quoted }: AllegationContext,
): AllegationWord {
  if (withdrawn[raiser] !== undefined) return 'withdrawn';
  if (respondent !== null) {
    const [one, other] = [conclusions[raiser], conclusions[respondent]];
    if (one !== undefined && one.digest === other?.digest) return 'concluded';
    if (answers[respondent] !== undefined) return 'answered';
    if (holdings[respondent] !== undefined) return 'holding';
  }
  return quoted ? 'quoted' : 'unanswered';
}

function eventOf(
  node: FoldNode,
  past: AllegationRegisters,
  { raiser, respondent, quoted }: AllegationContext,
): AllegationEvent | null {
  const { act, author } = node;
  switch (act?.kind) {
    case 'allegation.answer':
      if (author !== respondent) return 'not-yours';
      return act.body.answer === 'holding' ? 'answer-holding' : 'answer';
    case 'allegation.evidence':
      return 'evidence';
    case 'allegation.withdraw':
      return author === raiser ? 'withdraw' : 'not-yours';
    case 'allegation.conclude': {
      if (quoted) return 'conclude-quoted';
      if (author !== raiser && author !== respondent) return 'not-yours';
      const other = author === raiser ? respondent : raiser;
      const theirs = other === null ? undefined : past.conclusions[other];
      return theirs?.digest === conclusionDigest(act.body.text) ? 'conclude-last' : 'conclude';
    }
    default:
      return null;
  }
}

function write(
  registers: AllegationRegisters,
  node: FoldNode,
  parties: PartyIndex,
): AllegationRegisters {
  const { act, author } = node;
  const mark = markOf(node);
  switch (act?.kind) {
    case 'allegation.answer': {
      const { answer } = act.body;
      if (answer === 'holding') {
        return {
          ...registers,
          holdings: setMark(registers.holdings, author, mark, 'last', parties),
        };
      }
      const answers = setMark(registers.answers, author, { ...mark, answer }, 'last', parties);
      return { ...registers, answers };
    }
    case 'allegation.withdraw':
      return {
        ...registers,
        withdrawn: setMark(registers.withdrawn, author, mark, 'first', parties),
      };
    case 'allegation.conclude': {
      const conclusion = { ...mark, digest: conclusionDigest(act.body.text) };
      const conclusions = setMark(registers.conclusions, author, conclusion, 'last', parties);
      return { ...registers, conclusions };
    }
    default:
      return registers;
  }
}

/** What both sides of a conclusion sign: SHA-256 over the RFC 8785 bytes of its text. */
function conclusionDigest(text: { [language: string]: string }): string {
  return sha256Hex(canonicalJsonBytes(text));
}
