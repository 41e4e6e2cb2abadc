/**
 * A log and its keys belong to one party. Credentials that name an origin or a key of another party's
 * chain, ours included, are refused: copies of logs, their checkpoints and cosignatures are kept by
 * origin and key, and a false claim would write into another's.
 */
import {
  parseCredentialsBody,
  parseCanonicalJson,
  encodeText,
  parseVkey,
  encodeBase64,
  formatVkey,
} from '@comity/record';
import type { CredentialsBody, NoteKey } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const bodyBytesMax = 262_144;

/** A member of credentials that names what is another's, and whose. */
export interface FalseClaim {
  path: string;
  owner: string;
}

/** What of these credentials another known party has already, or null. */
export async function claimOfAnother(
  reader: StoreReader | StoreTransaction,
  party: string,
  body: CredentialsBody,
): Promise<FalseClaim | null> {
  const rows = await reader
    .selectFrom('credentials')
    .select(['party', 'body'])
    .where('party', '!=', party)
    .execute();
  const taken = new Map<string, string>();
  for (const row of rows) {
    const json = parseCanonicalJson(encodeText(row.body), bodyBytesMax);
    const other = json.ok ? parseCredentialsBody(json.value) : json;
    if (!other.ok) continue;
    for (const { claim } of claimsOf(other.value)) taken.set(claim, row.party);
  }
  for (const { path, claim } of claimsOf(body)) {
    const owner = taken.get(claim);
    if (owner !== undefined) return { path, owner };
  }
  return null;
}

/**
 * The path at which a version of a party's credentials names a key of these witnesses that none of
 * its earlier versions did; null where it does not. A witness that configuration or agreed terms name
 * speaks for nobody, unless an officer added it as a party: who could list its key would turn a
 * neutral time into that of an interested witness (rulings.md, 21 and 23).
 */
export function claimOfWitness(
  before: readonly CredentialsBody[],
  body: CredentialsBody,
  witnesses: readonly NoteKey[],
): string | null {
  const had = new Set(before.flatMap(claimsOf).map(({ claim }) => claim));
  const theirs = new Set(witnesses.flatMap((key) => keyClaims(formatVkey(key))));
  return claimsOf(body).find(({ claim }) => theirs.has(claim) && !had.has(claim))?.path ?? null;
}

function claimsOf(body: CredentialsBody): { path: string; claim: string }[] {
  return [
    { path: '/log/origin', claim: `origin ${body.log.origin}` },
    ...body.log.keys.flatMap((vkey) => claimsTo('/log/keys', vkey)),
    ...claimsTo('/witnessKey', body.witnessKey),
    ...claimsTo('/ownAccountKey', body.ownAccountKey),
  ];
}

function claimsTo(path: string, vkey: string): { path: string; claim: string }[] {
  return keyClaims(vkey).map((claim) => ({ path, claim }));
}

// By the raw key: the same key under another name is the same key. And by name and id, by which a
// line names its key: ids have four bytes, so that another key for the same two can be ground.
function keyClaims(vkey: string): string[] {
  const key = parseVkey(vkey);
  if (!key.ok) return [`key ${vkey}`];
  const { name, id, publicKey } = key.value;
  return [`key ${encodeBase64(publicKey)}`, `line ${name} ${id}`];
}
