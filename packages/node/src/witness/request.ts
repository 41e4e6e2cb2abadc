/** The body of add-checkpoint (c2sp.org/tlog-witness). */
import {
  decodeBase64,
  decodeText,
  failure,
  parseNote,
  success,
  type Note,
  type Result,
} from '@comity/record';

/** Largest body that is read, as other witnesses have it. */
export const requestBytesMax = 16 * 1024;
/** Lines of a consistency proof. */
const proofLinesMax = 63;

export interface AddCheckpointRequest {
  old: number;
  proof: Uint8Array[];
  /** The note as it came, and its parts; nothing in it is verified. */
  noteText: string;
  note: Note;
  /** First line of the note. */
  origin: string;
}

/** `old <size>`, at most 63 lines of base64 hashes, an empty line, a note. */
export function parseAddCheckpoint(
  body: Uint8Array,
): Result<AddCheckpointRequest, 'bad-request' | 'too-large'> {
  if (body.length > requestBytesMax) return failure('too-large', '');
  const text = decodeText(body);
  if (text === null) return failure('bad-request', '', 'not UTF-8');
  const split = text.indexOf('\n\n');
  if (split < 0) return failure('bad-request', '', 'no empty line');
  const [first = '', ...lines] = text.slice(0, split).split('\n');
  const old = first.startsWith('old ') ? parseSize(first.slice(4)) : null;
  if (old === null) return failure('bad-request', '/old', 'not a size');
  if (lines.length > proofLinesMax) return failure('bad-request', '/proof', 'too many lines');
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = decodeBase64(line);
    if (hash?.length !== 32) return failure('bad-request', '/proof', 'not a hash');
    proof.push(hash);
  }
  const noteText = text.slice(split + 2);
  const note = parseNote(noteText);
  if (!note.ok) return failure('bad-request', '/checkpoint', note.detail);
  const origin = note.value.text.slice(0, note.value.text.indexOf('\n'));
  return success({ old, proof, noteText, note: note.value, origin });
}

function parseSize(text: string): number | null {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 && String(value) === text ? value : null;
}
