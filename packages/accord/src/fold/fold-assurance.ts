/** The state of an assurance docket; offers that cross (rulings.md, 20). */
import { parseTime } from '@comity/record';
import { dueAt } from '../duration.ts';
import { assuranceDigest, type OfferBody } from '../kinds/assurance.ts';
import { readText } from '../kinds/definition.ts';
import { crossingOffer, type CrossingOffer } from './agreement.ts';
import { counts, type Judged, type Outcome } from './outcome.ts';
import {
  assuranceMachine,
  assuranceWord,
  isInForce,
  type AssuranceContext,
  type AssuranceRegisters,
} from './assurance.ts';
import type { FoldNode } from './graph.ts';
import { runMachine } from './machine.ts';
import { serviceByFacts } from './service.ts';
import type { AssuranceDetail, Span } from './state.ts';
import { reduceFact, type Timed } from './times.ts';

const always = { kind: 'round-the-clock' } as const;

/** Runs the assurance's table. */
export function foldAssurance(judged: Judged, opening: FoldNode): Outcome {
  const { graph } = judged;
  if (opening.act?.kind !== 'assurance.offer') {
    return { subject: '', state: 'missing', detail: { type: 'other' }, debts: [] };
  }
  const offer: Offer = { judged, opening, body: opening.act.body };
  const context = contextOf(offer);
  const registers = runMachine(assuranceMachine(context), graph.nodes, (node) =>
    counts(node, judged),
  );
  return {
    subject: readText(offer.body.subject),
    state: assuranceWord(registers, context),
    detail: detailOf(offer, registers, context),
    debts: [],
  };
}

type Offer = { judged: Judged; opening: FoldNode; body: OfferBody };

function contextOf(offer: Offer): AssuranceContext {
  const { judged, opening, body } = offer;
  const promise = assuranceDigest(body);
  return {
    offerer: opening.author,
    participants: judged.graph.participants,
    mutual: body.reciprocity === 'mutual',
    parties: judged.parties,
    reciprocationOf(node) {
      if (node.act?.kind !== 'assurance.reciprocate') return 'not-yours';
      if (node.act.body.text !== promise) return 'other-text';
      const other = laterOffer(offer, node, promise);
      if (node.author === opening.author && other === null) return 'not-yours';
      const at = bindingAt(offer, node, other);
      const last = Math.min(openUntil(body), other === null ? Infinity : openUntil(other.body));
      if (at === null || at.late <= last) return 'fits';
      return at.early > last ? 'late' : 'disputed';
    },
    isIrrevocable(node) {
      const offered = servedOnAll(judged, opening);
      const withdrawn = servedOnAll(judged, node);
      if (offered === null || withdrawn === null) return false;
      return withdrawn.early <= dueAt(offered.late, body.irrevocableFor, always, true);
    },
    isSuperseding(node) {
      const other = otherOffer(offer, node, promise);
      return (
        node.author === opening.author && other !== null && other.citation.id < judged.input.docket
      );
    },
  };
}

/** The addressee's own offer of the same promise, where `node` cites one; bilateral dockets only. */
function otherOffer(
  { judged, opening }: Offer,
  node: FoldNode,
  promise: string,
): CrossingOffer | null {
  const [addressee, ...more] = opening.recipients;
  if (addressee === undefined || more.length > 0) return null;
  const { parties, citations } = judged;
  return crossingOffer(node, promise, addressee, opening.author, parties, citations);
}

/** Crossing offers meet in the docket with the smaller opening id. */
function laterOffer(offer: Offer, node: FoldNode, promise: string): CrossingOffer | null {
  const other = otherOffer(offer, node, promise);
  return other !== null && other.citation.id > offer.judged.input.docket ? other : null;
}

/** When a reciprocation binds: the later service of the two offers, or of the offer and itself. */
function bindingAt(
  { judged, opening }: Offer,
  node: FoldNode,
  other: CrossingOffer | null,
): Timed | null {
  const offered = servedOnAll(judged, opening);
  const theirs = other === null ? null : citedService(judged, other, opening.author);
  return latest([offered, theirs ?? servedOnAll(judged, node)]);
}

function citedService(judged: Judged, { citation }: CrossingOffer, on: string): Timed | null {
  const held = citation.held?.[on];
  const author = citation.statement.from;
  if (held === undefined || author === null) return null;
  const { timing, intervals } = judged.service;
  return serviceByFacts(timing, {
    said: reduceFact(timing, citation.said, author, null),
    held: reduceFact(timing, held, on, null),
    author,
    party: on,
    notBefore: null,
    interval: intervals.ordinary,
  });
}

function servedOnAll({ served }: Judged, node: FoldNode): Timed | null {
  const towards = served.get(node)?.towards;
  return latest(node.recipients.map((party) => towards?.get(party)?.at ?? null));
}

/** The latest of several; null while one is not known. */
function latest(times: readonly (Timed | null)[]): Timed | null {
  let all: Timed | null = null;
  for (const time of times) {
    if (time === null) return null;
    all =
      all === null
        ? time
        : {
            early: Math.max(all.early, time.early),
            late: Math.max(all.late, time.late),
            provisional: all.provisional || time.provisional,
          };
  }
  return all;
}

function openUntil(body: OfferBody): number {
  return parseTime(body.openUntil) ?? -Infinity;
}

function detailOf(
  offer: Offer,
  registers: AssuranceRegisters,
  context: AssuranceContext,
): AssuranceDetail {
  const { body } = offer;
  const since = sinceOf(offer, registers, context);
  const ends = endsOf(offer, registers, since !== null);
  const { graph } = offer.judged;
  const given = Object.values(registers.reciprocated);
  const understandings = given.flatMap(({ id }) => {
    const act = graph.byId.get(id)?.act;
    return act?.kind === 'assurance.reciprocate' && act.body.understanding !== undefined
      ? [id]
      : [];
  });
  const answers: AssuranceDetail['answers'] = {};
  for (const [party, { id, answer }] of Object.entries(registers.answers)) {
    answers[party] = { statement: id, answer };
  }
  return {
    type: 'assurance',
    text: assuranceDigest(body),
    givers: [...new Set([context.offerer, ...given.map(({ giver }) => giver)])].sort(),
    since: spanOf(since),
    ends: spanOf(ends),
    openUntil: parseTime(body.openUntil) ?? 0,
    suspendedBy: Object.entries(registers.standings)
      .flatMap(([party, { suspended }]) => (suspended ? [party] : []))
      .sort(),
    withdrawnBy: Object.keys(registers.withdrawn).sort(),
    answers,
    understandings: understandings.sort(),
    provisional: (since?.provisional ?? false) || (ends?.provisional ?? false),
  };
}

/** In force from the latest binding; a unilateral one from service of the offer. */
function sinceOf(
  offer: Offer,
  registers: AssuranceRegisters,
  context: AssuranceContext,
): Timed | null {
  const { judged, opening, body } = offer;
  if (!isInForce(registers, context)) return null;
  const bindings = Object.values(registers.reciprocated).map(({ id }) => {
    const node = judged.graph.byId.get(id);
    if (node === undefined) return null;
    return bindingAt(offer, node, laterOffer(offer, node, assuranceDigest(body)));
  });
  return latest([servedOnAll(judged, opening), ...bindings]);
}

/** The first withdrawal to end: after its notice, or at once where nothing was in force yet. */
function endsOf(
  { judged, body }: Offer,
  { withdrawn }: AssuranceRegisters,
  wasInForce: boolean,
): Timed | null {
  let first: Timed | null = null;
  for (const { id, crossing } of Object.values(withdrawn)) {
    const node = judged.graph.byId.get(id);
    const at = node === undefined ? null : servedOnAll(judged, node);
    if (at === null) continue;
    const end = (time: number) =>
      wasInForce && !crossing ? dueAt(time, body.notice, always, true) : time;
    const ends = { ...at, early: end(at.early), late: end(at.late) };
    if (first === null || ends.late < first.late) first = ends;
  }
  return first;
}

function spanOf(time: Timed | null): Span {
  return time === null ? [null, null] : [time.early, time.late];
}
