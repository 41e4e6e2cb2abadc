/** The state of an incident docket. */
import { dueAt } from '../duration.ts';
import { oneLine } from '../kinds/definition.ts';
import { counts, type Judged, type Outcome } from './outcome.ts';
import { incidentDebts } from './debts.ts';
import type { FoldNode } from './graph.ts';
import {
  closedResolution,
  incidentMachine,
  incidentWord,
  type IncidentRegisters,
} from './incident.ts';
import { runMachine } from './machine.ts';
import type { IncidentDetail, Span } from './state.ts';

/** Runs the incident's table. */
export function foldIncident(judged: Judged, opening: FoldNode): Outcome {
  const { graph, parties, served } = judged;
  const { participants } = graph;
  const machine = incidentMachine({
    notifier: opening.author,
    participants,
    parties,
    authorOf: (id) => graph.byId.get(id)?.author ?? null,
  });
  const registers = runMachine(machine, graph.nodes, (node) => counts(node, judged));
  const body = opening.act?.kind === 'incident.notify' ? opening.act.body : null;
  const nodes = graph.nodes.filter((node) => node.void === null);
  return {
    subject: oneLine(body?.title ?? ''),
    state: incidentWord(registers, participants),
    detail: {
      type: 'incident',
      severity: newestSeverity(judged, nodes) ?? body?.severity ?? '',
      priority: body?.priority ?? '',
      acknowledgedBy: idsOf(registers.acknowledged),
      resolutions: resolutionsOf(registers),
      closedUnansweredAfter: unansweredAfter(judged, registers),
      retracted: registers.retracted[opening.author]?.id ?? null,
    },
    debts: incidentDebts({ opening, nodes, parties, served }, closingActs(judged, registers)),
  };
}

/** The acts with which everything still owed falls: the retraction, or all votes that closed. */
function closingActs({ graph }: Judged, registers: IncidentRegisters): FoldNode[] {
  const [retraction] = Object.values(registers.retracted);
  if (retraction !== undefined) return present([retraction.id], graph.byId);
  const closed = closedResolution(registers, graph.participants);
  if (closed === null) return [];
  const votes = Object.values(registers.votes).filter(({ resolution }) => resolution === closed);
  return present(
    votes.map(({ id }) => id),
    graph.byId,
  );
}

function present(ids: readonly string[], byId: ReadonlyMap<string, FoldNode>): FoldNode[] {
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** The notifier's newest word on severity. */
function newestSeverity({ graph }: Judged, nodes: readonly FoldNode[]): string | null {
  let newest: { index: number; origin: string; severity: string } | null = null;
  for (const { act, author, said } of nodes) {
    if (act?.kind !== 'incident.update' || author !== graph.opening?.author) continue;
    const { severity } = act.body;
    if (severity === undefined) continue;
    if (newest === null || said.index > newest.index) newest = { ...said, severity };
  }
  return newest?.severity ?? null;
}

function idsOf(marks: { readonly [party: string]: { id: string } }): { [party: string]: string } {
  return Object.fromEntries(Object.entries(marks).map(([party, { id }]) => [party, id]));
}

function resolutionsOf({ resolutions, votes }: IncidentRegisters): IncidentDetail['resolutions'] {
  const result: IncidentDetail['resolutions'] = {};
  for (const { id } of Object.values(resolutions)) result[id] = { closedBy: [], disputedBy: [] };
  for (const [party, { resolution, closes }] of Object.entries(votes)) {
    const entry = (result[resolution] ??= { closedBy: [], disputedBy: [] });
    (closes ? entry.closedBy : entry.disputedBy).push(party);
  }
  for (const { closedBy, disputedBy } of Object.values(result)) {
    closedBy.sort();
    disputedBy.sort();
  }
  return result;
}

/** When a proposal that nobody disputes reads "closed, not answered": from its latest service. */
function unansweredAfter(judged: Judged, { resolutions }: IncidentRegisters): Span {
  const { served, graph, terms } = judged;
  if (terms === null) return [null, null];
  const { ordinary } = terms.deadlines.closedUnanswered;
  let after: Span = [null, null];
  for (const node of present(
    Object.values(resolutions).map(({ id }) => id),
    graph.byId,
  )) {
    for (const party of node.recipients) {
      const at = served.get(node)?.towards.get(party)?.at ?? null;
      if (at === null) continue;
      const early = dueAt(at.early, ordinary, { kind: 'round-the-clock' }, true);
      const late = dueAt(at.late, ordinary, { kind: 'round-the-clock' }, true);
      after = [Math.max(after[0] ?? early, early), Math.max(after[1] ?? late, late)];
    }
  }
  return after;
}
