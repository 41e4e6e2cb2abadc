/**
 * Anchors: "not before". A statement commits to cosignature lines on checkpoints of its recipients'
 * logs; whoever can show the lines knows that it was made after them (rulings.md, 5).
 */
import { compareBytes, decodeBase64, encodeText } from './bytes.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { verifyCosignature } from './cosignature.ts';
import { anchorLinesMax, noteLineCharactersMax } from './document-limits.ts';
import { parseSignatureLines } from './note.ts';
import { formatVkey } from './note-key.ts';
import type { NoteKey } from './note-key.ts';
import { sha256Hex } from '#primitives';
import { failure, success } from './result.ts';
import type { Result } from './result.ts';
import type { Anchor } from './statement.ts';

/** What one line says: that this key had seen the log's checkpoint at this time (POSIX seconds). */
export type AnchorTime = { origin: string; vkey: string; time: number };

/** Verified lines, and how many were by keys that nobody named. */
export type AnchorTimes = { times: AnchorTime[]; unknown: number };

/**
 * Hex SHA-256 of cosignature lines: each with its final newline, sorted bytewise, concatenated. The
 * log's own signature is not among them. Of no lines it is the digest of nothing.
 */
export function anchorDigest(lines: readonly string[]): string {
  return sha256Hex(encodeText([...lines].sort(compareText).join('')));
}

/**
 * Divides the lines that travel beside a statement among its anchors: they come anchor by anchor,
 * in any order within each. Null where they are not exactly the lines that the anchors commit to,
 * or where an anchor has more than 64.
 */
export function divideAnchorLines(
  anchors: readonly Anchor[],
  lines: readonly string[],
): string[][] | null {
  const divided: string[][] = [];
  let start = 0;
  for (const { cosignatures } of anchors) {
    const own = linesOfDigest(lines.slice(start, start + anchorLinesMax), cosignatures);
    if (own === null) return null;
    divided.push(own);
    start += own.length;
  }
  return start === lines.length ? divided : null;
}

/**
 * The times of the lines that a statement's anchors commit to, by the keys given. `bad-anchor`: the
 * lines are not the ones committed to, one is no signature line, or one by a known key does not
 * verify. A key's lines count however many; choosing k and leaving out the author's own keys
 * (they give no not-before) is the caller's.
 */
export function verifyAnchors(
  anchors: readonly Anchor[],
  lines: readonly string[],
  keys: readonly NoteKey[],
): Result<AnchorTimes, 'bad-anchor'> {
  const divided = divideAnchorLines(anchors, lines);
  if (divided === null) return failure('bad-anchor', '', 'not the lines committed to');
  const times: AnchorTime[] = [];
  let unknown = 0;
  for (const [position, anchor] of anchors.entries()) {
    const own = verifyLines(anchor, divided[position] ?? [], keys);
    if (own === null) return failure('bad-anchor', `/${position}`);
    times.push(...own.times);
    unknown += own.unknown;
  }
  return success({ times, unknown });
}

function verifyLines(
  { origin, size, root: rootText }: Anchor,
  lines: readonly string[],
  keys: readonly NoteKey[],
): AnchorTimes | null {
  const root = decodeBase64(rootText);
  if (root?.length !== 32) return null;
  const text = formatCheckpoint({ origin, size, root });
  const times: AnchorTime[] = [];
  let unknown = 0;
  for (const line of lines) {
    if (line.length > noteLineCharactersMax) return null;
    const parsed = parseSignatureLines(line);
    const [signature, ...others] = parsed.ok ? parsed.value : [];
    if (signature === undefined || others.length > 0) return null;
    const key = keys.find(({ name, id }) => name === signature.name && id === signature.id);
    if (key === undefined) {
      unknown += 1;
      continue;
    }
    const verified = verifyCosignature(text, signature, key);
    if (!verified.ok) return null;
    times.push({ origin, vkey: formatVkey(key), time: verified.value.time });
  }
  return { times, unknown };
}

function linesOfDigest(lines: readonly string[], digest: string): string[] | null {
  for (let count = 0; count <= lines.length; count++) {
    const first = lines.slice(0, count);
    if (anchorDigest(first) === digest) return first;
  }
  return null;
}

function compareText(a: string, b: string): number {
  return compareBytes(encodeText(a), encodeText(b));
}
