/** The tables are total, say nothing that the registers contradict, and concurrent acts commute. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { allegationMachine, allegationTable } from '../src/fold/allegation.ts';
import { assuranceMachine, assuranceTable } from '../src/fold/assurance.ts';
import { channelMachine, channelTable } from '../src/fold/channel.ts';
import { foldingOf } from '../src/fold/fold.ts';
import type { FoldNode } from '../src/fold/graph.ts';
import { incidentMachine, incidentTable } from '../src/fold/incident.ts';
import type { Machine, Table } from '../src/fold/machine.ts';
import { voidReasons } from '../src/index.ts';
import type { History } from './history.ts';
import { build, plan, type Plan } from './random-history.ts';

const tables: [string, Table<string, string>][] = [
  ['channel', channelTable],
  ['assurance', assuranceTable],
  ['incident', incidentTable],
  ['allegation', allegationTable],
];

it.each(tables)('%s: every state has a cell for every event, and no other', (_name, table) => {
  const events = Object.keys(Object.values(table)[0] ?? {}).sort();
  for (const [state, row] of Object.entries(table)) {
    expect(Object.keys(row).sort(), state).toEqual(events);
    for (const cell of Object.values(row)) {
      if (typeof cell === 'string') expect(['effect', 'none']).toContain(cell);
      else if ('to' in cell) expect(Object.keys(table)).toContain(cell.to);
      else expect(voidReasons).toContain(cell.void);
    }
  }
});

/** Walks one act after the other, as if each author knew all before. */
function walk<S extends string, E extends string, Y>(
  machine: Machine<S, E, Y>,
  nodes: readonly FoldNode[],
  seen: (from: S, event: E, to: S) => void,
): Y {
  let registers = machine.empty;
  for (const node of nodes) {
    const event = machine.eventOf(node, registers);
    if (event === null) continue;
    const from = machine.wordOf(registers);
    const cell = machine.table[from][event];
    if (cell === 'none' || (typeof cell === 'object' && 'void' in cell)) continue;
    registers = machine.write(registers, node, event);
    seen(from, event, machine.wordOf(registers));
  }
  return registers;
}

function eachMachine(
  h: History,
  type: Plan['type'],
  use: <S extends string, E extends string, Y>(
    machine: Machine<S, E, Y>,
    nodes: FoldNode[],
  ) => void,
): void {
  const { graph, parties } = foldingOf(h.input());
  const nodes = graph.nodes.filter((node) => node.act !== null && node.offices.length > 0);
  const opener = h.parties[0]?.party ?? '';
  const { participants } = graph;
  if (type === 'channel') use(channelMachine(participants, parties), nodes);
  if (type === 'incident') {
    const authorOf = (id: string) => graph.byId.get(id)?.author ?? null;
    use(incidentMachine({ notifier: opener, participants, parties, authorOf }), nodes);
  }
  if (type === 'allegation') {
    const respondent = h.parties[1]?.party ?? '';
    use(allegationMachine({ raiser: opener, respondent, quoted: false, parties }), nodes);
  }
  if (type === 'assurance') {
    const context = {
      offerer: opener,
      participants,
      mutual: true,
      parties,
      reciprocationOf: (node: FoldNode) =>
        (node.author === opener ? 'not-yours' : 'fits') as 'fits',
      isIrrevocable: () => false,
      isSuperseding: () => false,
    };
    use(assuranceMachine(context), nodes);
  }
}

it('a cell that says where an act leads agrees with the registers', () => {
  fc.assert(
    fc.property(plan, (one) => {
      const h = build({ ...one, operations: one.operations.map(honest) }, '');
      eachMachine(h, one.type, (machine, nodes) => {
        walk(machine, nodes, (from, event, to) => {
          const cell = machine.table[from][event];
          if (typeof cell === 'object' && 'to' in cell)
            expect(to, `${from} ${event}`).toBe(cell.to);
        });
      });
    }),
    { numRuns: 400 },
  );
});

function honest(operation: Plan['operations'][number]): Plan['operations'][number] {
  return { ...operation, after: 'heads', prior: 'honest', receipt: 10, offices: 'enough' };
}

it('registers merge whatever the order: commutative, associative, idempotent', () => {
  fc.assert(
    fc.property(plan, fc.nat(3), (one, cut) => {
      const h = build({ ...one, operations: one.operations.map(honest) }, '');
      eachMachine(h, one.type, (machine, nodes) => {
        const part = (keep: (at: number) => boolean) =>
          walk(
            machine,
            nodes.filter((_node, at) => keep(at)),
            () => undefined,
          );
        const [x, y, z] = [
          part((at) => at % 2 === 0),
          part((at) => at % 3 === cut % 3),
          part(() => true),
        ];
        const { merge } = machine;
        expect(merge(x, y)).toEqual(merge(y, x));
        expect(merge(merge(x, y), z)).toEqual(merge(x, merge(y, z)));
        expect(merge(x, x)).toEqual(x);
      });
    }),
    { numRuns: 200 },
  );
});
