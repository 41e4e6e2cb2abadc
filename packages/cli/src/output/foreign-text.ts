/**
 * Text that other people wrote, made safe for a terminal.
 *
 * Statements refuse control characters and bidirectional overrides, but names, reasons and error
 * details reach us on other ways too. An escape sequence in one of them could repaint what the
 * officer reads, so nothing that can move a cursor ever reaches the terminal, and no line feed but where
 * the text stands on indented lines of its own.
 */

/** Control characters but the line feed (and those of `C1`), bidirectional controls, separators. */
const dangerous =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * The same text on one line, with every dangerous character shown as its code point: what stands among
 * our own words must not write lines that look like them.
 */
export function shown(text: string): string {
  return shownLines(text).replaceAll('\n', lineMark);
}

/** Stands where a line feed was. */
const lineMark = '⏎';

/** Like `shown`, with its line feeds: for indented lines of its own, and for words of ours. */
export function shownLines(text: string): string {
  return text.replace(dangerous, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return `\\u{${point.toString(16)}}`;
  });
}

/** Like `shown`, not longer than `columns`, with spaces for line feeds. */
export function shownShort(text: string, columns: number): string {
  const line = shownLines(text).replaceAll('\n', ' ').trim();
  const letters = Array.from(line);
  return letters.length <= columns ? line : `${letters.slice(0, columns - 1).join('')}…`;
}
