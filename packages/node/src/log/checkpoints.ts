/** Checkpoints of our own log: signing, reading, and what goes into their notes. */
import {
  cosign,
  encodeHex,
  formatCheckpoint,
  formatNote,
  formatVkey,
  openCheckpoint,
  parseNote,
  signNote,
  type Checkpoint,
  type NoteKey,
  type NoteSigner,
} from '@comity/record';
import { rowsFor } from '../store/insert-rows.ts';
import type { TableRows } from '../store/insert-rows.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import type { PublishedCheckpoint } from './jobs.ts';

/** A signed checkpoint and the own-account line in it, ready to be stored. */
export interface SignedCheckpoint extends PublishedCheckpoint {
  ownAccount: { vkey: string; time: number; line: string };
}

/**
 * Signs: log line (0x01), then own-account line (0x04) at `time`. The caller makes both durable,
 * here and in the high-water file, before any of it leaves the process.
 */
export function signCheckpoint(
  checkpoint: Checkpoint,
  logSigner: NoteSigner,
  ownAccountSigner: NoteSigner,
  time: number,
): SignedCheckpoint {
  const text = formatCheckpoint(checkpoint);
  const line = cosign(text, ownAccountSigner, time);
  return {
    ...checkpoint,
    note: formatNote(text, [signNote(text, logSigner), line]),
    ownAccount: { vkey: formatVkey(ownAccountSigner.key), time, line },
  };
}

/** The rows of a checkpoint of our own log with its own-account line. */
export function ownCheckpointRows(signed: SignedCheckpoint, now: number): TableRows[] {
  const { origin, size, note } = signed;
  const root = encodeHex(signed.root);
  return [
    rowsFor('checkpoints', [{ origin, size, root, note, seen_at: now }]),
    rowsFor('cosignatures', [{ origin, size, ...signed.ownAccount }]),
  ];
}

/** Largest stored checkpoint of `origin`, or null. The note was verified when it was stored. */
export async function newestCheckpoint(
  reader: StoreReader | StoreTransaction,
  origin: string,
): Promise<{ origin: string; size: number; root: string; note: string } | null> {
  const row = await reader
    .selectFrom('checkpoints')
    .select(['origin', 'size', 'root', 'note'])
    .where('origin', '=', origin)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Text of a note with the lines of these keys only, in their order; null when none of them signed
 * it. For witnesses, which cap the size of what they read.
 */
export function noteWithLinesOf(note: string, keys: readonly NoteKey[]): string | null {
  const parsed = parseNote(note);
  if (!parsed.ok) return null;
  const lines = parsed.value.signatures
    .filter(({ name, id }) => keys.some((key) => key.name === name && key.id === id))
    .map(({ line }) => line);
  return lines.length === 0 ? null : formatNote(parsed.value.text, lines);
}

/** The note with more signature lines at its end; those that it has already are left out. */
export function noteWithMoreLines(note: string, lines: readonly string[]): string {
  const parsed = parseNote(note);
  if (!parsed.ok) return note;
  const all = parsed.value.signatures.map(({ line }) => line);
  for (const line of lines) if (!all.includes(line)) all.push(line);
  return formatNote(parsed.value.text, all);
}

/** Opens a note as a checkpoint of our own log; null when it is not one that we signed. */
export function openOwnCheckpoint(note: string, logKey: NoteKey): Checkpoint | null {
  const opened = openCheckpoint(note, [logKey]);
  return opened.ok && opened.value.checkpoint.origin === logKey.name
    ? opened.value.checkpoint
    : null;
}
