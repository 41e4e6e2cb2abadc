/**
 * Sealing for a party's age recipients (protocol.md, "Pouch and routes"; c2sp.org/age v1.1.0), by
 * the age author's own library.
 *
 * The one place in `record` that draws randomness: age-encryption takes it from the runtime.
 */
import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import { concatBytes } from './bytes.ts';
import { sealOverheadBytesMax, sealingRecipientsMax } from './document-limits.ts';
import { pouchBytesMax } from './limits.ts';
import { failure, InvariantError, success } from './result.ts';
import type { Result } from './result.ts';

/** What came out of a sealed file; `whole` is false where it was cut or damaged after a part. */
export type Opened = { plaintext: Uint8Array; whole: boolean };

/** `hybrid`: ML-KEM-768 with X25519, `classic`: X25519 alone. */
export type SealingClass = 'hybrid' | 'classic';

/** A new identity, hybrid post-quantum unless asked otherwise. */
export function generateSealingIdentity(sealing: SealingClass = 'hybrid'): Promise<string> {
  return sealing === 'hybrid' ? generateHybridIdentity() : generateX25519Identity();
}

/** The recipient of an identity. Rejects with `InvariantError` what is not an identity of ours. */
export async function sealingRecipient(identity: string): Promise<string> {
  try {
    return await identityToRecipient(identity);
  } catch {
    throw new InvariantError('not an age identity');
  }
}

/** The class of an age recipient that credentials may list, or null for anything else. */
export function sealingClass(recipient: string): SealingClass | null {
  const sealing = recipient.startsWith('age1pq1') ? 'hybrid' : 'classic';
  const length = sealing === 'hybrid' ? 1959 : 62;
  if (recipient.length !== length || !recipient.startsWith('age1')) return null;
  try {
    new Encrypter().addRecipient(recipient);
    return sealing;
  } catch {
    return null;
  }
}

/** Whether `text` is an age recipient: hybrid (`age1pq1…`) or X25519 (`age1…`), lower case. */
export function isSealingRecipient(text: string): boolean {
  return sealingClass(text) !== null;
}

/**
 * Seals for all recipients, each of whom can open it alone. The recipients must be of one class: a
 * classic one beside hybrid ones would undo what those are for. Throws `InvariantError` for none,
 * too many, mixed ones, or what is not a recipient: they were parsed with the credentials.
 */
export async function sealTo(recipients: string[], plaintext: Uint8Array): Promise<Uint8Array> {
  const classes = new Set(recipients.map(sealingClass));
  if (classes.size !== 1 || classes.has(null) || recipients.length > sealingRecipientsMax) {
    throw new InvariantError('sealing needs recipients of one class');
  }
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(plaintext);
}

/**
 * Opens a sealed file with whichever identity fits. `unreadable`: no age file, no identity of ours,
 * a damaged header, or more than `bytesMax` bytes. A file that is cut or damaged further on gives
 * what came before, in whole authenticated chunks, with `whole: false`.
 */
export async function openSealed(
  identities: string[],
  sealed: Uint8Array,
  bytesMax: number = pouchBytesMax + sealOverheadBytesMax,
): Promise<Result<Opened, 'unreadable'>> {
  if (sealed.length > bytesMax) return failure('unreadable', '', 'too large');
  // Each stanza costs a decapsulation per identity before anything is authenticated.
  if (stanzaCount(sealed) > stanzasMax) return failure('unreadable', '', 'too many recipients');
  let stream: ReadableStream<Uint8Array>;
  try {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    stream = await decrypter.decrypt(streamOf(sealed));
  } catch {
    return failure('unreadable', '', 'not for us, or not an age file');
  }
  return success(await drain(stream));
}

/** Our pouches have at most `sealingRecipientsMax`; others' age files may carry a few more. */
const stanzasMax = 16;

/** Lines of the header that begin a stanza; counting ends with the header, or past the limit. */
function stanzaCount(sealed: Uint8Array): number {
  let count = 0;
  let lineStart = 0;
  for (let at = 0; at < sealed.length && count <= stanzasMax; at += 1) {
    if (sealed[at] !== 0x0a) continue;
    const [first, second, third] = [
      sealed[lineStart],
      sealed[lineStart + 1],
      sealed[lineStart + 2],
    ];
    // "---" ends the header, "-> " begins a stanza.
    if (first === 0x2d && second === 0x2d && third === 0x2d) break;
    if (first === 0x2d && second === 0x3e) count += 1;
    lineStart = at + 1;
  }
  return count;
}

/** Small enough that one piece never completes two chunks of the payload (64 KiB each). */
const pieceBytes = 16 * 1024;

// Piece by piece, on demand: a stream that fails drops what it has queued, and the chunks before
// the damage are to be kept.
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (offset >= bytes.length) {
          controller.close();
          return;
        }
        controller.enqueue(bytes.subarray(offset, offset + pieceBytes));
        offset += pieceBytes;
      },
    },
    { highWaterMark: 0 },
  );
}

async function drain(stream: ReadableStream<Uint8Array>): Promise<Opened> {
  const chunks: Uint8Array[] = [];
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { plaintext: concatBytes(...chunks), whole: true };
      chunks.push(value);
    }
  } catch {
    return { plaintext: concatBytes(...chunks), whole: false };
  }
}
