/** What every importer does with its rows: keep the good ones, report the bad ones, find doubles. */
import { parseBody } from '@comity/accord';
import { allegationsMax } from './limits.ts';
import { bodyFits, type ImportRow, type QuoteBody } from './quote-body.ts';
import { quoteText, type QuotedText } from './quoted-text.ts';
import type { RowError, TableRow } from './table.ts';

/** Result of reading a data set: what could be raised, and what was left out and why. */
export type Import = { rows: ImportRow[]; errors: RowError[] };

/** Ends the reading of one row; caught in `readEach` and nowhere else. */
export class RowProblem extends Error {}

/**
 * Reads each row. An exact double of an earlier row stays (the plan counts it as unchanged); a row
 * that reuses an identity with other content is an error, since only one of the two can be right.
 */
export function readEach(
  tableRows: readonly TableRow[],
  tableErrors: readonly RowError[],
  readRow: (row: TableRow) => ImportRow,
): Import {
  const rows: ImportRow[] = [];
  const errors: RowError[] = [...tableErrors];
  const firstOf = new Map<string, ImportRow>();
  for (const tableRow of tableRows) {
    try {
      const row = readRow(tableRow);
      refuseUnraisable(row, firstOf.get(row.record));
      firstOf.set(row.record, firstOf.get(row.record) ?? row);
      rows.push(row);
    } catch (problem) {
      if (!(problem instanceof RowProblem)) throw problem;
      errors.push({ row: tableRow.row, reason: problem.message });
    }
  }
  errors.sort((a, b) => a.row - b.row);
  return { rows, errors };
}

/** Columns that no other member of the body quotes, where they are not empty. */
export function leftOver(row: TableRow, quoted: ReadonlySet<string>): QuoteBody['details'] {
  return [...row.cells]
    .filter(([name, cell]) => cell !== '' && !quoted.has(name))
    .map(([name, cell]) => ({ name: plainName(name), value: quoteText(cell) }));
}

/** A link that a page may offer to follow: http or https, and nothing else ever. */
export function linkOrNull(cell: string): QuotedText | null {
  return cell.startsWith('https://') || cell.startsWith('http://') ? quoteText(cell) : null;
}

function refuseUnraisable(row: ImportRow, earlier: ImportRow | undefined): void {
  if (earlier !== undefined && earlier.key !== row.key) {
    throw new RowProblem(`row ${earlier.row} has the same identity with other content`);
  }
  if (row.body.allegations.length > allegationsMax) {
    throw new RowProblem(`more than ${allegationsMax} attributions of one incident`);
  }
  if (!bodyFits(row.body)) throw new RowProblem('more than one statement can carry');
  const parsed = parseBody('allegation.quote', row.body);
  if (!parsed.ok) throw new RowProblem(`does not fit an allegation.quote at ${parsed.path}`);
}

function plainName(column: string): string {
  const quoted = quoteText(column);
  return typeof quoted === 'string' ? quoted : quoted.readable;
}
