/** What the state of each docket type is made from, and what it gives. */
import type { DocketType } from '../kinds/definition.ts';
import type { Terms } from '../terms.ts';
import type { CitationIndex } from './agreement.ts';
import type { AgreedTerms } from './channel.ts';
import type { FoldNode, Graph } from './graph.ts';
import type { FoldInput } from './input.ts';
import type { Debt } from './obligations.ts';
import type { PartyIndex } from './parties.ts';
import type { Refusals, Served, ServiceContext } from './service.ts';
import type { DocketDetail, DocketState } from './state.ts';

/** Everything that is worked out before the docket's table is asked. */
export type Judged = {
  input: FoldInput;
  parties: PartyIndex;
  citations: CitationIndex;
  graph: Graph;
  type: DocketType;
  /** Terms that govern the docket, null where an opening pins none that were agreed. */
  terms: Terms | null;
  /** Of a channel docket. */
  agreed: AgreedTerms | null;
  service: ServiceContext;
  served: ReadonlyMap<FoldNode, Served>;
  refusals: Refusals;
};

/** What a docket type makes of its acts. */
export type Outcome = {
  subject: string;
  state: DocketState['state'];
  detail: DocketDetail;
  debts: Debt[];
};

/** Whether an act counts in the docket's word: it reached somebody, or there is nobody to reach. */
export function counts(node: FoldNode, { served }: Pick<Judged, 'served'>): boolean {
  if (node.recipients.length === 0) return true;
  const towards = served.get(node)?.towards;
  return node.recipients.some((party) => (towards?.get(party)?.at ?? null) !== null);
}
