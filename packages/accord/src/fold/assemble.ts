/** From judged acts to the state of a docket: the table, the obligations, the acts one by one. */
import { builtInTerms } from '../built-in-terms.ts';
import { termsDigest } from '../terms.ts';
import type { FoldNode } from './graph.ts';
import { foldAllegation } from './fold-allegation.ts';
import { foldAssurance } from './fold-assurance.ts';
import { foldChannel } from './fold-channel.ts';
import { foldIncident } from './fold-incident.ts';
import type { Judged, Outcome } from './outcome.ts';
import { obligationOf, type ClockContext, type Debt } from './obligations.ts';
import type { ActState, ActTowards, DocketState, Effect, Obligation } from './state.ts';

/** Runs the docket's table and puts the state together. */
export function stateOf(judged: Judged): DocketState {
  const { graph, input, type, terms } = judged;
  const outcome = outcomeOf(judged);
  const obligations = settleObligations(judged, outcome.debts);
  const acts: DocketState['acts'] = {};
  for (const node of graph.nodes) acts[node.id] = actState(node, judged);
  return {
    fold: 1,
    docket: input.docket,
    type,
    subject: outcome.subject,
    state: openingWord(judged, acts) ?? outcome.state,
    participants: graph.participants,
    terms: terms === null ? null : termsDigest(terms),
    acts,
    obligations,
    refusals: refusalStates(judged),
    detail: outcome.detail,
  };
}

function outcomeOf(judged: Judged): Outcome {
  const { type, graph } = judged;
  const opening = graph.opening;
  if (type === 'channel') return foldChannel(judged);
  if (opening !== null && opening.void === null) {
    if (type === 'incident') return foldIncident(judged, opening);
    if (type === 'assurance') return foldAssurance(judged, opening);
    if (type === 'allegation') return foldAllegation(judged, opening);
  }
  return { subject: '', state: 'missing', detail: { type: 'other' }, debts: [] };
}

function openingWord(
  { type, graph }: Judged,
  acts: DocketState['acts'],
): DocketState['state'] | null {
  if (type === 'channel') return null;
  const opening = graph.opening === null ? undefined : acts[graph.opening.id];
  if (opening === undefined) return 'missing';
  if (opening.effect === 'void') return 'void';
  if (opening.effect === 'refused') return 'refused';
  return opening.effect === 'waiting' ? 'not-served' : null;
}

/** Clocks of the debts, and the acts that move them; a move of nothing is void. */
function settleObligations(judged: Judged, debts: readonly Debt[]): DocketState['obligations'] {
  const { graph, service, served, terms } = judged;
  const moves = new Map<string, FoldNode[]>();
  for (const node of graph.nodes) {
    const { act } = node;
    if (act?.kind !== 'obligation.extend' && act?.kind !== 'obligation.waive') continue;
    if (node.void !== null) continue;
    const known = moves.get(act.body.obligation);
    if (known === undefined) moves.set(act.body.obligation, [node]);
    else known.push(node);
  }
  const context: ClockContext = {
    service,
    served,
    terms: terms ?? builtInTerms['contact-points'],
    moves,
  };
  const obligations: { [id: string]: Obligation } = {};
  for (const debt of debts) {
    const obligation = obligationOf(debt, context);
    if (obligation !== null) obligations[obligation.id] = obligation;
  }
  for (const [id, nodes] of moves) {
    const obligation = obligations[id];
    for (const node of nodes) node.void = moveFault(node, obligation);
  }
  return obligations;
}

function moveFault(node: FoldNode, obligation: Obligation | undefined): FoldNode['void'] {
  if (obligation === undefined) return 'no-such-obligation';
  if (node.author === obligation.owedTo) return null;
  const extends_ = node.act?.kind === 'obligation.extend';
  return extends_ && node.author === obligation.owedBy ? null : 'not-yours';
}

function actState(node: FoldNode, { served }: Judged): ActState {
  const own = served.get(node);
  const towards: ActState['towards'] = {};
  for (const party of node.recipients) towards[party] = actTowards(node, party, own);
  const { effect, reason } = effectOf(node, own, towards);
  return {
    kind: node.statement.kind,
    from: node.author,
    effect,
    reason,
    parents: node.parentIds,
    said: { at: own?.saidAt?.late ?? null, provisional: own?.saidAt?.provisional ?? true },
    towards,
  };
}

type Own = ReturnType<Judged['served']['get']>;

function actTowards(node: FoldNode, party: string, own: Own): ActTowards {
  const towards = own?.towards.get(party);
  const at = towards?.at ?? null;
  const provisional = at?.provisional ?? false;
  if (node.void !== null) return { effect: 'void', at: at?.late ?? null, provisional };
  if (towards?.refused != null) return { effect: 'refused', at: null, provisional };
  if (at === null) return { effect: 'waiting', at: null, provisional };
  return { effect: changesNothing(node) ? 'none' : 'effective', at: at.late, provisional };
}

function changesNothing(node: FoldNode): boolean {
  return node.idle || node.act?.kind === 'channel.refuse';
}

function effectOf(
  node: FoldNode,
  own: Own,
  towards: ActState['towards'],
): { effect: Effect; reason: string | null } {
  if (node.void !== null) return { effect: 'void', reason: node.void };
  const effects = Object.values(towards).map(({ effect }) => effect);
  if (effects.length === 0) {
    return { effect: changesNothing(node) ? 'none' : 'effective', reason: null };
  }
  if (effects.every((effect) => effect === 'refused')) {
    const codes = node.recipients.map((party) => own?.towards.get(party)?.refused ?? '').sort();
    return { effect: 'refused', reason: codes[0] ?? null };
  }
  const reached = effects.find((effect) => effect === 'effective' || effect === 'none');
  return { effect: reached ?? 'waiting', reason: null };
}

function refusalStates({ refusals }: Judged): DocketState['refusals'] {
  const states: DocketState['refusals'] = {};
  for (const [refused, byParty] of Object.entries(refusals)) {
    const own: DocketState['refusals'][string] = {};
    for (const [party, { code, founded, by }] of Object.entries(byParty)) {
      if (by.void === null) own[party] = { code, founded };
    }
    if (Object.keys(own).length > 0) states[refused] = own;
  }
  return states;
}
