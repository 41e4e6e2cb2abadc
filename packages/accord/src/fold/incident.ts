/** The incident docket: its table and registers (spec/accord.md, "Incident"). */
import { misnamedParty } from '../kinds/registry.ts';
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
import type { IncidentWord } from './state.ts';

export type IncidentEvent =
  | 'acknowledge'
  | 'acknowledge-again'
  | 'request'
  | 'inform'
  | 'update'
  | 'assist'
  | 'retract'
  | 'resolve'
  | 'close'
  | 'close-last'
  | 'dispute'
  | 'dispute-earlier'
  | 'no-such-resolution'
  | 'not-yours';

const ended = { void: 'ended' } as const;
const notYours = { void: 'not-yours' } as const;
const noSuchAct = { void: 'no-such-act' } as const;
const faults = { 'no-such-resolution': noSuchAct, 'not-yours': notYours } as const;
const talk = { request: 'effect', inform: 'effect', update: 'effect', assist: 'effect' } as const;

export const incidentTable: Table<IncidentWord, IncidentEvent> = {
  notified: {
    ...talk,
    ...faults,
    acknowledge: { to: 'acknowledged' },
    'acknowledge-again': 'none',
    retract: { to: 'retracted' },
    resolve: { to: 'resolution-proposed' },
    close: noSuchAct,
    'close-last': noSuchAct,
    dispute: noSuchAct,
    'dispute-earlier': noSuchAct,
  },
  acknowledged: {
    ...talk,
    ...faults,
    acknowledge: 'effect',
    'acknowledge-again': 'none',
    retract: { to: 'retracted' },
    resolve: { to: 'resolution-proposed' },
    close: noSuchAct,
    'close-last': noSuchAct,
    dispute: noSuchAct,
    'dispute-earlier': noSuchAct,
  },
  'resolution-proposed': {
    ...talk,
    ...faults,
    acknowledge: 'effect',
    'acknowledge-again': 'none',
    retract: { to: 'retracted' },
    resolve: { to: 'resolution-proposed' },
    close: 'effect',
    'close-last': { to: 'closed' },
    dispute: { to: 'disputed' },
    'dispute-earlier': 'effect',
  },
  disputed: {
    ...talk,
    ...faults,
    acknowledge: 'effect',
    'acknowledge-again': 'none',
    retract: { to: 'retracted' },
    resolve: 'effect',
    close: 'effect',
    'close-last': { to: 'closed' },
    dispute: 'effect',
    'dispute-earlier': 'effect',
  },
  closed: {
    ...faults,
    request: ended,
    inform: 'effect',
    update: 'effect',
    assist: 'effect',
    acknowledge: 'effect',
    'acknowledge-again': 'none',
    retract: { to: 'retracted' },
    resolve: ended,
    close: 'none',
    'close-last': 'none',
    dispute: ended,
    'dispute-earlier': ended,
  },
  retracted: {
    ...faults,
    request: ended,
    inform: 'effect',
    update: 'effect',
    assist: 'effect',
    acknowledge: 'effect',
    'acknowledge-again': 'none',
    retract: 'none',
    resolve: ended,
    close: ended,
    'close-last': ended,
    dispute: ended,
    'dispute-earlier': ended,
  },
};

type Vote = Mark & { resolution: string; author: string; closes: boolean };

/** Registers: the first acknowledgement, newest resolution and newest vote of each; retraction. */
export type IncidentRegisters = {
  acknowledged: Marks<Mark>;
  resolutions: Marks<Mark>;
  votes: Marks<Vote>;
  retracted: Marks<Mark>;
};

/** Of one docket: who notified, who takes part, and whose a statement of it is. */
export type IncidentContext = {
  notifier: string;
  participants: readonly string[];
  parties: PartyIndex;
  authorOf(id: string): string | null;
};

/** The machine for one docket. */
export function incidentMachine(
  context: IncidentContext,
): Machine<IncidentWord, IncidentEvent, IncidentRegisters> {
  const { parties, participants } = context;
  const wordOf = (registers: IncidentRegisters) => incidentWord(registers, participants);
  return {
    table: incidentTable,
    empty: { acknowledged: {}, resolutions: {}, votes: {}, retracted: {} },
    wordOf,
    eventOf: (node, past) => eventOf(node, past, context),
    write: (registers, node) => write(registers, node, context),
    merge: (a, b) => ({
      acknowledged: mergeMarks(a.acknowledged, b.acknowledged, 'first', parties),
      resolutions: mergeMarks(a.resolutions, b.resolutions, 'last', parties),
      votes: mergeMarks(a.votes, b.votes, 'last', parties),
      retracted: mergeMarks(a.retracted, b.retracted, 'first', parties),
    }),
  };
}

/** A retraction beats everything; then a closure by all others; then a dispute of what stands. */
export function incidentWord(
  registers: IncidentRegisters,
  participants: readonly string[],
): IncidentWord {
  if (hasAny(registers.retracted)) return 'retracted';
  if (closedResolution(registers, participants) !== null) return 'closed';
  if (!hasAny(registers.resolutions)) {
    return hasAny(registers.acknowledged) ? 'acknowledged' : 'notified';
  }
  const disputed = Object.values(registers.votes).some(
    (vote) => !vote.closes && stands(registers, vote.resolution),
  );
  return disputed ? 'disputed' : 'resolution-proposed';
}

/** The resolution that every participant but its author closes by its newest vote, or null. */
export function closedResolution(
  { votes }: IncidentRegisters,
  participants: readonly string[],
): string | null {
  for (const vote of Object.values(votes)) {
    if (vote.closes && isClosed(votes, vote.resolution, vote.author, participants)) {
      return vote.resolution;
    }
  }
  return null;
}

function isClosed(
  votes: Marks<Vote>,
  resolution: string,
  author: string,
  participants: readonly string[],
): boolean {
  return participants.every((party) => {
    const vote = votes[party];
    return party === author || (vote?.closes === true && vote.resolution === resolution);
  });
}

function eventOf(
  node: FoldNode,
  past: IncidentRegisters,
  { notifier, participants }: IncidentContext,
): IncidentEvent | null {
  const { act, author } = node;
  switch (act?.kind) {
    case 'incident.acknowledge':
      if (author === notifier) return 'not-yours';
      return past.acknowledged[author] === undefined ? 'acknowledge' : 'acknowledge-again';
    case 'incident.request':
      return misnamedParty(act, node.recipients) === null ? 'request' : 'not-yours';
    case 'incident.inform':
      return 'inform';
    case 'incident.update':
      return 'update';
    case 'incident.assist':
      return 'assist';
    case 'incident.retract':
      return author === notifier ? 'retract' : 'not-yours';
    case 'incident.resolve':
      return 'resolve';
    case 'incident.close':
    case 'incident.dispute': {
      const { resolution } = act.body;
      const proposer = proposerOf(past, resolution);
      if (proposer === null) return 'no-such-resolution';
      if (proposer === author) return 'not-yours';
      if (act.kind === 'incident.dispute')
        return stands(past, resolution) ? 'dispute' : 'dispute-earlier';
      const vote: Vote = { ...markOf(node), resolution, author: proposer, closes: true };
      const votes = { ...past.votes, [author]: vote };
      return isClosed(votes, resolution, proposer, participants) ? 'close-last' : 'close';
    }
    default:
      return null;
  }
}

/** Whether it is its author's newest. */
function stands({ resolutions }: IncidentRegisters, resolution: string): boolean {
  return Object.values(resolutions).some(({ id }) => id === resolution);
}

function proposerOf(past: IncidentRegisters, resolution: string): string | null {
  for (const [party, { id }] of Object.entries(past.resolutions)) {
    if (id === resolution) return party;
  }
  // A vote already cast on it shows that it stood, although a newer one has come since.
  for (const vote of Object.values(past.votes)) {
    if (vote.resolution === resolution) return vote.author;
  }
  return null;
}

function write(
  registers: IncidentRegisters,
  node: FoldNode,
  { parties, authorOf }: IncidentContext,
): IncidentRegisters {
  const { act, author } = node;
  const mark = markOf(node);
  switch (act?.kind) {
    case 'incident.acknowledge': {
      const acknowledged = setMark(registers.acknowledged, author, mark, 'first', parties);
      return { ...registers, acknowledged };
    }
    case 'incident.retract':
      return {
        ...registers,
        retracted: setMark(registers.retracted, author, mark, 'first', parties),
      };
    case 'incident.resolve':
      return {
        ...registers,
        resolutions: setMark(registers.resolutions, author, mark, 'last', parties),
      };
    case 'incident.close':
    case 'incident.dispute': {
      const { resolution } = act.body;
      const closes = act.kind === 'incident.close';
      const vote: Vote = { ...mark, resolution, author: authorOf(resolution) ?? '', closes };
      return { ...registers, votes: setMark(registers.votes, author, vote, 'last', parties) };
    }
    default:
      return registers;
  }
}

function hasAny(marks: Marks<Mark>): boolean {
  for (const _party in marks) return true;
  return false;
}
