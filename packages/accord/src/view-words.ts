/** A docket's state in words. Party names are the caller's: here parties are short identifiers. */
import { formatTime } from '@comity/record';
import type { DocketState } from './fold/state.ts';
import type { ViewedObligation } from './view.ts';

const words: { readonly [state in DocketState['state']]: string } = {
  unpaired: 'Not paired.',
  pairing: 'One side has confirmed the safety number.',
  paired: 'Paired.',
  'numbers-differ': 'The two sides confirmed different numbers: compare again.',
  offered: 'Offered.',
  declined: 'Declined.',
  'in-force': 'In force.',
  'in-force-disputed': 'Reciprocated; whether in time is disputed.',
  suspended: 'Suspended.',
  withdrawn: 'Withdrawn.',
  superseded: 'Superseded by the crossing offer.',
  notified: 'Notified, not acknowledged.',
  acknowledged: 'Acknowledged.',
  'resolution-proposed': 'Closure proposed.',
  disputed: 'The proposed closure is disputed.',
  closed: 'Closed.',
  retracted: 'Retracted.',
  unanswered: 'No reply. Silence is not admission.',
  holding: 'A reply was announced. Silence is not admission.',
  answered: 'Answered.',
  quoted: 'Quoted; reply not asked.',
  concluded: 'Concluded by both.',
  'not-served': 'Not yet received.',
  refused: 'Refused.',
  void: 'The opening is void, and with it everything here.',
  missing: 'The opening is missing.',
};

/** One sentence on the state, and one on what is owed next. */
export function sentenceOf(
  state: DocketState,
  obligations: readonly ViewedObligation[],
  now: number,
): string {
  const own = stateWords(state, now);
  const next = obligations.find(({ state: status }) => status === 'running');
  if (next === undefined || next.due[0] === null) return own;
  const due = formatTime(next.due[0]);
  const verb = next.overdue ? 'was to' : 'is to';
  return `${own} ${short(next.owedBy)} ${verb} ${next.what} by ${due}${next.overdue ? ' (overdue)' : ''}.`;
}

function stateWords(state: DocketState, now: number): string {
  const { detail } = state;
  if (detail.type === 'assurance') {
    if (state.state === 'offered' && now > detail.openUntil) return 'Lapsed, not answered.';
    const [ends] = detail.ends;
    if (state.state === 'withdrawn' && ends !== null && now <= ends) {
      return `Withdrawn; it stands until ${formatTime(ends)}.`;
    }
  }
  if (detail.type === 'incident' && state.state === 'resolution-proposed') {
    const [after] = detail.closedUnansweredAfter;
    if (after !== null && now > after) return 'Closed, not answered.';
  }
  return words[state.state];
}

/** What a reader must know beside the state. */
export function notesOf(state: DocketState, now: number): string[] {
  const notes: string[] = [];
  const provisional = Object.values(state.obligations).some((one) => one.provisional);
  if (provisional)
    notes.push('Some times rest on the parties’ own accounts until witnesses confirm.');
  for (const [refused, byParty] of Object.entries(state.refusals).sort()) {
    for (const [party, { code, founded }] of Object.entries(byParty).sort()) {
      const how = founded === false ? 'without ground refused' : 'refused';
      notes.push(`${short(party)} ${how} ${short(refused)} (${code}).`);
    }
  }
  const voids = Object.values(state.acts).filter(({ effect }) => effect === 'void').length;
  if (voids > 0) notes.push(`${voids} ${voids === 1 ? 'act is' : 'acts are'} void.`);
  const { detail } = state;
  if (detail.type === 'allegation' && detail.quoted && detail.respondent === null) {
    notes.push('The respondent named in the source takes no part: not served.');
  }
  if (detail.type === 'assurance' && detail.ends[0] !== detail.ends[1]) {
    notes.push('When the withdrawal was received is disputed.');
  }
  for (const one of Object.values(state.obligations)) {
    const [early, late] = one.due;
    if (one.state === 'running' && early !== null && late !== null && early < now && now <= late) {
      notes.push(`Whether ${short(one.owedBy)} is late to ${one.what} depends on disputed times.`);
    }
  }
  return notes;
}

function short(id: string): string {
  return id.slice(0, 8);
}
