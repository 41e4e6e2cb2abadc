/**
 * Colour, only on a terminal and only where NO_COLOR is not set (no-color.org).
 *
 * Nothing is told by colour alone: whatever is red also says "overdue" or "void".
 */
import { styleText } from 'node:util';

export interface Style {
  strong(text: string): string;
  quiet(text: string): string;
  alarm(text: string): string;
  good(text: string): string;
  exercise(text: string): string;
}

/** A style for one stream. `coloured` false gives the text back as it is. */
export function makeStyle(coloured: boolean): Style {
  const wrap = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text;
  return {
    strong: wrap('bold'),
    quiet: wrap('dim'),
    alarm: wrap(['red', 'bold']),
    good: wrap('green'),
    exercise: wrap(['yellow', 'bold']),
  };
}

/** Whether a stream may be coloured. */
export function mayColour(
  stream: { isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb') return false;
  return stream.isTTY === true;
}
