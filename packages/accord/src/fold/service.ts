/**
 * Service: when a statement counts as having reached a participant, and towards whom it has effect
 * (protocol.md, "Service", "Intake"; rulings.md, 11, 15, 16, 24).
 */
import type { FoldNode, Graph } from './graph.ts';
import type { ReducedFact, Timed, Timing } from './times.ts';
import { notBeforeOf, reduceFact, timeOf } from './times.ts';
import { comparePositions } from './parties.ts';
import { isActKind } from '../kinds/registry.ts';
import { authorityFault } from './validity.ts';

/** Service on one participant, ancestors counted in. `at` null: something was not received. */
export type Towards = {
  at: Timed | null;
  /** Founded refusal code, while there is no receipt. */
  refused: string | null;
};

/** The reduced facts and times of one statement. */
export type Served = {
  notBefore: number | null;
  said: ReducedFact;
  held: { [party: string]: ReducedFact };
  /** The author's time without regard to whose obligation it is. */
  saidAt: Timed | null;
  /** By participant; the author's own is when it said it. */
  towards: ReadonlyMap<string, Towards>;
};

export type Refusals = {
  [refused: string]: { [refuser: string]: { code: string; founded: boolean | null; by: FoldNode } };
};

/** Grace between saying and receipt, in seconds, by whether the statement is flash. */
export type Intervals = { ordinary: number; flash: number };

export type ServiceContext = {
  graph: Graph;
  timing: Timing;
  intervals: Intervals;
  refusals: Refusals;
};

/** Whether a statement is of flash priority, by a field that its kind has. */
export function isFlash(node: FoldNode): boolean {
  return node.act !== null && 'priority' in node.act.body && node.act.body.priority === 'flash';
}

/**
 * Refusals by statements that are not void. Of several by one refuser a founded one counts before
 * one that cannot be checked, and that before an unfounded one; then the smallest code.
 */
export function refusalsOf(graph: Graph, timing: Timing): Refusals {
  const refusals: Refusals = {};
  for (const by of graph.nodes) {
    if (by.act?.kind !== 'channel.refuse' || by.void !== null) continue;
    const { refused, code } = by.act.body;
    if (code === 'unreadable') continue;
    const target = graph.byId.get(refused);
    if (target !== undefined && target.author === by.author) continue;
    const founded = target === undefined ? null : isFounded(target, by.author, code, timing);
    const known = (refusals[refused] ??= {})[by.author];
    const one = { code, founded, by };
    if (known === undefined || compareRefusals(one, known, timing) < 0) {
      refusals[refused][by.author] = one;
    }
  }
  return refusals;
}

type Refusal = Refusals[string][string];

function compareRefusals(a: Refusal, b: Refusal, { parties }: Timing): number {
  const rank = ({ founded }: Refusal) => (founded === true ? 0 : founded === null ? 1 : 2);
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank;
  if (a.code !== b.code) return a.code < b.code ? -1 : 1;
  return comparePositions(parties.get(a.by.author), a.by.said, b.by.said);
}

/** Whether the code reproduces here; null where it rests on what only the refuser can know. */
function isFounded(
  target: FoldNode,
  refuser: string,
  code: string,
  timing: Timing,
): boolean | null {
  const party = timing.parties.get(target.author);
  switch (code) {
    case 'bad-signature':
      return target.offices.length === 0;
    case 'insufficient-authority':
      return (
        target.offices.length === 0 || authorityFault(target, party) === 'insufficient-authority'
      );
    case 'bad-schema':
      return isActKind(target.statement.kind) && target.act === null;
    case 'not-addressed':
      return !target.statement.to.includes(refuser);
    case 'wrong-exercise':
      return party?.exercise !== timing.parties.get(refuser)?.exercise;
    case 'bad-text':
    case 'too-large':
      // It was parsed here within the limits: the same parser cannot say otherwise there.
      return false;
    default:
      return null;
  }
}

/** Service of every node on every participant, parents first. */
export function serveAll(context: ServiceContext): ReadonlyMap<FoldNode, Served> {
  const served = new Map<FoldNode, Served>();
  for (const node of context.graph.nodes) served.set(node, serve(node, context, served));
  return served;
}

function serve(
  node: FoldNode,
  context: ServiceContext,
  served: ReadonlyMap<FoldNode, Served>,
): Served {
  const { timing, graph } = context;
  const notBefore = notBeforeOf(timing, node.author, node.anchorTimes);
  const said = reduceFact(timing, node.said, node.author, notBefore);
  const held: Served['held'] = {};
  for (const party of node.recipients) {
    const fact = node.held[party];
    if (fact !== undefined) held[party] = reduceFact(timing, fact, party, notBefore);
  }
  const base = { notBefore, said, held };
  const interval = intervalOf(node, context);
  const saidAt = timeOf(timing, said, node.author, null, notBefore, interval);
  const towards = new Map<string, Towards>();
  for (const party of graph.participants) {
    const own =
      party === node.author
        ? { at: saidAt, refused: null }
        : serviceOn(node, party, base, context, served);
    const parents = node.parents.map((parent) => served.get(parent)?.towards.get(party));
    towards.set(party, { at: withAncestors(own, parents), refused: own.refused });
  }
  return { ...base, saidAt, towards };
}

function intervalOf(node: FoldNode, { intervals }: ServiceContext): number {
  return isFlash(node) ? intervals.flash : intervals.ordinary;
}

/** Service of one statement on one recipient without its ancestors (ruling 24). */
function serviceOn(
  node: FoldNode,
  party: string,
  base: Pick<Served, 'notBefore' | 'said' | 'held'>,
  context: ServiceContext,
  served: ReadonlyMap<FoldNode, Served>,
): Towards {
  const { timing } = context;
  const interval = intervalOf(node, context);
  const fact = base.held[party];
  if (fact === undefined) {
    const refusal = context.refusals[node.id]?.[party];
    if (refusal === undefined) return { at: null, refused: null };
    if (refusal.founded !== false) return { at: null, refused: refusal.code };
    // An unfounded refusal proves that it came: the clock runs from the refusal.
    const own = served.get(refusal.by)?.saidAt ?? ownTimeOf(refusal.by, context);
    return { at: own, refused: null };
  }
  const facts = { said: base.said, held: fact, author: node.author, party, interval };
  return { at: serviceByFacts(timing, { ...facts, notBefore: base.notBefore }), refused: null };
}

/**
 * Service without a deposit party (ruling 24): early = min(receipt, author's time + interval), late
 * = receipt. Null when the time of the receipt is not known at all.
 */
export function serviceByFacts(
  timing: Timing,
  facts: {
    said: ReducedFact;
    held: ReducedFact;
    author: string;
    party: string;
    notBefore: number | null;
    interval: number;
  },
): Timed | null {
  const { said, held, author, party, notBefore, interval } = facts;
  const received = timeOf(timing, held, party, author, notBefore, interval);
  if (received === null) return null;
  const sent = timeOf(timing, said, author, party, notBefore, interval);
  if (sent === null) return received;
  return {
    early: Math.min(received.early, sent.early + interval),
    late: received.late,
    provisional: received.provisional || sent.provisional,
  };
}

function ownTimeOf(node: FoldNode, { timing }: ServiceContext): Timed | null {
  const notBefore = notBeforeOf(timing, node.author, node.anchorTimes);
  const fact = reduceFact(timing, node.said, node.author, notBefore);
  return timeOf(timing, fact, node.author, null, notBefore, 0);
}

/** The latest of a statement's own service and its ancestors'; refused ancestors count as taken. */
function withAncestors(own: Towards, parents: readonly (Towards | undefined)[]): Timed | null {
  let at = own.at;
  if (at === null) return null;
  for (const parent of parents) {
    if (parent === undefined || (parent.at === null && parent.refused !== null)) continue;
    if (parent.at === null) return null;
    if (parent.at.early > at.early || parent.at.late > at.late || parent.at.provisional) {
      at = {
        early: Math.max(at.early, parent.at.early),
        late: Math.max(at.late, parent.at.late),
        provisional: at.provisional || parent.at.provisional,
      };
    }
  }
  return at;
}

/**
 * When an act discharges towards its creditor: [early, late]; without a receipt the author's time
 * and the interval, and no late end (ruling 24).
 */
export function endTowards(
  node: FoldNode,
  creditor: string,
  context: ServiceContext,
  served: ReadonlyMap<FoldNode, Served>,
): { early: number | null; late: number | null; provisional: boolean } {
  const own = served.get(node);
  const at = own?.towards.get(creditor)?.at ?? null;
  if (at !== null) return at;
  if (own === undefined) return { early: null, late: null, provisional: true };
  const interval = intervalOf(node, context);
  const said = timeOf(context.timing, own.said, node.author, creditor, own.notBefore, interval);
  if (said === null) return { early: null, late: null, provisional: true };
  return { early: said.early + interval, late: null, provisional: said.provisional };
}
