/**
 * Text that other people wrote, made safe for a terminal.
 *
 * Statements refuse control characters and bidirectional overrides, but names, reasons and error
 * details reach us on other ways too. An escape sequence in one of them could repaint what the
 * officer reads, so nothing that can move a cursor ever reaches the terminal.
 */

/** Control characters but the line feed (and those of `C1`), bidirectional controls, separators. */
const dangerous =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** The same text with every dangerous character shown as its code point. */
export function shown(text: string): string {
  return text.replace(dangerous, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return `\\u{${point.toString(16)}}`;
  });
}

/** Like `shown`, on one line and not longer than `columns`. */
export function shownShort(text: string, columns: number): string {
  const line = shown(text).replaceAll('\n', ' ').trim();
  const letters = Array.from(line);
  return letters.length <= columns ? line : `${letters.slice(0, columns - 1).join('')}…`;
}
