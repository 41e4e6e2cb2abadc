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
  encodeText,
  freezeChain,
  newestVersion,
  parseCanonicalJson,
  parseCredentialsBody,
  parseDelegationBody,
  parseEnvelope,
  parseLogProof,
  parseStatement,
  versionById,
  withDelegation,
  withEnding,
  withVersion,
} from '@comity/record';
import type { Chain, CredentialsVersion } from '@comity/record';
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
  let chain: Chain | null = null;
  for (const row of rows) {
    const envelope = parseEnvelope(row.envelope);
    const body = parseStoredBody(row.body);
    if (!envelope.ok || body === null) throw new InvariantError(`credentials ${row.id} in store`);
    const { id, version, origin, log_index: index } = row;
    chain = withVersion(chain, { id, version, body, origin, index, envelope: envelope.value });
  }
  if (chain === null) return null;
  return await withDelegations(reader, await withForks(reader, chain));
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
        body: canonicalJson(version.body),
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

/** Freezes the chain again where evidence of a second successor was kept; verified anew each time. */
async function withForks(reader: StoreReader | StoreTransaction, chain: Chain): Promise<Chain> {
  const rows = await reader
    .selectFrom('evidence')
    .select(['id', 'body'])
    .where('kind', '=', 'credentials-fork')
    .where('party', '=', chain.party)
    .orderBy('id')
    .execute();
  let frozen = chain;
  for (const row of rows) {
    const kept = JSON.parse(row.body) as { envelope: string; said: string };
    const envelope = parseEnvelope(encodeText(kept.envelope));
    const said = parseLogProof(kept.said);
    if (!envelope.ok || !said.ok) throw new InvariantError(`evidence ${row.id} in store`);
    const again = freezeChain(frozen, envelope.value, said.value);
    if (again.ok) frozen = again.value.chain;
  }
  return frozen;
}

/** Delegations and their endings stand in the statements table; they were verified when taken in. */
async function withDelegations(
  reader: StoreReader | StoreTransaction,
  chain: Chain,
): Promise<Chain> {
  const rows = await reader
    .selectFrom('statements')
    .select(['id', 'envelope', 'said_origin', 'said_index'])
    .where('author', '=', chain.party)
    .where('kind', '=', 'party.delegate')
    .where('refused', 'is', null)
    .orderBy('said_index')
    .execute();
  let extended = chain;
  for (const row of rows) {
    const envelope = parseEnvelope(row.envelope);
    if (!envelope.ok) throw new InvariantError(`delegation ${row.id} in store`);
    const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
    if (!parsed.ok) throw new InvariantError(`delegation ${row.id} in store`);
    const { credentials, body: json } = parsed.value.statement;
    const body = parseDelegationBody(json);
    if (!body.ok || credentials === null || versionById(chain, credentials) === null) continue;
    const place = { id: row.id, credentials, origin: row.said_origin, index: row.said_index };
    extended =
      'ends' in body.value
        ? withEnding(extended, { ...place, delegation: body.value.ends })
        : withDelegation(extended, { ...place, party: chain.party, body: body.value });
  }
  return extended;
}

/** Bodies by their text: the same few credentials are read for every pouch and every fold. */
const bodiesRead = new Map<string, CredentialsVersion['body'] | null>();
const bodiesReadMax = 256;

function parseStoredBody(text: string): CredentialsVersion['body'] | null {
  const known = bodiesRead.get(text);
  if (known !== undefined) return known;
  const body = parseBodyText(text);
  if (bodiesRead.size >= bodiesReadMax) bodiesRead.clear();
  bodiesRead.set(text, body);
  return body;
}

function parseBodyText(text: string): CredentialsVersion['body'] | null {
  const json = parseCanonicalJson(encodeText(text), bodyBytesMax);
  if (!json.ok) return null;
  const body = parseCredentialsBody(json.value);
  return body.ok ? body.value : null;
}
