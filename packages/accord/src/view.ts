/**
 * What is shown of a docket at a time: what is running, overdue, next; in which order its acts are
 * read (accord.md, opening). Never digested, and nothing here changes the state.
 */
import type { DocketState, Obligation } from './fold/state.ts';
import { displayOrder } from './display-order.ts';
import { notesOf, sentenceOf } from './view-words.ts';

/** `secondsLeft` counts to the early due, negative once past; null where nothing runs. */
export type ViewedObligation = Obligation & { overdue: boolean; secondsLeft: number | null };

export type DocketView = {
  /** Running ones first, by due; then the others, by due; ties by id. */
  obligations: ViewedObligation[];
  /** One plain English sentence. */
  sentence: string;
  /** Statement ids: again and again the smallest whose parents are all taken. */
  order: string[];
  notes: string[];
};

/** The view of a state at `now` (POSIX seconds). Due is inclusive: overdue is later than the late due. */
export function view(state: DocketState, now: number): DocketView {
  const obligations = Object.values(state.obligations)
    .map((obligation) => viewed(obligation, now))
    .sort(compareViewed);
  return {
    obligations,
    sentence: sentenceOf(state, obligations, now),
    order: displayOrder(state),
    notes: notesOf(state, now),
  };
}

function viewed(obligation: Obligation, now: number): ViewedObligation {
  const [early, late] = obligation.due;
  const runs = obligation.state === 'running';
  return {
    ...obligation,
    overdue: runs && late !== null && now > late,
    secondsLeft: runs && early !== null ? early - now : null,
  };
}

function compareViewed(a: ViewedObligation, b: ViewedObligation): number {
  const rank = ({ state }: ViewedObligation) => (state === 'running' ? 0 : 1);
  const due = (one: ViewedObligation) => one.due[0] ?? Number.MAX_SAFE_INTEGER;
  return rank(a) - rank(b) || due(a) - due(b) || (a.id < b.id ? -1 : 1);
}
