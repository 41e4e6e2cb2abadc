/**
 * Checkpoints of our own log that a restored home lost and others give back inside proofs. The first
 * that covers an entry is its birth checkpoint, whose own-account time is an input of folds on every
 * side: so entries that came back get their birth checkpoint again, and both sides read one time.
 */
import { encodeHex, equalBytes } from '@comity/record';
import type { Checkpoint, Note, NoteKey } from '@comity/record';
import type { StoreTransaction } from '../store/store.ts';
import { noteWithLinesOf } from './checkpoints.ts';
import { storeCosignatures, verifyLines } from './cosignatures.ts';
import { rootAt, treeSize } from './tiles.ts';

/** A checkpoint of ours as a proof carries it; our log key's line in it has been verified. */
export interface ShownCheckpoint {
  checkpoint: Checkpoint;
  note: Note;
  noteText: string;
}

/**
 * Takes back one that we do not have, where our tree is that tree. Gives the range of entries whose
 * first checkpoint it is, or null where nothing changed.
 */
export async function takeBackCheckpoint(
  tx: StoreTransaction,
  { checkpoint, note, noteText }: ShownCheckpoint,
  keys: { log: readonly NoteKey[]; ownAccount: readonly NoteKey[] },
  now: number,
): Promise<{ from: number; to: number } | null> {
  const { origin, size, root } = checkpoint;
  const ofOrigin = tx.selectFrom('checkpoints').select('size').where('origin', '=', origin);
  const stored = await ofOrigin.where('size', '=', size).executeTakeFirst();
  if (stored !== undefined || size < 1 || size > (await treeSize(tx, origin))) return null;
  if (!equalBytes(await rootAt(tx, origin, size), root)) return null;
  const lines = verifyLines(note.text, note.signatures, keys.ownAccount);
  const own = noteWithLinesOf(noteText, [...keys.log, ...keys.ownAccount]);
  if (lines.length === 0 || own === null) return null;
  const below = await ofOrigin
    .where('size', '<', size)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  await tx
    .insertInto('checkpoints')
    .values({ origin, size, root: encodeHex(root), note: own, seen_at: now })
    .execute();
  await storeCosignatures(tx, origin, size, lines);
  const from = below?.size ?? 0;
  await tx
    .updateTable('statements')
    .set({ said_size: size })
    .where('own', '=', 1)
    .where('said_origin', '=', origin)
    .where('said_index', '>=', from)
    .where('said_index', '<', size)
    .execute();
  await tx
    .updateTable('statements')
    .set({ held_size: size })
    .where('held_origin', '=', origin)
    .where('held_index', '>=', from)
    .where('held_index', '<', size)
    .execute();
  return { from, to: size };
}
