/**
 * The fold: from closed inputs to the state of a docket (accord.md, opening; spec/accord.md).
 *
 * In this order: the graph; what is void by its form; the terms; times and service; what is void by
 * time; the docket's table; obligations; the state. None of it depends on the order of arrival.
 */
import { builtInTerms } from '../built-in-terms.ts';
import { kinds } from '../kinds/registry.ts';
import type { DocketType } from '../kinds/definition.ts';
import type { Terms } from '../terms.ts';
import { lackingCitations, pinnedTerms, type CitationIndex } from './agreement.ts';
import { agreedTerms, type AgreedTerms } from './channel.ts';
import { buildGraph, type FoldNode, type Graph } from './graph.ts';
import type { FoldInput } from './input.ts';
import { indexParties, type PartyIndex } from './parties.ts';
import {
  refusalsOf,
  serveAll,
  type Refusals,
  type Served,
  type ServiceContext,
} from './service.ts';
import { stateOf } from './assemble.ts';
import type { Judged } from './outcome.ts';
import type { DocketState } from './state.ts';
import { timingOf } from './times.ts';
import { isDelegationEnded, judgeForm } from './validity.ts';

/** A docket worked out. */
export type Folding = Judged & { state: DocketState };

const foldings = new WeakMap<FoldInput, Folding>();

/**
 * Folds a docket. Total: foreign input never throws. The input must not be changed afterwards
 * (`fold`, `inputDigest` and `waitingIn` share one folding for each input object).
 */
export function fold(input: FoldInput): DocketState {
  return foldingOf(input).state;
}

/**
 * Statements that are outside state and input digest, with the ids that are missing (parents, the
 * opening, cited statements that the act rests on; its own id where the lines of its anchors are
 * missing); sorted by id. Nothing is missing where one is not addressed to every participant.
 */
export function waitingIn(input: FoldInput): { id: string; missing: string[] }[] {
  return foldingOf(input).graph.waiting;
}

/** The folding of an input, worked out once. */
export function foldingOf(input: FoldInput): Folding {
  let folding = foldings.get(input);
  if (folding === undefined) {
    folding = workOut(input);
    foldings.set(input, folding);
  }
  return folding;
}

function workOut(input: FoldInput): Folding {
  const parties = indexParties(input.parties);
  const citations: CitationIndex = new Map(input.citations.map((one) => [one.id, one]));
  const graph = buildGraph(input, parties, (node) => lackingCitations(node, citations));
  const type = typeOf(input, graph);
  judgeForm(graph, parties, type);
  const refusals = refusalsOf(graph, timingOf(graph.participants, parties, null));
  const agreed = type === 'channel' ? channelTerms(graph, parties, refusals) : null;
  const terms = agreed !== null ? agreed.terms : openingTerms(graph, input, parties, citations);
  const clock = terms ?? builtInTerms['contact-points'];
  const service: ServiceContext = {
    graph,
    timing: timingOf(graph.participants, parties, clock),
    intervals: {
      ordinary: clock.service.intervalSeconds,
      flash: clock.service.flashIntervalSeconds,
    },
    refusals,
  };
  const served = serveAll(service);
  judgeTime(graph, parties, served);
  if (type !== 'channel') judgeOpening(graph);
  const judged: Judged = {
    input,
    parties,
    citations,
    graph,
    type,
    terms,
    agreed,
    service,
    served,
    refusals,
  };
  return { ...judged, state: stateOf(judged) };
}

function typeOf(input: FoldInput, { opening }: Graph): DocketType {
  if (input.channelParties !== null) return 'channel';
  if (opening?.act == null) return 'other';
  return kinds[opening.act.kind].opens ?? 'other';
}

/** Terms in force in a channel; the built-in contact-points before any. */
function channelTerms(graph: Graph, parties: PartyIndex, refusals: Refusals): AgreedTerms {
  const isReceived = (node: FoldNode): boolean =>
    node.recipients.every(
      (party) => node.held[party] !== undefined || refusals[node.id]?.[party]?.founded === false,
    );
  const agreed = agreedTerms(graph.nodes, graph.participants, parties, isReceived);
  return agreed.terms === null ? { ...agreed, terms: builtInTerms['contact-points'] } : agreed;
}

function openingTerms(
  { opening }: Graph,
  input: FoldInput,
  parties: PartyIndex,
  citations: CitationIndex,
): Terms | null {
  if (opening === null || opening.void !== null) return null;
  const terms = pinnedTerms(opening, input, parties, citations);
  if (terms === null) opening.void = 'terms-not-agreed';
  return terms;
}

function judgeTime(graph: Graph, parties: PartyIndex, served: ReadonlyMap<FoldNode, Served>): void {
  for (const node of graph.nodes) {
    if (node.void !== null) continue;
    const time = served.get(node)?.saidAt?.late ?? null;
    if (isDelegationEnded(node, parties.get(node.author), time)) node.void = 'delegation-ended';
  }
}

/** Under a void opening everything is void, refusals too. */
function judgeOpening({ opening, nodes }: Graph): void {
  if (opening === null || opening.void === null) return;
  const reason = opening.void === 'terms-not-agreed' ? 'terms-not-agreed' : 'opening-void';
  for (const node of nodes) if (node !== opening && node.void === null) node.void = reason;
}
