/**
 * How a docket's table is run (spec/accord.md, "Tables").
 *
 * An act is judged by what its author knew: the summary of the valid acts among its ancestors. A
 * summary is a set of registers that merge by maximum or union, so that concurrent acts commute and
 * no order of arrival enters. The table is total: a cell for each state and each event.
 */
import type { FoldNode } from './graph.ts';
import { comparePositions, type PartyIndex } from './parties.ts';
import type { VoidReason } from './void-reasons.ts';

/**
 * `to`: leads there by itself. `effect`: writes its register; the word, usually unchanged, follows
 * from all registers. `none`: changes nothing.
 */
export type Cell<S extends string> = { to: S } | 'effect' | 'none' | { void: VoidReason };
export type Table<S extends string, E extends string> = {
  readonly [state in S]: { readonly [event in E]: Cell<S> };
};

/** A docket type: its table, and the registers Y that its acts write. */
export type Machine<S extends string, E extends string, Y> = {
  table: Table<S, E>;
  empty: Y;
  wordOf(summary: Y): S;
  /** What an act is, given what its author knew; null for acts that no table judges. */
  eventOf(node: FoldNode, past: Y): E | null;
  /** The registers after the act. Must not change `summary`. */
  write(summary: Y, node: FoldNode, event: E): Y;
  merge(a: Y, b: Y): Y;
};

/** Judges every node, parents first, and gives the registers of all that `counts` lets count. */
export function runMachine<S extends string, E extends string, Y>(
  machine: Machine<S, E, Y>,
  nodes: readonly FoldNode[],
  counts: (node: FoldNode) => boolean,
): Y {
  const after = new Map<FoldNode, Y>();
  let all = machine.empty;
  for (const node of nodes) {
    const past = pastOf(machine, node, after);
    const event = node.void === null ? machine.eventOf(node, past) : null;
    if (event === null) {
      after.set(node, past);
      continue;
    }
    const cell = machine.table[machine.wordOf(past)][event];
    if (typeof cell === 'object' && 'void' in cell) node.void = cell.void;
    if (cell === 'none') node.idle = true;
    const writes = node.void === null && !node.idle;
    after.set(node, writes ? machine.write(past, node, event) : past);
    if (writes && counts(node)) all = machine.write(all, node, event);
  }
  return all;
}

function pastOf<S extends string, E extends string, Y>(
  machine: Machine<S, E, Y>,
  node: FoldNode,
  after: ReadonlyMap<FoldNode, Y>,
): Y {
  let past: Y | null = null;
  for (const parent of node.parents) {
    const own = after.get(parent) ?? machine.empty;
    past = past === null || past === own ? own : machine.merge(past, own);
  }
  return past ?? machine.empty;
}

/** One act in a register: of one author, ordered by the author's log. */
export type Mark = { id: string; origin: string; index: number };
/** Registers by party. */
export type Marks<M extends Mark> = { readonly [party: string]: M };

export function markOf(node: FoldNode): Mark {
  return { id: node.id, origin: node.said.origin, index: node.said.index };
}

/** Sets a party's register to the earlier (`first`) or later (`last`) of two acts of its log. */
export function setMark<M extends Mark>(
  marks: Marks<M>,
  party: string,
  mark: M,
  keep: 'first' | 'last',
  parties: PartyIndex,
): Marks<M> {
  const known = marks[party];
  if (known !== undefined) {
    const order = comparePositions(parties.get(party), mark, known);
    if (keep === 'first' ? order >= 0 : order <= 0) return marks;
  }
  return { ...marks, [party]: mark };
}

export function mergeMarks<M extends Mark>(
  a: Marks<M>,
  b: Marks<M>,
  keep: 'first' | 'last',
  parties: PartyIndex,
): Marks<M> {
  if (a === b) return a;
  let merged = a;
  for (const [party, mark] of Object.entries(b)) {
    merged = setMark(merged, party, mark, keep, parties);
  }
  return merged;
}
