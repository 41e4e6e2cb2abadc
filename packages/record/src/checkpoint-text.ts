/**
 * Checkpoints: what a log commits to, as the text of a note (c2sp.org/tlog-checkpoint).
 */
import { decodeBase64, encodeBase64, encodeText } from './bytes.ts';
import { noteNameBytesMax } from './limits.ts';
import { hasControl } from './note-key.ts';
import { failure, InvariantError, success, type Result } from './result.ts';

/** A log's name, its number of entries, the 32-byte RFC 6962 root over them. */
export type Checkpoint = { origin: string; size: number; root: Uint8Array };

/** The three lines, each with its line feed. Throws `InvariantError` on what cannot be read back. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root } = checkpoint;
  if (!isOrigin(origin)) throw new InvariantError(`not an origin: ${origin}`);
  if (!Number.isSafeInteger(size) || size < 0) throw new InvariantError(`not a size: ${size}`);
  if (root.length !== 32) throw new InvariantError('a root is 32 bytes');
  return `${origin}\n${size}\n${encodeBase64(root)}\n`;
}

/**
 * Reads exactly three lines; extension lines are refused, since monitors cannot audit them and
 * ML-DSA-44 cosignatures do not cover them. Origin: at most 255 bytes, no control characters (it
 * may hold spaces and '+'). Size: decimal without leading zeros, at most 2^53 − 1. Not checked:
 * that an empty tree has the empty root.
 */
export function parseCheckpoint(text: string): Result<Checkpoint, 'bad-checkpoint'> {
  const lines = text.split('\n', 5);
  if (lines.length !== 4 || lines[3] !== '') {
    return failure('bad-checkpoint', '', 'not three lines');
  }
  const [origin = '', sizeText = '', rootText = ''] = lines;
  if (!isOrigin(origin)) return failure('bad-checkpoint', '/origin', 'not an origin');
  const size = parseDecimal(sizeText);
  if (size === null) return failure('bad-checkpoint', '/size', 'not a size');
  const root = decodeBase64(rootText);
  if (root?.length !== 32) return failure('bad-checkpoint', '/root', 'not a root');
  return success({ origin, size, root });
}

/** A decimal number without sign or leading zeros, at most 2^53 − 1; null for anything else. */
export function parseDecimal(text: string): number | null {
  if (text.length === 0 || text.length > 16) return null;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x30 || unit > 0x39) return null;
  }
  const value = Number(text);
  return Number.isSafeInteger(value) && String(value) === text ? value : null;
}

function isOrigin(origin: string): boolean {
  return (
    origin !== '' &&
    origin.length <= noteNameBytesMax &&
    origin.isWellFormed() &&
    !hasControl(origin) &&
    encodeText(origin).length <= noteNameBytesMax
  );
}
