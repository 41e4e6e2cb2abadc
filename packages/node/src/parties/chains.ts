/**
 * Credentials chains as they stand in the store (protocol.md, Party and credentials).
 *
 * The statements table holds the envelopes; the credentials table says which of them passed
 * `verifyCredentials`, and where in the party's log each stands. A chain is rebuilt from both and
 * not verified again: what is in the table was verified when it was written.
 */
import {
  InvariantError,
  canonicalJson,
  parseCanonicalJson,
  parseCredentialsBody,
  parseDelegationBody,
  parseEnvelope,
  parseStatement,
  encodeText,
} from '@comity/record';
import type { Chain, CredentialsVersion, Delegation, JsonValue } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const bodyBytesMax = 262_144;

/** The chain of a party, or null when no credentials of it were ever taken in. */
export async function loadChain(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<Chain | null> {
  const rows = await reader
    .selectFrom('credentials')
    .innerJoin('statements', 'statements.id', 'credentials.id')
    .select([
      'credentials.id',
      'credentials.version',
      'credentials.body',
      'credentials.origin',
      'credentials.log_index',
      'statements.envelope',
    ])
    .where('credentials.party', '=', party)
    .orderBy('credentials.version')
    .execute();
  if (rows.length === 0) return null;
  const versions = rows.map((row): CredentialsVersion => {
    const envelope = parseEnvelope(row.envelope);
    const body = parseStoredBody(row.body);
    if (!envelope.ok || body === null) throw new InvariantError(`credentials ${row.id} in store`);
    const { id, version, origin } = row;
    return { id, version, body, origin, index: row.log_index, envelope: envelope.value };
  });
  const first = versions[0];
  if (first === undefined) return null;
  const known = await reader
    .selectFrom('parties')
    .select('frozen')
    .where('id', '=', party)
    .executeTakeFirst();
  return {
    party,
    exercise: first.body.exercise,
    versions,
    delegations: await loadDelegations(reader, party),
    frozen: known?.frozen === 1,
  };
}

/** The newest version of a chain. A chain has at least one. */
export function newestVersion(chain: Chain): CredentialsVersion {
  const newest = chain.versions.at(-1);
  if (newest === undefined) throw new InvariantError('empty credentials chain');
  return newest;
}

/** Display name of credentials: English if there, else the first language, else the identifier. */
export function displayName(name: { [language: string]: string }, party: string): string {
  return name['en'] ?? Object.values(name)[0] ?? party;
}

/**
 * Writes the rows that say "these versions are verified": missing credentials rows, the party's
 * display name and whether the chain is frozen. The party's row must exist, and the envelopes must
 * be in the statements table. Idempotent.
 */
export async function storeChain(tx: StoreTransaction, chain: Chain): Promise<void> {
  for (const version of chain.versions) {
    await tx
      .insertInto('credentials')
      .values({
        id: version.id,
        party: chain.party,
        version: version.version,
        body: canonicalJson(version.body as unknown as JsonValue),
        origin: version.origin,
        log_index: version.index,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }
  await tx
    .updateTable('parties')
    .set({
      name: displayName(newestVersion(chain).body.name, chain.party),
      frozen: chain.frozen ? 1 : 0,
    })
    .where('id', '=', chain.party)
    .execute();
}

async function loadDelegations(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<Delegation[]> {
  const rows = await reader
    .selectFrom('statements')
    .select(['id', 'envelope', 'said_index'])
    .where('kind', '=', 'party.delegate')
    .where('author', '=', party)
    .where('refused', 'is', null)
    .orderBy('said_index')
    .execute();
  const delegations: Delegation[] = [];
  const ends = new Map<string, number>();
  for (const row of rows) {
    const envelope = parseEnvelope(row.envelope);
    if (!envelope.ok) throw new InvariantError(`delegation ${row.id} in store`);
    const statement = parseStatement(envelope.value.payload, envelope.value.payloadType);
    if (!statement.ok) continue;
    const body = parseDelegationBody(statement.value.statement.body);
    if (!body.ok) continue;
    if ('ends' in body.value) ends.set(body.value.ends, row.said_index);
    delegations.push({
      id: row.id,
      party,
      body: body.value,
      index: row.said_index,
      endsAtIndex: null,
    });
  }
  return delegations.map((delegation) => ({
    ...delegation,
    endsAtIndex: ends.get(delegation.id) ?? null,
  }));
}

function parseStoredBody(text: string): CredentialsVersion['body'] | null {
  const json = parseCanonicalJson(encodeText(text), bodyBytesMax);
  if (!json.ok) return null;
  const body = parseCredentialsBody(json.value);
  return body.ok ? body.value : null;
}
