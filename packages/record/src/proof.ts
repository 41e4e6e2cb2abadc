/**
 * Log proofs: an entry's index, its inclusion path and the checkpoint, offline verifiable
 * (c2sp.org/tlog-proof). Receipts are such proofs.
 */
import { decodeBase64, encodeBase64, exceedsBytes } from './bytes.ts';
import { openCheckpoint } from './checkpoint.ts';
import { parseCheckpoint, parseDecimal, type Checkpoint } from './checkpoint-text.ts';
import { logProofBytesMax, proofHashesMax } from './limits.ts';
import { verifyInclusion } from './merkle.ts';
import { parseNote, type Note } from './note-text.ts';
import type { NoteKey } from './note-key.ts';
import { failure, InvariantError, success, type Result } from './result.ts';

/** The path has the leaf's sibling first; the checkpoint is a whole signed note. */
export type LogProof = { index: number; path: Uint8Array[]; checkpoint: string };

/**
 * Tree sizes of checkpoints that were read before, by their text. Most proofs of a batch share one:
 * give one map to all of them and throw it away with the batch, since it only grows.
 */
export type CheckpointSizes = Map<string, number>;

const header = 'c2sp.org/tlog-proof@v1';

/**
 * Reads a proof. The `extra` line, which nothing authenticates, is refused; so are a checkpoint
 * that is no signed note of a checkpoint and an index outside its tree. Nothing is verified.
 */
export function parseLogProof(
  text: string,
  sizes: CheckpointSizes = new Map(),
): Result<LogProof, 'bad-proof'> {
  if (exceedsBytes(text, logProofBytesMax)) return failure('bad-proof', '', 'too long');
  const split = text.indexOf('\n\n');
  if (split < 0) return failure('bad-proof', '', 'no checkpoint');
  const [first, indexLine = '', ...hashLines] = text.slice(0, split).split('\n');
  if (first !== header) return failure('bad-proof', '', 'not a log proof of version 1');
  if (indexLine.startsWith('extra ')) return failure('bad-proof', '/extra', 'extra data');
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice(6)) : null;
  if (index === null) return failure('bad-proof', '/index', 'not an index');
  if (hashLines.length > proofHashesMax) return failure('bad-proof', '/path', 'too long a path');
  const path: Uint8Array[] = [];
  for (const line of hashLines) {
    const hash = decodeBase64(line);
    if (hash?.length !== 32) return failure('bad-proof', `/path/${path.length}`, 'not a hash');
    path.push(hash);
  }
  const checkpoint = text.slice(split + 2);
  const size = treeSize(checkpoint, sizes);
  if (!size.ok) return size;
  if (index >= size.value) return failure('bad-proof', '/index', 'outside the tree');
  return success({ index, path, checkpoint });
}

/** The inverse of `parseLogProof`; throws `InvariantError` for what that would refuse. */
export function formatLogProof(proof: LogProof, sizes: CheckpointSizes = new Map()): string {
  const { index, path, checkpoint } = proof;
  const size = treeSize(checkpoint, sizes);
  const isIndex = size.ok && Number.isSafeInteger(index) && index >= 0 && index < size.value;
  const isPath = path.length <= proofHashesMax && path.every(({ length }) => length === 32);
  const hashes = path.map((hash) => `${encodeBase64(hash)}\n`).join('');
  const text = `${header}\nindex ${index}\n${hashes}\n${checkpoint}`;
  if (!isIndex || !isPath || exceedsBytes(text, logProofBytesMax)) {
    throw new InvariantError('not a log proof');
  }
  return text;
}

function treeSize(checkpoint: string, sizes: CheckpointSizes): Result<number, 'bad-proof'> {
  const known = sizes.get(checkpoint);
  if (known !== undefined) return success(known);
  const note = parseNote(checkpoint);
  if (!note.ok) return failure('bad-proof', '/checkpoint', note.detail);
  const tree = parseCheckpoint(note.value.text);
  if (!tree.ok) return failure('bad-proof', '/checkpoint', tree.detail);
  sizes.set(checkpoint, tree.value.size);
  return success(tree.value.size);
}

/**
 * Verifies that `entry` (the bytes in the log, not their hash) is in the log that the checkpoint
 * names, under the keys that its owner declares (see `openCheckpoint` for which must have signed).
 *
 * Not checked: cosignatures of witnesses, unless their keys are among `logKeys`; the age of the
 * checkpoint; consistency with other checkpoints.
 */
export function verifyLogProof(
  proof: LogProof,
  entry: Uint8Array,
  logKeys: readonly NoteKey[],
): Result<
  { index: number; checkpoint: Checkpoint; note: Note },
  'bad-proof' | 'bad-signature' | 'unknown-signer'
> {
  const opened = openCheckpoint(proof.checkpoint, logKeys);
  if (!opened.ok) {
    const { code, detail } = opened;
    const isSyntax = code === 'bad-note' || code === 'bad-checkpoint';
    return failure(isSyntax ? 'bad-proof' : code, '/checkpoint', detail);
  }
  const { checkpoint, note } = opened.value;
  const { index, path } = proof;
  if (!verifyInclusion(entry, index, checkpoint.size, path, checkpoint.root)) {
    return failure('bad-proof', '/path', 'the entry is not in the tree');
  }
  return success({ index, checkpoint, note });
}
