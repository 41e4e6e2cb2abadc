/**
 * From what a person typed to a party: an identifier, the beginning of one, or a name.
 *
 * Names come from credentials and anybody may call themselves anything, so a name that fits more
 * than one party is never resolved: the candidates are listed and the person chooses.
 */
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { PartyState } from '../store/schema.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

export interface KnownParty {
  id: string;
  name: string;
  state: PartyState;
  direct_url: string | null;
}

const identifierPrefixMin = 6;

/** Every party in the store, sorted by name then identifier. */
export async function listParties(reader: StoreReader | StoreTransaction): Promise<KnownParty[]> {
  return await reader
    .selectFrom('parties')
    .select(['id', 'name', 'state', 'direct_url'])
    .orderBy('name')
    .orderBy('id')
    .execute();
}

/**
 * The one party that `text` means. Tried in order: whole identifier, whole name (case does not
 * count), beginning of an identifier (at least six characters), beginning of a name. The first of
 * these that fits anything decides; `ambiguous-party` lists the candidates in its detail.
 */
export async function resolveParty(
  reader: StoreReader | StoreTransaction,
  text: string,
): Promise<Result<KnownParty, 'unknown-party' | 'ambiguous-party'>> {
  const parties = await listParties(reader);
  const wanted = foldCase(text);
  const tries: ((party: KnownParty) => boolean)[] = [
    (party) => party.id === text,
    (party) => foldCase(party.name) === wanted,
    (party) => text.length >= identifierPrefixMin && party.id.startsWith(text),
    (party) => wanted !== '' && foldCase(party.name).startsWith(wanted),
  ];
  for (const fits of tries) {
    const found = parties.filter(fits);
    const [only] = found;
    if (only !== undefined && found.length === 1) return success(only);
    if (found.length > 1) {
      const candidates = found.map((party) => `${party.name} ${party.id}`).join(', ');
      return failure('ambiguous-party', text, candidates);
    }
  }
  const names = parties.map((party) => party.name).join(', ');
  return failure('unknown-party', text, names === '' ? 'no party is known yet' : `known: ${names}`);
}

function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}
