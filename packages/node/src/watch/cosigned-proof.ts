/** A proof of an entry at the first checkpoint that somebody other than the log's owner cosigned. */
import { formatLogProof, InvariantError } from '@comity/record';
import { noteWithMoreLines } from '../log/checkpoints.ts';
import { proveEntry, smallestCosigned } from '../log/proofs.ts';
import type { StoreReader } from '../store/store.ts';

/**
 * For our own log and for the logs that we copy. Null when nobody cosigned yet, or when our copy
 * does not reach that far. `ownAccount` is our own key, which never counts as somebody else.
 */
export async function cosignedProof(
  reader: StoreReader,
  place: { origin: string; index: number; size: number },
  ownAccount: string,
): Promise<string | null> {
  const { origin, index, size } = place;
  const owner = await ownAccountOf(reader, origin);
  const someoneElse = (vkeys: string[]) =>
    vkeys.some((vkey) => vkey !== ownAccount && vkey !== owner);
  const best = await smallestCosigned(reader, origin, size, someoneElse);
  if (best === null) return null;
  try {
    const proof = await proveEntry(reader, origin, index, best.size);
    const checkpoint = noteWithMoreLines(proof.checkpoint, best.lines);
    return formatLogProof({ ...proof, checkpoint });
  } catch (error) {
    // Tiles of a copied log that are not there yet; the birth proof stands without them.
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

/** The own-account vkey of the party whose log it is, from its newest credentials there. */
async function ownAccountOf(reader: StoreReader, origin: string): Promise<string | null> {
  const row = await reader
    .selectFrom('credentials')
    .select('body')
    .where('origin', '=', origin)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  const body: unknown = row === undefined ? null : JSON.parse(row.body);
  if (typeof body !== 'object' || body === null || !('ownAccountKey' in body)) return null;
  return typeof body.ownAccountKey === 'string' ? body.ownAccountKey : null;
}
