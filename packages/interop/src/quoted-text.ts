/**
 * Text of a source, kept to the byte.
 *
 * A signed statement holds only NFC text of assigned characters without controls but line feed
 * (protocol, "Limits"). Where a cell is such text it stands as it is. Where it is not, its UTF-8
 * bytes stand in base64, with a readable form beside them that is marked by not being the text.
 */
import { checkText, encodeBase64, encodeText } from '@comity/record';

/** Either the text itself, or its exact bytes and something to read. */
export type QuotedText = string | { encoding: 'utf-8'; base64: string; readable: string };

const replacement = '\ufffd';

/** Quotes a text without changing a byte of it; see the head of this file. */
export function quoteText(text: string): QuotedText {
  if (checkText(text).ok) return text;
  return {
    encoding: 'utf-8',
    base64: encodeBase64(encodeText(text)),
    readable: readableForm(text),
  };
}

/** The same, with null for an empty cell. */
export function quoteOptional(text: string): QuotedText | null {
  return text === '' ? null : quoteText(text);
}

/** What to show to a person; equal to the text itself wherever that could be kept. */
export function readableText(quoted: QuotedText): string {
  return typeof quoted === 'string' ? quoted : quoted.readable;
}

function readableForm(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').normalize('NFC');
  const readable = Array.from(lines, (point) => (checkText(point).ok ? point : replacement)).join(
    '',
  );
  // A combining mark may compose with its neighbour only after a replacement: normalise once more.
  const composed = readable.normalize('NFC');
  return checkText(composed).ok ? composed : replacement;
}
