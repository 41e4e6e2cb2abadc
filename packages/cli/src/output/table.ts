/**
 * Plain aligned columns that survive a pipe, a narrow terminal and a screen reader: no frames.
 */

export interface Column {
  title: string;
  /** Numbers and sizes stand right. */
  right?: boolean;
}

const gap = '  ';

/** Columns a text takes on a terminal; wide East Asian letters and emoji take two, marks none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const letter of text.replace(/\u001b\[[0-9;]*m/gu, '')) {
    if (/\p{Mark}|\u200b|\u200c|\u200d/u.test(letter)) continue;
    width += wide.test(letter) ? 2 : 1;
  }
  return width;
}

const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60\uffe0-\uffe6]/u;

/** Rows under their titles, ending with a newline; `empty` when there is no row. */
export function table(
  columns: readonly Column[],
  rows: readonly string[][],
  empty: string,
): string {
  if (rows.length === 0) return `${empty}\n`;
  const widths = columns.map((column, at) =>
    Math.max(textWidth(column.title), ...rows.map((row) => textWidth(row[at] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map((column, at) => pad(cells[at] ?? '', widths[at] ?? 0, column.right === true))
      .join(gap)
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line), ''].join('\n');
}

function pad(text: string, width: number, right: boolean): string {
  const fill = ' '.repeat(Math.max(0, width - textWidth(text)));
  return right ? fill + text : text + fill;
}

/** Breaks a text at spaces so that no line is wider than `width`; keeps line feeds; indents. */
export function wrapText(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && textWidth(indent + longer) > width) {
        lines.push(indent + line);
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push(indent + line);
  }
  return lines.join('\n');
}
