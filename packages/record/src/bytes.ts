/**
 * Bytes and their text forms: hex, base64, base64url, UTF-8, big-endian integers.
 *
 * Decoders accept exactly what the encoders write and answer `null` for anything else: lower-case
 * hex, padded standard base64 or unpadded base64url without stray bits or white space (RFC 4648,
 * section 3.5), well-formed UTF-8.
 */
import { InvariantError } from './result.ts';

export {
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  decodeText,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
} from '#primitives';

const encoder = new TextEncoder();

/** UTF-8 of a string. A lone surrogate becomes U+FFFD: check text before signing it. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Whether a string is longer than `bytesMax` in UTF-8. */
export function exceedsBytes(text: string, bytesMax: number): boolean {
  // One UTF-16 unit makes one to three bytes.
  if (text.length > bytesMax) return true;
  return text.length * 3 > bytesMax && encoder.encode(text).length > bytesMax;
}

/** The parts one after another, in new memory. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Bytewise order: negative, zero or positive; a prefix comes first. Not constant-time. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Same length and same bytes. Not constant-time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Eight bytes, big-endian. `value` must be a safe non-negative integer. */
export function u64be(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new InvariantError(`not a u64: ${value}`);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(value / 2 ** 32));
  view.setUint32(4, value % 2 ** 32);
  return bytes;
}

/** Four bytes, big-endian. `value` must be an integer in 0 … 2^32 − 1. */
export function u32be(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new InvariantError(`not a u32: ${value}`);
  }
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Reads eight big-endian bytes at `offset`; null where they are missing or exceed 2^53 − 1. */
export function readU64be(bytes: Uint8Array, offset: number): number | null {
  if (offset < 0 || offset + 8 > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 8);
  const value = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  return Number.isSafeInteger(value) ? value : null;
}

/** Reads four big-endian bytes at `offset`; null where they are missing. */
export function readU32be(bytes: Uint8Array, offset: number): number | null {
  if (offset < 0 || offset + 4 > bytes.length) return null;
  return new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getUint32(0);
}
