/** Cosignatures of checkpoints, ours and others', as verified rows. */
import {
  formatVkey,
  parseNote,
  verifyCosignature,
  type NoteKey,
  type NoteSignature,
} from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

export interface Cosignature {
  vkey: string;
  time: number;
  line: string;
}

/** The lines that are valid cosignatures of this checkpoint text by one of `keys`. */
export function verifyLines(
  checkpointText: string,
  lines: readonly NoteSignature[],
  keys: readonly NoteKey[],
): Cosignature[] {
  const verified: Cosignature[] = [];
  for (const line of lines) {
    const key = keys.find((one) => one.name === line.name && one.id === line.id);
    if (key === undefined) continue;
    const valid = verifyCosignature(checkpointText, line, key);
    if (!valid.ok) continue;
    verified.push({ vkey: formatVkey(key), time: valid.value.time, line: line.line });
  }
  return verified;
}

/**
 * Stores verified cosignatures; of one cosigner for one checkpoint the earliest stays
 * (rulings.md, 27). Gives those that were new or earlier.
 */
export async function storeCosignatures(
  tx: StoreTransaction,
  origin: string,
  size: number,
  cosignatures: readonly Cosignature[],
): Promise<Cosignature[]> {
  const stored: Cosignature[] = [];
  for (const one of cosignatures) {
    const result = await tx
      .insertInto('cosignatures')
      .values({ origin, size, ...one })
      .onConflict((conflict) =>
        conflict
          .columns(['origin', 'size', 'vkey'])
          .doUpdateSet({ time: one.time, line: one.line })
          .where('cosignatures.time', '>', one.time),
      )
      .executeTakeFirst();
    if ((result.numInsertedOrUpdatedRows ?? 0n) > 0n) stored.push(one);
  }
  return stored;
}

/** The cosignature lines that the note of a stored checkpoint does not have itself. */
export async function linesBeside(
  reader: StoreReader | StoreTransaction,
  origin: string,
  size: number,
  note: string,
): Promise<string[]> {
  const parsed = parseNote(note);
  const inside = parsed.ok ? parsed.value.signatures.map(({ line }) => line) : [];
  const rows = await reader
    .selectFrom('cosignatures')
    .select('line')
    .where('origin', '=', origin)
    .where('size', '=', size)
    .orderBy('vkey')
    .execute();
  return rows.map(({ line }) => line).filter((line) => !inside.includes(line));
}

/** Largest size of `origin` that any of these keys has cosigned; 0 for none. */
export async function newestCosigned(
  reader: StoreReader | StoreTransaction,
  origin: string,
  vkeys: readonly string[],
): Promise<number> {
  return await cosignedBelow(reader, origin, Number.MAX_SAFE_INTEGER, vkeys);
}

/** The same among the sizes below `size`. */
export async function cosignedBelow(
  reader: StoreReader | StoreTransaction,
  origin: string,
  size: number,
  vkeys: readonly string[],
): Promise<number> {
  if (vkeys.length === 0) return 0;
  const row = await reader
    .selectFrom('cosignatures')
    .select('size')
    .where('origin', '=', origin)
    .where('vkey', 'in', [...vkeys])
    .where('size', '<', size)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.size ?? 0;
}
