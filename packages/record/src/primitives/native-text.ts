/**
 * Text codecs by Buffer. Strict: each decoder encodes what it read and compares, since Buffer by
 * itself skips what it does not know. Short texts (keys, hashes, ids) are decoded faster without.
 */
import * as portable from './portable-text.ts';

export { decodeText } from './portable-text.ts';

const shortTextLengthMax = 128;

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function decode(
  text: string,
  encoding: 'hex' | 'base64' | 'base64url',
  length: number,
): Uint8Array | null {
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  const written = view.write(text, encoding);
  return written === length && view.toString(encoding) === text ? bytes : null;
}

/** Lower-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  return viewOf(bytes).toString('hex');
}

/** The bytes, or null unless `text` is lower-case hex of even length. */
export function decodeHex(text: string): Uint8Array | null {
  if (text.length <= shortTextLengthMax) return portable.decodeHex(text);
  return text.length % 2 === 0 ? decode(text, 'hex', text.length / 2) : null;
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64');
}

/** The bytes, or null unless `text` is padded standard base64 without stray bits. */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length <= shortTextLengthMax) return portable.decodeBase64(text);
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode(text, 'base64', (text.length / 4) * 3 - padding);
}

/** base64url without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64url');
}

/** The bytes, or null unless `text` is unpadded base64url without stray bits. */
export function decodeBase64Url(text: string): Uint8Array | null {
  if (text.length <= shortTextLengthMax) return portable.decodeBase64Url(text);
  if (text.length % 4 === 1) return null;
  return decode(text, 'base64url', Math.floor((text.length * 3) / 4));
}
