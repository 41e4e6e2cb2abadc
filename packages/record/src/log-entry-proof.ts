/**
 * Proofs of our entries in a party's log: `said` of its own statements, `held` of others' (receipts;
 * protocol.md, "Log").
 */
import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { logKeysAt } from './credentials-chain.ts';
import type { Chain } from './credentials-chain.ts';
import { logEntry } from './entry.ts';
import type { EntryRole } from './entry.ts';
import type { Note } from './note.ts';
import type { NoteKey } from './note-key.ts';
import { verifyLogProof } from './proof.ts';
import type { LogProof } from './proof.ts';
import { failure } from './result.ts';
import type { Result } from './result.ts';

/** Where an entry is, by a checkpoint that its log signed; cosignatures are not looked at. */
export type ProvedEntry = { index: number; checkpoint: Checkpoint; note: Note };

/**
 * Verifies an entry's proof in the log of this name. `keysAt` says which keys the log signs
 * checkpoints of a size with. Every fault is `bad-proof`: another log, a checkpoint that does not
 * verify or lacks a declared ML-DSA-44 signature, an entry that is not there.
 */
export function verifyEntry(
  proof: LogProof,
  entry: Uint8Array,
  origin: string,
  keysAt: (size: number) => readonly NoteKey[],
): Result<ProvedEntry, 'bad-proof'> {
  const end = proof.checkpoint.indexOf('\n\n');
  const stated = parseCheckpoint(proof.checkpoint.slice(0, end + 1));
  if (!stated.ok) return failure('bad-proof', '/checkpoint', stated.detail);
  if (stated.value.origin !== origin) return failure('bad-proof', '/checkpoint', 'another log');
  const keys = keysAt(stated.value.size);
  const proved = verifyLogProof(proof, entry, keys);
  return proved.ok ? proved : failure('bad-proof', proved.path, proved.detail);
}

/**
 * Verifies that a party's log has the entry of a statement, in the log `origin` of its chain:
 * `said`, or `held` for a receipt. `listDigest` is the digest of the signature list that the entry
 * commits to. Not checked: which credentials were in force at the index.
 */
export function verifyPartyEntry(
  proof: LogProof,
  role: EntryRole,
  id: string,
  listDigest: Uint8Array,
  chain: Chain,
  origin: string,
): Result<ProvedEntry, 'bad-proof'> {
  const entry = logEntry(role, id, listDigest);
  return verifyEntry(proof, entry, origin, (size) => logKeysAt(chain, origin, size));
}
