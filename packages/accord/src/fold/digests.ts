/**
 * What two parties compare (accord.md, opening; rulings.md, 15, 18, 26): the digest of the closed
 * inputs, reduced to what counts, and the digest of the state.
 */
import { canonicalJsonBytes, sha256Hex } from '@comity/record';
import type { JsonValue } from '@comity/record';
import { termsDigest } from '../terms.ts';
import { restsOnCitations } from './agreement.ts';
import { foldingOf, type Folding } from './fold.ts';
import type { FoldNode } from './graph.ts';
import type { FoldInput, FoldParty } from './input.ts';
import { endOfVersion } from './parties.ts';
import type { DocketState } from './state.ts';
import { reduceFact, type ReducedFact } from './times.ts';

/** SHA-256 of the state's RFC 8785 bytes, in hex. */
export function stateDigest(state: DocketState): string {
  return sha256Hex(canonicalJsonBytes(state));
}

/**
 * SHA-256, in hex, over the inputs that count: the statements that do not wait, by id, with their
 * signature lists and reduced proof facts; of credentials and delegations what these statements
 * name or are ended by, so that a rotation does not change every docket; terms; citations.
 */
export function inputDigest(input: FoldInput): string {
  const folding = foldingOf(input);
  const { graph, terms } = folding;
  const nodes = [...graph.nodes].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const value: JsonValue = {
    fold: 1,
    docket: input.docket,
    participants: graph.participants,
    terms: terms === null ? null : termsDigest(terms),
    statements: nodes.map((node) => statementFacts(node, folding)),
    parties: partyFacts(folding),
    citations: citationFacts(folding),
  };
  return sha256Hex(canonicalJsonBytes(value));
}

function statementFacts(node: FoldNode, { served }: Folding): JsonValue {
  const own = served.get(node);
  if (own === undefined) return [node.id];
  const held: { [party: string]: JsonValue } = {};
  for (const [party, fact] of Object.entries(own.held)) held[party] = factValue(fact);
  const { listDigest } = node;
  return [node.id, listDigest, factValue(own.said), held, own.notBefore];
}

function factValue({ origin, index, own, witnessed }: ReducedFact): JsonValue {
  return [origin, index, own, witnessed.map(({ party, vkey, time }) => [party, vkey, time])];
}

/** Versions named here, with the bound where it lies at or below an entry; delegates' grants. */
function partyFacts({ graph, parties }: Folding): JsonValue {
  const facts: { [party: string]: JsonValue } = {};
  for (const id of graph.participants) {
    const party = parties.get(id);
    if (party === undefined) continue;
    const own = graph.nodes.filter(({ author }) => author === id);
    const named = new Set(own.map(({ statement }) => statement.credentials));
    const versions = party.versions
      .filter((version) => named.has(version.id))
      .map((version) => [version.id, version.origin, version.index, endAmong(party, version, own)]);
    facts[id] = { versions, delegations: delegationFacts(party, own), frozen: party.frozen };
  }
  return facts;
}

function endAmong(
  party: FoldParty,
  version: FoldParty['versions'][number],
  own: readonly FoldNode[],
): number | null {
  const end = endOfVersion(party, version);
  if (end === null) return null;
  return own.some(({ said }) => said.origin === version.origin && said.index >= end) ? end : null;
}

function delegationFacts(party: FoldParty, own: readonly FoldNode[]): JsonValue {
  const offices = new Set(own.flatMap((node) => node.offices));
  return party.delegations
    .filter(({ body }) => offices.has(body.office))
    .map(({ id, origin, index, endsAtIndex, endsAtOrigin }) => [
      id,
      origin,
      index,
      endsAtIndex,
      endsAtOrigin,
    ])
    .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
}

function citationFacts({ graph, citations, service }: Folding): JsonValue {
  const ids = new Set(
    graph.nodes.flatMap((node) => (restsOnCitations(node) ? node.statement.cites : [])),
  );
  const { timing } = service;
  return [...ids].sort().flatMap((id): JsonValue[] => {
    const citation = citations.get(id);
    if (citation === undefined) return [];
    const author = citation.statement.from ?? id;
    const held: { [party: string]: JsonValue } = {};
    for (const [party, fact] of Object.entries(citation.held ?? {})) {
      if (!graph.participants.includes(party)) continue;
      held[party] = factValue(reduceFact(timing, fact, party, null));
    }
    return [[id, factValue(reduceFact(timing, citation.said, author, null)), held]];
  });
}
