/**
 * Signed notes: text, an empty line, signature lines (c2sp.org/signed-note). This file reads and
 * writes them; `note.ts` signs and verifies.
 */
import {
  concatBytes,
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  exceedsBytes,
} from './bytes.ts';
import { noteBytesMax, noteSignaturesMax } from './limits.ts';
import { isNoteName } from './note-key.ts';
import { failure, InvariantError, success, type Result } from './result.ts';

/** A signature line: who, the blob without its four bytes of key id, and the line itself. */
export type NoteSignature = {
  name: string;
  /** Eight lower-case hex digits. */
  id: string;
  blob: Uint8Array;
  /** With its final line feed. */
  line: string;
};

/** The text with its final line feed, and the signatures in order. Nothing is verified. */
export type Note = { text: string; signatures: NoteSignature[] };

/**
 * Reads a note. The text ends at the last empty line. Refused: no signature line or more than 100,
 * control characters other than line feed, lone surrogates, loose base64, over a million
 * bytes. Lines of unknown keys are kept.
 */
export function parseNote(text: string): Result<Note, 'bad-note'> {
  if (exceedsBytes(text, noteBytesMax)) return failure('bad-note', '', 'too long');
  if (!text.isWellFormed() || hasForbiddenControl(text)) {
    return failure('bad-note', '', 'characters that a note cannot have');
  }
  const split = text.lastIndexOf('\n\n');
  if (split < 0 || split + 2 === text.length || !text.endsWith('\n')) {
    return failure('bad-note', '', 'no signature lines');
  }
  const lines = text.slice(split + 2, -1).split('\n', noteSignaturesMax + 1);
  if (lines.length > noteSignaturesMax) {
    return failure('bad-note', '', `over ${noteSignaturesMax} signature lines`);
  }
  const signatures: NoteSignature[] = [];
  for (const [index, line] of lines.entries()) {
    const signature = parseLine(line);
    if (signature === null) return failure('bad-note', `/signatures/${index}`, 'not a signature');
    signatures.push(signature);
  }
  return success({ text: text.slice(0, split + 1), signatures });
}

/**
 * Reads one or more signature lines without a text, as a witness answers with
 * (c2sp.org/tlog-witness). The same strictness as `parseNote`.
 */
export function parseSignatureLines(text: string): Result<NoteSignature[], 'bad-note'> {
  const note = parseNote(`\n\n${text}`);
  if (!note.ok) return note;
  return note.value.text === '\n'
    ? success(note.value.signatures)
    : failure('bad-note', '', 'an empty line among signature lines');
}

/**
 * Puts text and signature lines together. Throws `InvariantError` unless the text and each line end
 * with a line feed and there is a line.
 */
export function formatNote(text: string, lines: readonly string[]): string {
  if (!text.endsWith('\n')) throw new InvariantError('the text of a note ends with a line feed');
  if (lines.length === 0 || lines.some((line) => line.indexOf('\n') !== line.length - 1)) {
    throw new InvariantError('signature lines end with their only line feed');
  }
  return `${text}\n${lines.join('')}`;
}

/** `— <name> <base64(id ‖ blob)>` with its final line feed; `id` in eight hex digits. */
export function signatureLine(name: string, id: string, blob: Uint8Array): string {
  const idBytes = decodeHex(id);
  if (idBytes?.length !== 4 || !isNoteName(name)) throw new InvariantError('not a note key');
  return `— ${name} ${encodeBase64(concatBytes(idBytes, blob))}\n`;
}

function parseLine(line: string): NoteSignature | null {
  if (!line.startsWith('— ')) return null;
  const space = line.indexOf(' ', 2);
  if (space < 0) return null;
  const name = line.slice(2, space);
  const bytes = decodeBase64(line.slice(space + 1));
  if (bytes === null || bytes.length < 5 || !isNoteName(name)) return null;
  return { name, id: encodeHex(bytes.subarray(0, 4)), blob: bytes.slice(4), line: `${line}\n` };
}

function hasForbiddenControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 && unit !== 0x0a) return true;
  }
  return false;
}
