/** The channel docket: pairing, terms in force, tests (spec/accord.md, "Channel"; rulings.md, 10, 19). */
import { termsDigest, type Terms } from '../terms.ts';
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
import type { ChannelWord } from './state.ts';

export type ChannelEvent =
  | 'pair-alone'
  | 'pair-agrees'
  | 'pair-differs'
  | 'pair-foreign'
  | 'terms'
  | 'terms-exercise'
  | 'test'
  | 'message';

const always = {
  'pair-alone': { to: 'pairing' },
  'pair-agrees': { to: 'paired' },
  'pair-differs': { to: 'numbers-differ' },
  'pair-foreign': { void: 'other-credentials' },
  terms: 'effect',
  'terms-exercise': { void: 'bad-terms' },
  test: 'effect',
  message: 'effect',
} as const;

/** No act in the record closes the channel: every state takes every event. */
export const channelTable: Table<ChannelWord, ChannelEvent> = {
  unpaired: always,
  pairing: always,
  paired: always,
  'numbers-differ': always,
};

type Pairing = Mark & { own: string; theirs: string };
type Test = Mark & { count: number; root: string };

/** Registers: newest pairing and newest test of each. */
export type ChannelRegisters = { pairings: Marks<Pairing>; tests: Marks<Test> };

export function channelMachine(
  participants: readonly string[],
  parties: PartyIndex,
): Machine<ChannelWord, ChannelEvent, ChannelRegisters> {
  return {
    table: channelTable,
    empty: { pairings: {}, tests: {} },
    wordOf: (registers) => channelWord(registers.pairings, participants),
    eventOf: (node, past) => eventOf(node, past, participants, parties),
    write: (registers, node) => write(registers, node, parties),
    merge: (a, b) => ({
      pairings: mergeMarks(a.pairings, b.pairings, 'last', parties),
      tests: mergeMarks(a.tests, b.tests, 'last', parties),
    }),
  };
}

/** Paired while the newest pairing of each names the same two credentials (rulings.md, 10). */
export function channelWord(
  pairings: Marks<Pairing>,
  participants: readonly string[],
): ChannelWord {
  const [one, other] = participants.map((party) => pairings[party]);
  if (one === undefined && other === undefined) return 'unpaired';
  if (one === undefined || other === undefined) return 'pairing';
  return one.own === other.theirs && one.theirs === other.own ? 'paired' : 'numbers-differ';
}

function eventOf(
  node: FoldNode,
  past: ChannelRegisters,
  participants: readonly string[],
  parties: PartyIndex,
): ChannelEvent | null {
  const { act, author } = node;
  switch (act?.kind) {
    case 'channel.pair': {
      const party = parties.get(author);
      if (party?.versions.some(({ id }) => id === act.body.own) !== true) return 'pair-foreign';
      const pairings = { ...past.pairings, [author]: { ...markOf(node), ...act.body } };
      const word = channelWord(pairings, participants);
      if (word === 'pairing') return 'pair-alone';
      return word === 'paired' ? 'pair-agrees' : 'pair-differs';
    }
    case 'channel.terms':
      return isForOthers(act.body.terms, author, parties) ? 'terms-exercise' : 'terms';
    case 'channel.test':
      return 'test';
    case 'channel.message':
      return 'message';
    default:
      return null;
  }
}

function write(registers: ChannelRegisters, node: FoldNode, parties: PartyIndex): ChannelRegisters {
  const { act, author } = node;
  switch (act?.kind) {
    case 'channel.pair': {
      const pairing = { ...markOf(node), own: act.body.own, theirs: act.body.theirs };
      return {
        ...registers,
        pairings: setMark(registers.pairings, author, pairing, 'last', parties),
      };
    }
    case 'channel.test': {
      const test = { ...markOf(node), count: act.body.count, root: act.body.root };
      return { ...registers, tests: setMark(registers.tests, author, test, 'last', parties) };
    }
    default:
      return registers;
  }
}

/** Exercise terms bind exercise parties only. */
export function isForOthers(terms: Terms, author: string, parties: PartyIndex): boolean {
  return terms.exercise && parties.get(author)?.exercise !== true;
}

/** Terms as agreed in a channel: what is in force, and what is not yet. */
export type AgreedTerms = {
  terms: Terms | null;
  digest: string | null;
  /** The two statements that put them in force. */
  by: FoldNode[];
  rivals: string[];
  proposed: { [digest: string]: string[] };
};

type Proposal = {
  digest: string;
  replaces: string | null;
  terms: Terms;
  by: FoldNode[];
  settles: string[];
};

/**
 * The terms in force (rulings.md, 19): from null on, the one successor that both have signed and
 * whose statements have been received; of rival ones, the one that settles between the others.
 */
export function agreedTerms(
  nodes: readonly FoldNode[],
  participants: readonly string[],
  parties: PartyIndex,
  isReceived: (node: FoldNode) => boolean,
): AgreedTerms {
  const { complete, alone } = proposalsOf(nodes, participants, parties, isReceived);
  let current: Proposal | null = null;
  let rivals: string[] = [];
  const left = new Set(complete);
  for (;;) {
    const digest: string | null = current?.digest ?? null;
    const successors: Proposal[] = [...left].filter(({ replaces }) => replaces === digest);
    const next = successors.length === 1 ? successors[0] : settled(successors);
    if (next === undefined) {
      rivals = successors.map((one) => one.digest).sort();
      break;
    }
    for (const one of successors) left.delete(one);
    current = next;
  }
  const proposed: AgreedTerms['proposed'] = {};
  for (const { digest, by } of alone) {
    const authors = [...(proposed[digest] ?? []), ...by.map(({ author }) => author)];
    proposed[digest] = [...new Set(authors)].sort();
  }
  return {
    terms: current?.terms ?? null,
    digest: current?.digest ?? null,
    by: current?.by ?? [],
    rivals,
    proposed,
  };
}

function settled(successors: readonly Proposal[]): Proposal | undefined {
  const settling = successors.filter((one) =>
    successors.every((other) => other === one || one.settles.includes(other.digest)),
  );
  return settling.length === 1 ? settling[0] : undefined;
}

function proposalsOf(
  nodes: readonly FoldNode[],
  participants: readonly string[],
  parties: PartyIndex,
  isReceived: (node: FoldNode) => boolean,
): { complete: Proposal[]; alone: Proposal[] } {
  const proposals = new Map<string, Proposal>();
  for (const node of nodes) {
    if (node.void !== null || node.act?.kind !== 'channel.terms') continue;
    const { terms, replaces, settles = [] } = node.act.body;
    if (isForOthers(terms, node.author, parties)) continue;
    const digest = termsDigest(terms);
    const key = `${digest} ${replaces ?? ''}`;
    const known = proposals.get(key);
    if (known === undefined) {
      proposals.set(key, { digest, replaces, terms, by: [node], settles: [...settles] });
    } else {
      known.by.push(node);
      known.settles.push(...settles);
    }
  }
  const complete: Proposal[] = [];
  const alone: Proposal[] = [];
  for (const proposal of proposals.values()) {
    const received = proposal.by.filter(isReceived);
    const both = participants.every((party) => received.some(({ author }) => author === party));
    if (both) complete.push({ ...proposal, by: firstOfEach(received, parties) });
    else alone.push(proposal);
  }
  return { complete, alone };
}

/** The first statement of each party: signing the same again does not move the beginning. */
function firstOfEach(nodes: readonly FoldNode[], parties: PartyIndex): FoldNode[] {
  let first: Marks<Mark> = {};
  for (const node of nodes) first = setMark(first, node.author, markOf(node), 'first', parties);
  const ids = new Set(Object.values(first).map(({ id }) => id));
  return nodes.filter(({ id }) => ids.has(id));
}
