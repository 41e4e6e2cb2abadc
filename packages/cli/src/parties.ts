/**
 * The parties that a node knows, and the one that a person means.
 */
import { refused } from './command-error.ts';
import type { NodeClient } from './client.ts';
import { ungrouped } from './output/identifiers.ts';
import { shown } from './output/foreign-text.ts';

export interface PartyRow {
  party: string;
  name: string;
  state: string;
  directUrl: string | null;
}

const identifierPrefixMin = 6;

/** Everyone, ourselves included. */
export async function listParties(client: NodeClient): Promise<PartyRow[]> {
  return await client.get<PartyRow[]>('/parties');
}

/** Names by identifier, for words. */
export async function partyNames(client: NodeClient): Promise<ReadonlyMap<string, string>> {
  return new Map((await listParties(client)).map((row) => [row.party, row.name]));
}

/** The identifier of the party that `text` means; "self" is ourselves. */
export async function partyNamed(client: NodeClient, text: string): Promise<string> {
  return pickParty(await listParties(client), text).party;
}

/**
 * By whole identifier, whole name, beginning of an identifier, beginning of a name: the first of
 * these that fits anything decides. Anybody may call themselves anything, so what fits two parties is
 * never resolved: the candidates are listed.
 */
export function pickParty(rows: readonly PartyRow[], given: string): PartyRow {
  const text = ungrouped(given);
  const wanted = foldCase(text);
  const tries: ((row: PartyRow) => boolean)[] = [
    (row) => row.party === text || (text === 'self' && row.state === 'self'),
    (row) => foldCase(row.name) === wanted,
    (row) => text.length >= identifierPrefixMin && row.party.startsWith(text),
    (row) => wanted !== '' && foldCase(row.name).startsWith(wanted),
  ];
  for (const fits of tries) {
    const found = rows.filter(fits);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    if (found.length > 1) {
      const candidates = found.map((row) => `  ${shown(row.name)} ${row.party}`).join('\n');
      throw refused(
        'ambiguous-party',
        `more than one party fits "${text}"`,
        `Which one?\n${candidates}`,
      );
    }
  }
  throw refused(
    'unknown-party',
    `no party here is "${text}"`,
    'List the parties with: comity parties',
  );
}

function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}
