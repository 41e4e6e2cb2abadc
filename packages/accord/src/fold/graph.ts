/**
 * The graph of a docket: which statements are in it, and which wait for a parent or for the lines of
 * their anchors (rulings.md, 5, 6, 11, 12, 15). Duplicates are merged; a statement that waits is outside state and input digest.
 */
import type { Statement } from '@comity/record';
import { isActKind, kinds, type Act } from '../kinds/registry.ts';
import type { EntryFact, FoldInput, FoldStatement } from './input.ts';
import { comparePositions, type PartyIndex } from './parties.ts';
import type { VoidReason } from './void-reasons.ts';

/** A statement in the graph. `void` and `idle` are set as it is judged. */
export type FoldNode = FoldStatement & {
  author: string;
  /** Kind and body, when the kind is known and the body fits. */
  act: Act | null;
  isOpening: boolean;
  /** `after`, `prior`, and the opening, as far as they are in the graph. */
  parents: FoldNode[];
  /** Ids of `after` and `prior`, sorted. */
  parentIds: string[];
  /** Participants but the author. */
  recipients: readonly string[];
  void: VoidReason | null;
  /** Valid, and changes nothing. */
  idle: boolean;
};

export type Graph = {
  participants: string[];
  opening: FoldNode | null;
  /** Every node that does not wait, parents first; otherwise in no meaningful order. */
  nodes: FoldNode[];
  byId: ReadonlyMap<string, FoldNode>;
  /**
   * What is outside, sorted by id, and what it lacks: parents; itself where the lines of its anchors
   * have not come; nothing where it is not addressed to every participant and never comes in.
   */
  waiting: { id: string; missing: string[] }[];
};

/**
 * Builds the graph. Cycles, statements that name themselves and those that name a statement of
 * another docket wait for ever: whether a parent stands elsewhere not everybody can know, and all are
 * to have the same inputs. O(n log n).
 */
export function buildGraph(
  input: FoldInput,
  parties: PartyIndex,
  lackingCitations: (node: FoldNode) => string[],
): Graph {
  const merged = mergeDuplicates(input, parties);
  const found = merged.get(input.docket);
  const first = found?.statement.docket === null ? found : undefined;
  const participants = participantsOf(input, first?.statement);
  const apart = setApart(merged, participants);
  const taken = refusedIds(merged.values());
  const nodes = new Map<string, FoldNode>();
  for (const one of merged.values()) nodes.set(one.id, nodeOf(one, participants, one === first));
  const opening = first === undefined ? null : (nodes.get(first.id) ?? null);
  const needsOpening = input.channelParties === null;
  const { waiting, ...taking } = takeInOrder(nodes, {
    isTaken: (id) => taken.has(id),
    lackingCitations,
    opening: needsOpening ? opening : null,
    missingOpening: needsOpening && opening === null ? input.docket : null,
  });
  waiting.push(...apart.map((id) => ({ id, missing: [] })));
  waiting.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { participants, opening, waiting, ...taking };
}

/**
 * Takes out what is not addressed to every participant, as if it were not here: those whom it leaves
 * out cannot have it, and all are to have the same inputs. Gives the ids.
 */
function setApart(merged: Map<string, FoldStatement>, participants: readonly string[]): string[] {
  const apart: string[] = [];
  for (const { id, statement } of merged.values()) {
    const author = statement.from ?? id;
    if (participants.every((party) => party === author || statement.to.includes(party))) continue;
    apart.push(id);
  }
  for (const id of apart) merged.delete(id);
  return apart;
}

function participantsOf(input: FoldInput, opening: Statement | undefined): string[] {
  if (input.channelParties !== null) return [...new Set(input.channelParties)].sort();
  if (opening === undefined) return [];
  const all = opening.from === null ? opening.to : [opening.from, ...opening.to];
  return [...new Set(all)].sort();
}

function nodeOf(one: FoldStatement, participants: string[], isOpening: boolean): FoldNode {
  const { statement } = one;
  const author = statement.from ?? one.id;
  const parentIds =
    statement.prior === null ? statement.after : [...statement.after, statement.prior];
  return {
    ...one,
    author,
    act: actOf(statement),
    isOpening,
    parents: [],
    parentIds: parentIds.length < 2 ? [...parentIds] : [...new Set(parentIds)].sort(),
    recipients: participants.filter((party) => party !== author),
    void: null,
    idle: false,
  };
}

const acts = new WeakMap<Statement, Act | null>();

/** The typed act of a statement, worked out once for each statement object. */
export function actOf(statement: Statement): Act | null {
  const known = acts.get(statement);
  if (known !== undefined) return known;
  const { kind, body } = statement;
  const fits = isActKind(kind) && kinds[kind].schema.safeParse(body).success;
  // The schema has just said that the body is of the kind's type.
  const act = fits ? ({ kind, body } as unknown as Act) : null;
  acts.set(statement, act);
  return act;
}

/** Statements of this docket by id; of two `said` entries of one id the lower counts. */
function mergeDuplicates(input: FoldInput, parties: PartyIndex): Map<string, FoldStatement> {
  const merged = new Map<string, FoldStatement>();
  for (const one of input.statements) {
    const own = one.statement.docket ?? one.id;
    if (own !== input.docket) continue;
    const other = merged.get(one.id);
    merged.set(one.id, other === undefined ? one : mergeTwo(other, one, parties));
  }
  return merged;
}

function mergeTwo(a: FoldStatement, b: FoldStatement, parties: PartyIndex): FoldStatement {
  const author = a.statement.from ?? a.id;
  const order =
    comparePositions(parties.get(author), a.said, b.said) ||
    (a.listDigest < b.listDigest ? -1 : a.listDigest > b.listDigest ? 1 : 0);
  const [low, high] = order <= 0 ? [a, b] : [b, a];
  const held: FoldStatement['held'] = { ...high.held };
  for (const [party, fact] of Object.entries(low.held)) {
    const other = held[party];
    held[party] = other === undefined ? fact : lowerFact(fact, other, party, parties);
  }
  const same = order === 0;
  return {
    ...low,
    said: same ? mergeFacts(low.said, high.said) : low.said,
    held,
    anchorTimes: [...low.anchorTimes, ...high.anchorTimes],
    lacksAnchorLines: a.lacksAnchorLines === true && b.lacksAnchorLines === true,
  };
}

function lowerFact(a: EntryFact, b: EntryFact, party: string, parties: PartyIndex): EntryFact {
  const order = comparePositions(parties.get(party), a, b);
  return order === 0 ? mergeFacts(a, b) : order < 0 ? a : b;
}

function mergeFacts(a: EntryFact, b: EntryFact): EntryFact {
  const own =
    a.ownTime === null || b.ownTime === null
      ? (a.ownTime ?? b.ownTime)
      : Math.min(a.ownTime, b.ownTime);
  return { ...a, ownTime: own, witnessTimes: [...a.witnessTimes, ...b.witnessTimes] };
}

/** Ids that some statement refuses: they count as taken, held or not. */
function refusedIds(statements: Iterable<FoldStatement>): Set<string> {
  const refused = new Set<string>();
  for (const { statement } of statements) {
    const act = statement.kind === 'channel.refuse' ? actOf(statement) : null;
    if (act?.kind === 'channel.refuse' && act.body.code !== 'unreadable') {
      refused.add(act.body.refused);
    }
  }
  return refused;
}

type Taking = {
  isTaken(id: string): boolean;
  lackingCitations(node: FoldNode): string[];
  opening: FoldNode | null;
  missingOpening: string | null;
};

function takeInOrder(
  all: Map<string, FoldNode>,
  { isTaken, lackingCitations, opening, missingOpening }: Taking,
): Pick<Graph, 'nodes' | 'byId' | 'waiting'> {
  const children = new Map<FoldNode, FoldNode[]>();
  const left = new Map<FoldNode, number>();
  const missing = new Map<FoldNode, string[]>();
  const ready: FoldNode[] = [];
  for (const node of all.values()) {
    const lacking: string[] = lackingCitations(node);
    if (node.lacksAnchorLines === true) lacking.push(node.id);
    if (missingOpening !== null) lacking.push(missingOpening);
    const parents = new Set<FoldNode>();
    for (const id of node.parentIds) {
      const parent = all.get(id);
      if (parent !== undefined) parents.add(parent);
      else if (!isTaken(id)) lacking.push(id);
    }
    if (opening !== null && node !== opening) parents.add(opening);
    node.parents = [...parents];
    if (lacking.length > 0) missing.set(node, lacking);
    left.set(node, parents.size);
    for (const parent of parents) {
      const known = children.get(parent);
      if (known === undefined) children.set(parent, [node]);
      else known.push(node);
    }
    if (parents.size === 0 && lacking.length === 0) ready.push(node);
  }
  const nodes: FoldNode[] = [];
  const byId = new Map<string, FoldNode>();
  for (let at = 0; at < ready.length; at += 1) {
    const node = ready[at] as FoldNode;
    nodes.push(node);
    byId.set(node.id, node);
    for (const child of children.get(node) ?? []) {
      const open = (left.get(child) ?? 0) - 1;
      left.set(child, open);
      if (open === 0 && !missing.has(child)) ready.push(child);
    }
  }
  const waiting: Graph['waiting'] = [];
  if (nodes.length < all.size) {
    for (const node of all.values()) {
      if (byId.has(node.id)) continue;
      const own =
        missing.get(node) ?? node.parents.map(({ id }) => id).filter((id) => !byId.has(id));
      waiting.push({ id: node.id, missing: [...new Set(own)].sort() });
    }
  }
  return { nodes, byId, waiting };
}
