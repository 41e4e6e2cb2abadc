/** One request to a witness and what its answer means. */
import { encodeBase64, encodeText, formatVkey, parseCheckpoint, parseNote } from '@comity/record';
import { parseSignatureLines, sha256Hex, type NoteKey } from '@comity/record';
import type { StoreReader } from '../store/store.ts';
import { noteWithLinesOf } from './checkpoints.ts';
import { verifyLines, type Cosignature } from './cosignatures.ts';
import type { PublishedCheckpoint } from './jobs.ts';
import { proveConsistency } from './proofs.ts';

const answerBytesMax = 64 * 1024;
const answerMsMax = 15_000;

/** `url`: the submission prefix; requests go to `<url>/add-checkpoint`. */
export interface WitnessAddress {
  key: NoteKey;
  url: string;
}

export interface Submission {
  reader: StoreReader;
  fetch: typeof globalThis.fetch;
  signal: AbortSignal;
  logKey: NoteKey;
  witness: WitnessAddress;
  checkpoint: PublishedCheckpoint;
  /** Size that the witness cosigned last, as far as we know. */
  known: number;
}

export type SubmitAnswer =
  | { kind: 'cosigned'; cosignature: Cosignature }
  /** The witness has another size than `known`. */
  | { kind: 'size'; size: number }
  | { kind: 'unknown-log' }
  /** It says that our checkpoints are not of one tree. */
  | { kind: 'refused'; reason: string }
  | { kind: 'failed'; reason: string };

/** Offers a checkpoint with only our log's lines, since witnesses cap what they read. */
export async function submitCheckpoint(submission: Submission): Promise<SubmitAnswer> {
  const { reader, logKey, witness, checkpoint, known } = submission;
  const note = noteWithLinesOf(checkpoint.note, [logKey]);
  if (note === null) return { kind: 'failed', reason: 'our checkpoint has no line of our log' };
  const proof = await proveConsistency(reader, checkpoint.origin, known, checkpoint.size);
  const lines = proof.map((hash) => `${encodeBase64(hash)}\n`).join('');
  const body = `old ${known}\n${lines}\n${note}`;
  const answer = await request(submission, `${trimmed(witness.url)}/add-checkpoint`, body);
  if (typeof answer === 'string') return { kind: 'failed', reason: answer };
  return readAnswer(submission, note, answer);
}

function readAnswer(submission: Submission, note: string, answer: Answer): SubmitAnswer {
  const { status, type, text } = answer;
  if (status === 200) {
    const lines = parseSignatureLines(text);
    const checkpointText = parseNote(note);
    if (!lines.ok || !checkpointText.ok) return { kind: 'failed', reason: 'unreadable answer' };
    const keys = [submission.witness.key];
    const [cosignature] = verifyLines(checkpointText.value.text, lines.value, keys);
    return cosignature === undefined
      ? { kind: 'failed', reason: `no valid line by ${formatVkey(submission.witness.key)}` }
      : { kind: 'cosigned', cosignature };
  }
  if (status === 404) return { kind: 'unknown-log' };
  if (status === 409) {
    const size = parseSizeAnswer(type, text);
    // Older witnesses answer 409 without a size where the rule now says 422.
    return size === null
      ? { kind: 'refused', reason: 'conflict without a size' }
      : { kind: 'size', size };
  }
  if (status === 422) return { kind: 'refused', reason: 'not consistent with what it cosigned' };
  return { kind: 'failed', reason: `HTTP status ${status}` };
}

/** The size in a 409's body; the type must say so, or it is somebody else's error page. */
function parseSizeAnswer(type: string, text: string): number | null {
  if (type.split(';')[0]?.trim() !== 'text/x.tlog.size') return null;
  const digits = text.endsWith('\n') ? text.slice(0, -1) : text;
  const size = Number(digits);
  return Number.isSafeInteger(size) && String(size) === digits && size >= 0 ? size : null;
}

/** The checkpoint that the witness shows to monitors, where it has such a page; not verified. */
export async function askForSize(submission: Submission): Promise<string | null> {
  const { witness, checkpoint } = submission;
  const hash = sha256Hex(encodeText(checkpoint.origin));
  const answer = await request(submission, `${trimmed(witness.url)}/${hash}/checkpoint`, null);
  if (typeof answer === 'string' || answer.status !== 200) return null;
  const note = parseNote(answer.text);
  return note.ok && parseCheckpoint(note.value.text).ok ? answer.text : null;
}

interface Answer {
  status: number;
  type: string;
  text: string;
}

/** A text says why there was no answer. */
async function request(
  submission: Submission,
  url: string,
  body: string | null,
): Promise<Answer | string> {
  const signal = AbortSignal.any([submission.signal, AbortSignal.timeout(answerMsMax)]);
  try {
    const method = body === null ? 'GET' : 'POST';
    const response = await submission.fetch(url, { method, body, signal, redirect: 'error' });
    const text = await readBounded(response);
    if (text === null) return 'its answer is too large';
    return { status: response.status, type: response.headers.get('content-type') ?? '', text };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}

async function readBounded(response: Response): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return '';
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > answerBytesMax) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function trimmed(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}
