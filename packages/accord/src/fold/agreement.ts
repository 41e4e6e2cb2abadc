/**
 * Which terms govern a docket, and whether they were agreed (rulings.md, 6, 18); crossing offers
 * (rulings.md, 20). All that is looked at in other dockets are cited statements.
 */
import { channelDocket } from '@comity/record';
import { builtInTerms } from '../built-in-terms.ts';
import { assuranceDigest, type OfferBody } from '../kinds/assurance.ts';
import { termsDigest, type Terms } from '../terms.ts';
import { isForOthers } from './channel.ts';
import { actOf, type FoldNode } from './graph.ts';
import type { FoldCitation, FoldInput } from './input.ts';
import type { PartyIndex } from './parties.ts';
import { authorityFault } from './validity.ts';

export type CitationIndex = ReadonlyMap<string, FoldCitation>;

/** Cited ids whose statements the act's meaning rests on and that are not in the input. */
export function lackingCitations(node: FoldNode, citations: CitationIndex): string[] {
  const { statement } = node;
  if (statement.cites.length === 0 || !restsOnCitations(node)) return [];
  return statement.cites.filter((id) => !citations.has(id));
}

/** Openings that pin terms which are not built in, and the acts of crossing offers. */
export function restsOnCitations({ isOpening, statement }: FoldNode): boolean {
  const { kind, terms } = statement;
  if (isOpening) return terms !== null && terms !== termsDigest(builtInTerms['contact-points']);
  return kind === 'assurance.reciprocate' || kind === 'assurance.withdraw';
}

/**
 * The terms that an opening pins, if they were agreed with every recipient; null otherwise. Agreed
 * are the built-in contact-points, and terms for which the opening cites, for each recipient, the
 * two `channel.terms` of one digest and one `replaces`. Whether they are in force still is not asked.
 */
export function pinnedTerms(
  opening: FoldNode,
  input: FoldInput,
  parties: PartyIndex,
  citations: CitationIndex,
): Terms | null {
  const digest = opening.statement.terms;
  if (digest === null) return null;
  const contactPoints = builtInTerms['contact-points'];
  if (digest === termsDigest(contactPoints)) return contactPoints;
  const cited = opening.statement.cites.flatMap((id) => citations.get(id) ?? []);
  let found: Terms | null = null;
  for (const recipient of opening.recipients) {
    const terms = agreedBetween(opening.author, recipient, digest, cited, parties);
    if (terms === null) return null;
    found = terms;
  }
  return found ?? input.knownTerms[digest] ?? null;
}

function agreedBetween(
  author: string,
  recipient: string,
  digest: string,
  cited: readonly FoldCitation[],
  parties: PartyIndex,
): Terms | null {
  const docket = channelDocketOf(author, recipient);
  const signed = cited.flatMap((citation) => {
    const { statement } = citation;
    const act = actOf(statement);
    const pair = [statement.from, ...statement.to];
    const between = pair.length === 2 && pair.includes(author) && pair.includes(recipient);
    if (act?.kind !== 'channel.terms' || !between || statement.docket !== docket) return [];
    if (termsDigest(act.body.terms) !== digest || statement.from === null) return [];
    if (isForOthers(act.body.terms, statement.from, parties)) return [];
    const fault = authorityFault({ ...citation, act }, parties.get(statement.from));
    return fault === null ? [{ from: statement.from, body: act.body }] : [];
  });
  for (const one of signed) {
    if (one.from !== author) continue;
    const other = signed.find(
      ({ from, body }) => from === recipient && body.replaces === one.body.replaces,
    );
    if (other !== undefined) return one.body.terms;
  }
  return null;
}

function channelDocketOf(a: string, b: string): string | null {
  // Names that are no digests occur in tests with injected ids only.
  return a.length === 64 && b.length === 64 ? channelDocket(a, b) : null;
}

/** The other of two crossing offers. */
export type CrossingOffer = { citation: FoldCitation; body: OfferBody };

/** The offer of the same promise that `node` cites, made by `by` to `to`; null where there is none. */
export function crossingOffer(
  node: FoldNode,
  promise: string,
  by: string,
  to: string,
  parties: PartyIndex,
  citations: CitationIndex,
): CrossingOffer | null {
  for (const id of node.statement.cites) {
    const citation = citations.get(id);
    if (citation === undefined || citation.statement.docket !== null) continue;
    const { statement } = citation;
    if (statement.from !== by || statement.to.length !== 1 || statement.to[0] !== to) continue;
    const act = actOf(statement);
    if (act?.kind !== 'assurance.offer' || assuranceDigest(act.body) !== promise) continue;
    if (authorityFault({ ...citation, act }, parties.get(by)) !== null) continue;
    return { citation, body: act.body };
  }
  return null;
}
