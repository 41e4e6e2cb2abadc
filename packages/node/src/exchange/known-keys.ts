/**
 * Keys that credentials chains state, by what they are for: logs, own-account time,
 * witnesses, seals. A key counts as long as some version of the chain names it; which entries
 * count under which version is the fold's question (rulings.md, 8).
 */
import { parseVkey } from '@comity/record';
import type { Chain, NoteKey } from '@comity/record';

/** Every log key of a party, newest version first, each once. */
export function logKeysOf(chain: Chain): NoteKey[] {
  return noteKeys(chain, (body) => body.log.keys);
}

/** Every witness key of a party. */
export function witnessKeysOf(chain: Chain): NoteKey[] {
  return noteKeys(chain, (body) => [body.witnessKey]);
}

/** Every own-account key of a party. */
export function ownAccountKeysOf(chain: Chain): NoteKey[] {
  return noteKeys(chain, (body) => [body.ownAccountKey]);
}

/** Every origin that the party's log has had, newest first. */
export function originsOf(chain: Chain): string[] {
  return [...new Set(chain.versions.toReversed().map((version) => version.body.log.origin))];
}

/** Recipients of a pouch for this party: those of its newest credentials. */
export function sealingRecipientsOf(chain: Chain): string[] {
  return chain.versions.at(-1)?.body.sealing ?? [];
}

function noteKeys(
  chain: Chain,
  vkeys: (body: Chain['versions'][number]['body']) => string[],
): NoteKey[] {
  const texts = new Set(chain.versions.toReversed().flatMap((version) => vkeys(version.body)));
  const keys: NoteKey[] = [];
  for (const text of texts) {
    const key = parseVkey(text);
    if (key.ok) keys.push(key.value);
  }
  return keys;
}
