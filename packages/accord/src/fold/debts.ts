/** Which acts create and discharge which obligations (spec/accord.md, "Obligation rules"). */
import { parseTime } from '@comity/record';
import type { FoldNode } from './graph.ts';
import type { Debt } from './obligations.ts';
import { comparePositions, type PartyIndex } from './parties.ts';
import type { Served } from './service.ts';

/** What the rules look at: valid acts, the opening among them. */
export type DebtContext = {
  opening: FoldNode;
  nodes: readonly FoldNode[];
  parties: PartyIndex;
  served: ReadonlyMap<FoldNode, Served>;
};

/** Debts of an incident docket. `closing`: the acts that closed or retracted it, [] while open. */
export function incidentDebts(context: DebtContext, closing: FoldNode[]): Debt[] {
  const { opening, nodes } = context;
  const notifier = opening.author;
  const of = groupByAuthor(nodes);
  const debts: Debt[] = [];
  for (const addressee of opening.recipients) {
    const own = of.get(addressee) ?? [];
    const acknowledgements = own.filter(({ act }) => act?.kind === 'incident.acknowledge');
    debts.push({
      rule: 'acknowledge-notification',
      createdBy: opening,
      owedBy: addressee,
      owedTo: notifier,
      deadline: 'acknowledgeNotification',
      discharges: acknowledgements,
      falls: closing,
    });
    const report = reportDebt(context, addressee);
    if (report !== null) debts.push(report);
    const first = firstInLog(acknowledgements, context, notifier);
    if (first !== null) {
      debts.push(...afterAcknowledgement(first, notifier, of, closing));
    }
  }
  const answers = answersByRequest(nodes);
  for (const node of nodes) {
    if (node.act?.kind !== 'incident.request') continue;
    debts.push(...requestDebts(node, answers.get(node.id) ?? [], closing));
  }
  return debts;
}

/** The first in the author's own log that the other side did not refuse: later ones move nothing. */
function firstInLog(
  acts: readonly FoldNode[],
  { parties, served }: DebtContext,
  towards: string,
): FoldNode | null {
  let first: FoldNode | null = null;
  for (const node of acts) {
    if (served.get(node)?.towards.get(towards)?.refused != null) continue;
    const party = parties.get(node.author);
    if (first === null || comparePositions(party, node.said, first.said) < 0) first = node;
  }
  return first;
}

function afterAcknowledgement(
  first: FoldNode,
  notifier: string,
  of: ReadonlyMap<string, FoldNode[]>,
  closing: FoldNode[],
): Debt[] {
  const addressee = first.author;
  const theirs = of.get(addressee) ?? [];
  const base = { createdBy: first, falls: closing };
  return [
    {
      ...base,
      rule: 'first-information',
      owedBy: addressee,
      owedTo: notifier,
      deadline: 'firstInformation',
      discharges: theirs.filter(isInformation),
    },
    {
      ...base,
      rule: 'enquiry',
      owedBy: addressee,
      owedTo: notifier,
      deadline: 'findings',
      discharges: theirs.filter(isFindings),
    },
    {
      ...base,
      rule: 'findings',
      owedBy: notifier,
      owedTo: addressee,
      deadline: 'findings',
      discharges: (of.get(notifier) ?? []).filter(isFindings),
    },
  ];
}

function isInformation({ act }: FoldNode): boolean {
  if (act?.kind === 'incident.inform') return act.body.result !== 'holding';
  return (
    act?.kind === 'incident.update' ||
    act?.kind === 'incident.assist' ||
    act?.kind === 'incident.resolve'
  );
}

function isFindings({ act }: FoldNode): boolean {
  if (act?.kind === 'incident.update') return act.body.stage === 'findings';
  return act?.kind === 'incident.resolve';
}

function requestDebts(
  request: FoldNode,
  answers: readonly FoldNode[],
  closing: FoldNode[],
): Debt[] {
  if (request.act?.kind !== 'incident.request') return [];
  const asked = request.act.body.of ?? request.recipients;
  return [...new Set(asked)].map((owedBy) => ({
    rule: 'answer-request',
    createdBy: request,
    owedBy,
    owedTo: request.author,
    deadline: 'answerRequest',
    discharges: answers.filter(({ author }) => author === owedBy),
    falls: closing,
  }));
}

/** Answers by the request that they name; `holding` is none. */
function answersByRequest(nodes: readonly FoldNode[]): Map<string, FoldNode[]> {
  const answers = new Map<string, FoldNode[]>();
  for (const node of nodes) {
    if (node.act?.kind !== 'incident.inform') continue;
    const { request, result } = node.act.body;
    if (request === null || result === 'holding') continue;
    const known = answers.get(request);
    if (known === undefined) answers.set(request, [node]);
    else known.push(node);
  }
  return answers;
}

/** Report of an incident that touches the other side: from awareness, by the notifier's account. */
function reportDebt({ opening, served }: DebtContext, addressee: string): Debt | null {
  if (opening.act?.kind !== 'incident.notify') return null;
  const aware = opening.act.body.times.flatMap(({ what, at }) =>
    what === 'aware' ? [parseTime(at) ?? Infinity] : [],
  );
  if (aware.length === 0) return null;
  // Bounded above by the author's logged time: nobody becomes aware after having said so.
  const said = served.get(opening)?.saidAt?.late ?? Infinity;
  const startAt = Math.min(said, ...aware);
  return {
    rule: 'report-incident',
    createdBy: opening,
    owedBy: opening.author,
    owedTo: addressee,
    deadline: 'reportIncident',
    discharges: [opening],
    falls: [],
    startAt,
  };
}

/** Debts of an allegation docket; none of a quoted one. */
export function allegationDebts(context: DebtContext, closing: FoldNode[]): Debt[] {
  const { opening, nodes } = context;
  if (opening.act?.kind !== 'allegation.raise') return [];
  const { respondent } = opening.act.body;
  const answers = nodes.filter(
    (node) => node.author === respondent && node.act?.kind === 'allegation.answer',
  );
  const base = {
    createdBy: opening,
    owedBy: respondent,
    owedTo: opening.author,
    falls: closing,
  } as const;
  const full = answers.filter(
    ({ act }) => act?.kind === 'allegation.answer' && act.body.answer !== 'holding',
  );
  return [
    { ...base, rule: 'holding-answer', deadline: 'holdingAnswer', discharges: answers },
    { ...base, rule: 'answer-allegation', deadline: 'answerAllegation', discharges: full },
  ];
}

function groupByAuthor(nodes: readonly FoldNode[]): Map<string, FoldNode[]> {
  const groups = new Map<string, FoldNode[]>();
  for (const node of nodes) {
    const group = groups.get(node.author);
    if (group === undefined) groups.set(node.author, [node]);
    else group.push(node);
  }
  return groups;
}
