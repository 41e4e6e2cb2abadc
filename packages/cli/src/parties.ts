/**
 * The parties that a node knows, as the API lists them.
 */
import type { NodeClient } from './client.ts';

export interface PartyRow {
  party: string;
  name: string;
  state: string;
  exercise?: boolean;
  direct?: string | null;
}

/** Everyone, ourselves included. */
export async function listParties(client: NodeClient): Promise<PartyRow[]> {
  return await client.get<PartyRow[]>('/parties');
}

/** Names by identifier, for words. */
export async function partyNames(client: NodeClient): Promise<ReadonlyMap<string, string>> {
  return new Map((await listParties(client)).map((row) => [row.party, row.name]));
}
