/**
 * Timestamped cosignatures of checkpoints (c2sp.org/tlog-cosignature): Ed25519 (0x04) and
 * ML-DSA-44 (0x06).
 */
import { concatBytes, encodeText, readU64be, u64be } from './bytes.ts';
import { ed25519Sign, mlDsa44Sign, type SignatureCheck } from '#primitives';
import { ed25519Verify, mlDsa44Verify } from '#primitives';
import { formatCheckpoint, parseCheckpoint, type Checkpoint } from './checkpoint-text.ts';
import { signatureLine, type NoteSignature } from './note-text.ts';
import type { NoteKey, NoteSigner } from './note-key.ts';
import { failure, InvariantError, success, type Result } from './result.ts';

/**
 * One signature line over a checkpoint at `time` (POSIX seconds). Takes the note or its text alone;
 * what is signed is a re-encoding of what was read, so that no two readers can differ on it.
 *
 * `signer` is of type 0x04 or 0x06. Time 0 says "at no time stated" and is only for a log's own
 * 0x06 line. Throws `InvariantError` on another type, time, or text that is no checkpoint.
 */
export function cosign(noteOrText: string, signer: NoteSigner, time: number): string {
  const { key, seed } = signer;
  const end = noteOrText.indexOf('\n\n');
  const checkpoint = parseCheckpoint(end < 0 ? noteOrText : noteOrText.slice(0, end + 1));
  if (!checkpoint.ok) throw new InvariantError('only checkpoints are cosigned');
  if (key.type === 0x01) throw new InvariantError('a key of type 0x01 does not cosign');
  if (!Number.isSafeInteger(time) || time < 0 || (time === 0 && key.type === 0x04)) {
    throw new InvariantError(`not a time to cosign at: ${time}`);
  }
  const signature =
    key.type === 0x04
      ? ed25519Sign(seed, ed25519Message(formatCheckpoint(checkpoint.value), time))
      : mlDsa44Sign(seed, mlDsa44Message(checkpoint.value, key.name, time));
  return signatureLine(key.name, key.id, concatBytes(u64be(time), signature));
}

/**
 * Verifies a cosignature and gives its time in POSIX seconds. `checkpointText` is the note's text.
 *
 * `bad-signature` also for a line of another key, and for time 0, which states no time. A time in
 * the future is for the caller. A 0x04 cosignature covers extension lines; 0x06 wants none.
 */
export function verifyCosignature(
  checkpointText: string,
  line: NoteSignature,
  key: NoteKey,
): Result<{ time: number }, 'bad-signature'> {
  const timed = timedSignature(checkpointText, line, key);
  if (timed === null) return failure('bad-signature', '', 'not a cosignature by this key');
  if (timed.time === 0) return failure('bad-signature', '', 'a cosignature without a time');
  const { publicKey, message, signature } = timed.check;
  const valid =
    timed.check.algorithm === 'ed25519'
      ? ed25519Verify(publicKey, message, signature)
      : mlDsa44Verify(publicKey, message, signature);
  return valid ? success({ time: timed.time }) : failure('bad-signature', '', 'does not verify');
}

/**
 * What must be verified for a line to be a cosignature by `key`, for `verifySignatures`; null
 * where the line cannot be one. Time 0 is left to the caller.
 */
export function timedSignature(
  checkpointText: string,
  line: NoteSignature,
  key: NoteKey,
): { time: number; check: SignatureCheck } | null {
  if (line.name !== key.name || line.id !== key.id) return null;
  const time = readU64be(line.blob, 0);
  if (time === null) return null;
  const signature = line.blob.subarray(8);
  const { publicKey } = key;
  if (key.type === 0x04) {
    const message = ed25519Message(checkpointText, time);
    return { time, check: { algorithm: 'ed25519', publicKey, message, signature } };
  }
  if (key.type !== 0x06) return null;
  const checkpoint = parseCheckpoint(checkpointText);
  if (!checkpoint.ok) return null;
  const message = mlDsa44Message(checkpoint.value, key.name, time);
  return { time, check: { algorithm: 'ml-dsa-44', publicKey, message, signature } };
}

function ed25519Message(checkpointText: string, time: number): Uint8Array {
  return encodeText(`cosignature/v1\ntime ${time}\n${checkpointText}`);
}

/** The subtree from 0 to the checkpoint's size; names are at most 255 bytes by their parsers. */
function mlDsa44Message(checkpoint: Checkpoint, cosigner: string, time: number): Uint8Array {
  const name = encodeText(cosigner);
  const origin = encodeText(checkpoint.origin);
  return concatBytes(
    encodeText('subtree/v1\n\0'),
    Uint8Array.of(name.length),
    name,
    u64be(time),
    Uint8Array.of(origin.length),
    origin,
    u64be(0),
    u64be(checkpoint.size),
    checkpoint.root,
  );
}
