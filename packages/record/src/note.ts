/**
 * Signed notes: signing, and opening them under keys that the caller trusts
 * (c2sp.org/signed-note, "Signatures"). Their text form is in `note-text.ts`.
 */
import { encodeText } from './bytes.ts';
import { ed25519Sign, ed25519Verify, mlDsa44Verify, type SignatureCheck } from '#primitives';
import { timedSignature } from './cosignature.ts';
import { parseNote, signatureLine, type Note, type NoteSignature } from './note-text.ts';
import type { NoteKey, NoteSigner } from './note-key.ts';
import { failure, InvariantError, success, type Result } from './result.ts';

export { formatVkey, isNoteName, noteKey, parseVkey } from './note-key.ts';
export type { NoteKey, NoteKeyType, NoteSigner } from './note-key.ts';
export { formatNote, parseNote, parseSignatureLines, signatureLine } from './note-text.ts';
export type { Note, NoteSignature } from './note-text.ts';

/** One 0x01 signature line over the text of a note. Throws `InvariantError` for other types. */
export function signNote(text: string, signer: NoteSigner): string {
  if (signer.key.type !== 0x01) throw new InvariantError('notes are signed by keys of type 0x01');
  if (!text.endsWith('\n')) throw new InvariantError('the text of a note ends with a line feed');
  const signature = ed25519Sign(signer.seed, encodeText(text));
  return signatureLine(signer.key.name, signer.key.id, signature);
}

/**
 * Reads a note and verifies every line by one of `keys`; lines by other keys are ignored.
 *
 * `bad-signature` if any such line does not verify (stricter than the reference parser, which looks
 * at a key's first line only); `unknown-signer` if there is none. `signedBy` has each key once, in
 * order of the lines. Times of cosignatures are not looked at: see `verifyCosignature`.
 */
export function openNote(
  text: string,
  keys: readonly NoteKey[],
): Result<{ note: Note; signedBy: NoteKey[] }, 'bad-note' | 'bad-signature' | 'unknown-signer'> {
  const note = parseNote(text);
  if (!note.ok) return note;
  const signedBy: NoteKey[] = [];
  for (const [index, line] of note.value.signatures.entries()) {
    const key = keys.find(({ name, id }) => name === line.name && id === line.id);
    if (key === undefined) continue;
    const check = noteSignatureCheck(note.value.text, line, key);
    if (check === null || !holds(check)) {
      return failure('bad-signature', `/signatures/${index}`, `does not verify: ${key.name}`);
    }
    if (!signedBy.includes(key)) signedBy.push(key);
  }
  if (signedBy.length === 0) return failure('unknown-signer', '', 'no line by a known key');
  return success({ note: note.value, signedBy });
}

/** What must be verified for a line to be a signature by `key`; null where it cannot be one. */
export function noteSignatureCheck(
  text: string,
  line: NoteSignature,
  key: NoteKey,
): SignatureCheck | null {
  if (key.type !== 0x01) return timedSignature(text, line, key)?.check ?? null;
  if (line.name !== key.name || line.id !== key.id) return null;
  const { publicKey } = key;
  return { algorithm: 'ed25519', publicKey, message: encodeText(text), signature: line.blob };
}

function holds({ algorithm, publicKey, message, signature }: SignatureCheck): boolean {
  return algorithm === 'ed25519'
    ? ed25519Verify(publicKey, message, signature)
    : mlDsa44Verify(publicKey, message, signature);
}
