/**
 * Text codecs by Buffer. Strict: each decoder encodes what it read and compares, since Buffer by
 * itself skips what it does not know.
 */

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function decode(text: string, encoding: 'hex' | 'base64' | 'base64url', length: number) {
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
  return text.length % 2 === 0 ? decode(text, 'hex', text.length / 2) : null;
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64');
}

/** The bytes, or null unless `text` is padded standard base64 without stray bits. */
export function decodeBase64(text: string): Uint8Array | null {
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
  if (text.length % 4 === 1) return null;
  return decode(text, 'base64url', Math.floor((text.length * 3) / 4));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The string, or null unless `bytes` are well-formed UTF-8. A byte order mark is kept. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
