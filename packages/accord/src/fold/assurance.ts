/** The assurance docket: its table and registers (spec/accord.md, "Assurance"; rulings.md, 20). */
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
import type { AssuranceWord } from './state.ts';

export type AssuranceEvent =
  | 'reciprocate'
  | 'reciprocate-partial'
  | 'reciprocate-again'
  | 'reciprocate-disputed'
  | 'reciprocate-late'
  | 'reciprocate-other-text'
  | 'decline'
  | 'take-note'
  | 'affirm'
  | 'suspend'
  | 'resume'
  | 'withdraw'
  | 'withdraw-irrevocable'
  | 'withdraw-crossing'
  | 'not-yours';

const faults = {
  'reciprocate-late': { void: 'too-late' },
  'reciprocate-other-text': { void: 'other-text' },
  'not-yours': { void: 'not-yours' },
} as const;
const notInForce = { void: 'not-in-force' } as const;
const ended = { void: 'ended' } as const;
const before = {
  ...faults,
  'reciprocate-partial': 'effect',
  reciprocate: { to: 'in-force' },
  'reciprocate-disputed': { to: 'in-force-disputed' },
  'reciprocate-again': 'none',
  affirm: notInForce,
  suspend: notInForce,
  resume: notInForce,
  withdraw: { to: 'withdrawn' },
  'withdraw-irrevocable': { void: 'irrevocable' },
  'withdraw-crossing': { to: 'superseded' },
} as const;
const during = {
  ...faults,
  'reciprocate-partial': 'none',
  reciprocate: 'none',
  'reciprocate-disputed': 'none',
  'reciprocate-again': 'none',
  decline: { void: 'too-late' },
  'take-note': 'effect',
  affirm: 'effect',
  withdraw: { to: 'withdrawn' },
  'withdraw-irrevocable': { to: 'withdrawn' },
  'withdraw-crossing': { to: 'withdrawn' },
} as const;
const after = {
  ...faults,
  'reciprocate-partial': ended,
  reciprocate: ended,
  'reciprocate-disputed': ended,
  'reciprocate-again': 'none',
  decline: 'none',
  'take-note': 'none',
  affirm: ended,
  suspend: ended,
  resume: ended,
  withdraw: 'effect',
  'withdraw-irrevocable': 'effect',
  'withdraw-crossing': 'effect',
} as const;

export const assuranceTable: Table<AssuranceWord, AssuranceEvent> = {
  offered: { ...before, decline: { to: 'declined' }, 'take-note': 'effect' },
  declined: { ...before, decline: 'effect', 'take-note': 'effect' },
  'in-force': { ...during, suspend: { to: 'suspended' }, resume: 'none' },
  'in-force-disputed': { ...during, suspend: { to: 'suspended' }, resume: 'none' },
  suspended: { ...during, suspend: 'effect', resume: 'effect' },
  withdrawn: after,
  superseded: after,
};

/** By author; `giver` is the addressee who gives, which for crossing offers the offerer may say. */
type Reciprocation = Mark & { giver: string; disputed: boolean };
type Answer = Mark & { answer: string };
type Standing = Mark & { suspended: boolean };
type Withdrawal = Mark & { crossing: boolean };

/** Registers: first reciprocation and withdrawal, newest answer and standing of each. */
export type AssuranceRegisters = {
  reciprocated: Marks<Reciprocation>;
  answers: Marks<Answer>;
  standings: Marks<Standing>;
  withdrawn: Marks<Withdrawal>;
};

/**
 * Of one docket. What rests on times or on another docket is asked: how a reciprocation stands
 * (`disputed`: by one reckoning of its service too late), whether a withdrawal comes while the
 * offer is irrevocable, whether it cites the crossing offer that took this one's place.
 */
export type AssuranceContext = {
  offerer: string;
  participants: readonly string[];
  mutual: boolean;
  parties: PartyIndex;
  reciprocationOf(node: FoldNode): 'fits' | 'disputed' | 'late' | 'other-text' | 'not-yours';
  isIrrevocable(node: FoldNode): boolean;
  isSuperseding(node: FoldNode): boolean;
};

export function assuranceMachine(
  context: AssuranceContext,
): Machine<AssuranceWord, AssuranceEvent, AssuranceRegisters> {
  const { parties } = context;
  return {
    table: assuranceTable,
    empty: { reciprocated: {}, answers: {}, standings: {}, withdrawn: {} },
    wordOf: (registers) => assuranceWord(registers, context),
    eventOf: (node, past) => eventOf(node, past, context),
    write: (registers, node, event) => write(registers, node, event, context),
    merge: (a, b) => ({
      reciprocated: mergeMarks(a.reciprocated, b.reciprocated, 'first', parties),
      answers: mergeMarks(a.answers, b.answers, 'last', parties),
      standings: mergeMarks(a.standings, b.standings, 'last', parties),
      withdrawn: mergeMarks(a.withdrawn, b.withdrawn, 'first', parties),
    }),
  };
}

/** A withdrawal beats everything; then a suspension by anyone; a reciprocation beats a decline. */
export function assuranceWord(
  registers: AssuranceRegisters,
  context: AssuranceContext,
): AssuranceWord {
  const withdrawals = Object.values(registers.withdrawn);
  if (withdrawals.length > 0) {
    return withdrawals.some(({ crossing }) => !crossing) ? 'withdrawn' : 'superseded';
  }
  if (!isInForce(registers, context)) {
    const declined = Object.values(registers.answers).some(({ answer }) => answer === 'declines');
    return declined ? 'declined' : 'offered';
  }
  if (Object.values(registers.standings).some(({ suspended }) => suspended)) return 'suspended';
  const disputed = Object.values(registers.reciprocated).some((one) => one.disputed);
  return disputed ? 'in-force-disputed' : 'in-force';
}

/** Whether all who are asked have given the same assurance; nobody is asked of a unilateral one. */
export function isInForce(
  { reciprocated }: AssuranceRegisters,
  { mutual, participants, offerer }: AssuranceContext,
): boolean {
  if (!mutual) return true;
  return participants.every((party) => party === offerer || hasGiven(reciprocated, party));
}

function hasGiven(reciprocated: Marks<Reciprocation>, party: string): boolean {
  return Object.values(reciprocated).some(({ giver }) => giver === party);
}

function eventOf(
  node: FoldNode,
  past: AssuranceRegisters,
  context: AssuranceContext,
): AssuranceEvent | null {
  const { act, author } = node;
  const gives =
    author === context.offerer || (context.mutual && hasGiven(past.reciprocated, author));
  switch (act?.kind) {
    case 'assurance.reciprocate':
      return reciprocation(node, past, context);
    case 'assurance.decline':
      if (author === context.offerer) return 'not-yours';
      return act.body.answer === 'declines' && context.mutual ? 'decline' : 'take-note';
    case 'assurance.affirm':
      return gives ? 'affirm' : 'not-yours';
    case 'assurance.suspend':
      return gives ? 'suspend' : 'not-yours';
    case 'assurance.resume':
      return gives ? 'resume' : 'not-yours';
    case 'assurance.withdraw':
      if (!gives) return 'not-yours';
      if (context.isSuperseding(node)) return 'withdraw-crossing';
      return author === context.offerer && context.isIrrevocable(node)
        ? 'withdraw-irrevocable'
        : 'withdraw';
    default:
      return null;
  }
}

function reciprocation(
  node: FoldNode,
  past: AssuranceRegisters,
  context: AssuranceContext,
): AssuranceEvent {
  const stands = context.reciprocationOf(node);
  if (stands === 'other-text') return 'reciprocate-other-text';
  if (stands === 'late') return 'reciprocate-late';
  if (stands === 'not-yours' || !context.mutual) return 'not-yours';
  const giver = giverOf(node, context);
  if (hasGiven(past.reciprocated, giver)) return 'reciprocate-again';
  const missing = context.participants.filter(
    (party) => party !== context.offerer && party !== giver && !hasGiven(past.reciprocated, party),
  );
  if (missing.length > 0) return 'reciprocate-partial';
  const others = Object.values(past.reciprocated).some(({ disputed }) => disputed);
  return stands === 'disputed' || others ? 'reciprocate-disputed' : 'reciprocate';
}

/** Crossing offers: the offerer may say that the addressee's own offer reciprocates this one. */
function giverOf(node: FoldNode, { offerer }: AssuranceContext): string {
  return node.author === offerer ? (node.recipients[0] ?? node.author) : node.author;
}

function write(
  registers: AssuranceRegisters,
  node: FoldNode,
  event: AssuranceEvent,
  context: AssuranceContext,
): AssuranceRegisters {
  const { act, author } = node;
  const { parties } = context;
  const mark = markOf(node);
  switch (act?.kind) {
    case 'assurance.reciprocate': {
      const disputed = context.reciprocationOf(node) === 'disputed';
      const own = { ...mark, giver: giverOf(node, context), disputed };
      const reciprocated = setMark(registers.reciprocated, author, own, 'first', parties);
      return { ...registers, reciprocated };
    }
    case 'assurance.decline': {
      const answer = { ...mark, answer: act.body.answer };
      return { ...registers, answers: setMark(registers.answers, author, answer, 'last', parties) };
    }
    case 'assurance.suspend':
    case 'assurance.resume': {
      const standing = { ...mark, suspended: act.kind === 'assurance.suspend' };
      const standings = setMark(registers.standings, author, standing, 'last', parties);
      return { ...registers, standings };
    }
    case 'assurance.withdraw': {
      const withdrawal = { ...mark, crossing: event === 'withdraw-crossing' };
      const withdrawn = setMark(registers.withdrawn, author, withdrawal, 'first', parties);
      return { ...registers, withdrawn };
    }
    default:
      return registers;
  }
}
