/**
 * What a log holds for a statement, an attachment or a deposit (protocol.md, "Log"; rulings.md, 1).
 */
import { decodeHex, encodeText } from './bytes.ts';
import { sha256 } from '#primitives';
import { InvariantError } from './result.ts';

/** `said` by the log's owner, `held` by it, an attachment that is whole, a pouch deposited. */
export type EntryRole = 'said' | 'held' | 'attachment' | 'deposit';

const tag = encodeText('comity/entry/v1\n');
const roleBytes: { readonly [role in EntryRole]: number } = {
  said: 0x01,
  held: 0x02,
  attachment: 0x03,
  deposit: 0x04,
};

/**
 * The 32 bytes that go into the log: SHA-256("comity/entry/v1\n" ‖ role ‖ id ‖ list digest).
 *
 * `idHex` is 64 lower-case hex digits; `listDigest` the 32-byte digest of the canonical signature
 * list. Throws `InvariantError` on any other lengths: callers have parsed both already.
 */
export function logEntry(role: EntryRole, idHex: string, listDigest: Uint8Array): Uint8Array {
  const id = decodeHex(idHex);
  if (id === null || id.length !== 32) throw new InvariantError('a statement id is 64 hex digits');
  if (listDigest.length !== 32) throw new InvariantError('a list digest is 32 bytes');
  const bytes = new Uint8Array(tag.length + 65);
  bytes.set(tag);
  bytes[tag.length] = roleBytes[role];
  bytes.set(id, tag.length + 1);
  bytes.set(listDigest, tag.length + 33);
  return sha256(bytes);
}
