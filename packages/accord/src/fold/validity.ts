/**
 * What makes an act void before its docket's table is asked (rulings.md, 6, 8, 9, 13, 14). The order
 * of the checks is the order of `voidReasons`; the first that fails is the reason.
 */
import { levelsMet, parseTime } from '@comity/record';
import { chainOf, isActKind, kinds } from '../kinds/registry.ts';
import type { DocketType } from '../kinds/definition.ts';

import type { FoldParty } from './input.ts';
import type { FoldNode, Graph } from './graph.ts';
import { comparePositions, delegationFor, endOfVersion, type PartyIndex } from './parties.ts';
import type { VoidReason } from './void-reasons.ts';

type Version = FoldParty['versions'][number];
/** What authority is judged by; a citation is judged as a node is. */
type Signed = Pick<FoldNode, 'statement' | 'offices' | 'said' | 'act'>;

/** Sets `void` on every node that breaks a rule of form, and on the losers of prior forks. */
export function judgeForm(graph: Graph, parties: PartyIndex, type: DocketType): void {
  for (const node of graph.nodes) node.void = formOf(node, graph, parties, type);
  judgePriors(graph, parties);
}

function formOf(
  node: FoldNode,
  graph: Graph,
  parties: PartyIndex,
  type: DocketType,
): VoidReason | null {
  if (!graph.participants.includes(node.author)) return 'not-a-participant';
  const party = parties.get(node.author);
  if (party !== undefined && mixesExercise(party, graph, parties)) return 'wrong-exercise';
  return (
    authorityFault(node, party) ??
    kindFault(node, type) ??
    placeFault(node, graph) ??
    parentFault(node, graph, party)
  );
}

function mixesExercise(party: FoldParty, graph: Graph, parties: PartyIndex): boolean {
  return graph.participants.some(
    (other) => (parties.get(other)?.exercise ?? party.exercise) !== party.exercise,
  );
}

/** Credentials, signatures, level. */
export function authorityFault(node: Signed, party: FoldParty | undefined): VoidReason | null {
  const version = versionOf(node, party);
  if (party === undefined || version === null) return 'credentials-gap';
  const { origin, index } = node.said;
  const end = endOfVersion(party, version);
  if (origin !== version.origin || index <= version.index || (end !== null && index >= end)) {
    return 'retired-credentials';
  }
  if (node.offices.length === 0) return 'bad-signature';
  return meetsLevel(node, party, version) ? null : 'insufficient-authority';
}

function versionOf(node: Signed, party: FoldParty | undefined): Version | null {
  return party?.versions.find(({ id }) => id === node.statement.credentials) ?? null;
}

function meetsLevel(node: Signed, party: FoldParty, version: Version): boolean {
  const delegated = delegatedOffices(node, version);
  const standing = delegated.filter(
    (office) =>
      delegationFor(party, version, office, node.statement.kind, node.said.index) !== null,
  );
  if (standing.length < delegated.length) return false;
  const officers = node.offices.filter((office) => !delegated.includes(office));
  const needed = node.act === null ? 'duty' : kinds[node.act.kind].level(node.act.body);
  return levelsMet(version.body, officers, standing).has(needed);
}

function delegatedOffices(node: Signed, version: Version): string[] {
  return node.offices.filter(
    (office) => office !== 'automatic' && !Object.hasOwn(version.body.officers, office),
  );
}

function kindFault(node: FoldNode, type: DocketType): VoidReason | null {
  const { kind } = node.statement;
  if (!isActKind(kind)) return 'unknown-kind';
  if (node.act === null) return 'bad-schema';
  if (!kinds[kind].docketTypes.includes(type)) return 'wrong-docket';
  return node.isOpening === (kinds[kind].opens !== null) ? null : 'wrong-docket';
}

function placeFault(node: FoldNode, { participants }: Graph): VoidReason | null {
  const { statement } = node;
  // Whoever leaves one of them out is not in the graph (graph.ts, setApart).
  if (!statement.to.every((party) => participants.includes(party))) return 'wrong-participants';
  return (statement.terms !== null) === node.isOpening ? null : 'terms-misplaced';
}

function parentFault(
  node: FoldNode,
  graph: Graph,
  party: FoldParty | undefined,
): VoidReason | null {
  const { statement } = node;
  if (node.isOpening) return node.parentIds.length === 0 ? null : 'bad-parent';
  for (const id of node.parentIds) {
    const parent = graph.byId.get(id);
    // Taken without being here: it is refused.
    if (parent === undefined) continue;
    const own = parent.author === node.author;
    if (own && comparePositions(party, parent.said, node.said) >= 0) return 'bad-parent';
    if (id === statement.prior && (!own || classOf(parent) !== classOf(node))) return 'bad-parent';
  }
  return null;
}

function classOf(node: FoldNode): 'automatic' | 'duty' | 'solemn' {
  if (node.act === null) return chainOf(node.statement.kind, node.statement.body);
  const level = kinds[node.act.kind].level(node.act.body);
  return level === 'automatic' || level === 'duty' ? level : 'solemn';
}

/** Of two statements with one `prior` in one class the lower index stands (rulings.md, 14). */
function judgePriors(graph: Graph, parties: PartyIndex): void {
  const standing = new Map<string, FoldNode>();
  for (const node of graph.nodes) {
    if (node.void !== null) continue;
    const key = `${node.author} ${classOf(node)} ${node.statement.prior ?? ''}`;
    const other = standing.get(key);
    if (other === undefined) {
      standing.set(key, node);
      continue;
    }
    const lower = comparePositions(parties.get(node.author), node.said, other.said) < 0;
    (lower ? other : node).void = 'prior-fork';
    if (lower) standing.set(key, node);
  }
}

/** Whether a delegate signed whose end date is before the entry's time (rulings.md, 9). */
export function isDelegationEnded(
  node: FoldNode,
  party: FoldParty | undefined,
  time: number | null,
): boolean {
  const version = versionOf(node, party);
  if (party === undefined || version === null || time === null) return false;
  return delegatedOffices(node, version).some((office) => {
    const { kind } = node.statement;
    const found = delegationFor(party, version, office, kind, node.said.index);
    const until = found === null ? null : parseTime(found.body.until);
    return until !== null && time > until;
  });
}
