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
} from '@comity/record';
import type { CredentialsBody } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const bodyBytesMax = 262_144;

/** What of these credentials another known party has already, or null. */
export async function claimOfAnother(
  reader: StoreReader | StoreTransaction,
  party: string,
  body: CredentialsBody,
): Promise<string | null> {
  const rows = await reader
    .selectFrom('credentials')
    .select('body')
    .where('party', '!=', party)
    .execute();
  const taken = new Set<string>();
  for (const row of rows) {
    const json = parseCanonicalJson(encodeText(row.body), bodyBytesMax);
    const other = json.ok ? parseCredentialsBody(json.value) : json;
    if (other.ok) for (const { claim } of claimsOf(other.value)) taken.add(claim);
  }
  return claimsOf(body).find(({ claim }) => taken.has(claim))?.path ?? null;
}

function claimsOf(body: CredentialsBody): { path: string; claim: string }[] {
  return [
    { path: '/log/origin', claim: `origin ${body.log.origin}` },
    ...body.log.keys.map((vkey) => ({ path: '/log/keys', claim: keyClaim(vkey) })),
    { path: '/witnessKey', claim: keyClaim(body.witnessKey) },
    { path: '/ownAccountKey', claim: keyClaim(body.ownAccountKey) },
  ];
}

// By the raw key: the same key under another name is the same key.
function keyClaim(vkey: string): string {
  const key = parseVkey(vkey);
  return `key ${key.ok ? encodeBase64(key.value.publicKey) : vkey}`;
}
