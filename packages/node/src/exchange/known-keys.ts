/**
 * Keys that credentials chains state, by what they are for: logs, own-account time,
 * witnesses, seals. Log keys count for the checkpoints of their version's time. The others count as
 * long as some version of the chain names them; which entries count under which version is the fold's
 * question (rulings.md, 8).
 */
import { logKeysAt, parseCheckpoint, parseVkey } from '@comity/record';
import type { Chain, NoteKey } from '@comity/record';

/**
 * The keys that must sign this checkpoint, by the version in force at its size: a retired key signs
 * nothing newer, and a key of a second type that was declared later is not asked of what is older.
 * None where it is no checkpoint of a log of the party.
 */
export function logKeysFor(chain: Chain, noteText: string): NoteKey[] {
  const end = noteText.indexOf('\n\n');
  const stated = parseCheckpoint(noteText.slice(0, end + 1));
  return stated.ok ? logKeysAt(chain, stated.value.origin, stated.value.size) : [];
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
