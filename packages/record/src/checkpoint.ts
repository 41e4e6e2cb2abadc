/**
 * Opening checkpoints: a note of a log, under the keys that its owner declares
 * (c2sp.org/tlog-checkpoint). Their text form is in `checkpoint-text.ts`.
 */
import { parseCheckpoint, type Checkpoint } from './checkpoint-text.ts';
import { openNote, type Note, type NoteKey } from './note.ts';
import { failure, success, type Result } from './result.ts';

export { formatCheckpoint, parseCheckpoint } from './checkpoint-text.ts';
export type { Checkpoint } from './checkpoint-text.ts';

/**
 * Opens a log's checkpoint. `logKeys` are the keys that the log's owner declares; those of the
 * checkpoint's origin count. Where they are of two types (0x01, 0x06), the checkpoint must be
 * signed by one of each, so that stripping the second signature is `bad-signature`.
 */
export function openCheckpoint(
  noteText: string,
  logKeys: readonly NoteKey[],
): Result<
  { checkpoint: Checkpoint; note: Note },
  'bad-note' | 'bad-checkpoint' | 'bad-signature' | 'unknown-signer'
> {
  const opened = openNote(noteText, logKeys);
  if (!opened.ok) return opened;
  const { note, signedBy } = opened.value;
  const checkpoint = parseCheckpoint(note.text);
  if (!checkpoint.ok) return checkpoint;
  const { origin } = checkpoint.value;
  const signed = new Set(signedBy.filter(({ name }) => name === origin).map(({ type }) => type));
  if (signed.size === 0) return failure('unknown-signer', '', 'not signed by the log it names');
  if (logKeys.some(({ name, type }) => name === origin && !signed.has(type))) {
    return failure('bad-signature', '', 'a signature that the log’s keys require is missing');
  }
  return success({ checkpoint: checkpoint.value, note });
}
