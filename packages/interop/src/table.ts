/**
 * CSV tables (RFC 4180, UTF-8, an optional byte order mark) into rows that keep their own bytes.
 *
 * A row that cannot be read is reported and the next line is tried: one stray quotation mark must
 * not swallow the rest of a file.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { decodeText } from '@comity/record';
import { recordUnitsMax, rowsMax, tableBytesMax, tableErrorsMax } from './limits.ts';

/** A row that was left out. `row` counts records as a spreadsheet does: the header is row 1. */
export type RowError = { row: number; reason: string };

/** One readable row: cells by column name, and the row's bytes without its line end. */
export type TableRow = { row: number; cells: ReadonlyMap<string, string>; bytes: Uint8Array };

export type Table = { columns: string[]; rows: TableRow[]; errors: RowError[] };

/** A record between two byte offsets, or the place where reading failed. */
type Piece = { cells: string[]; start: number; end: number };
type Stretch = { pieces: Piece[]; failedAt: number | null; reason: string };

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/**
 * Reads a table that must have at least the `required` columns; others are kept too.
 *
 * Never throws on foreign bytes. A missing or repeated column is an error at row 1 and no row is
 * read. Rows with too few or too many cells, bytes that are not UTF-8, stray quotation marks and
 * oversized records are errors; empty lines are passed over. After a stray quotation mark reading
 * goes on at the next line feed, so the lines of one broken multi-line cell may each be reported.
 */
export function readTable(bytes: Uint8Array, required: readonly string[]): Table {
  if (bytes.length > tableBytesMax) {
    return tableFailure(`the file is larger than ${tableBytesMax} bytes`);
  }
  const errors: RowError[] = [];
  const rows: TableRow[] = [];
  let columns: string[] | null = null;
  let row = 0;
  for (const piece of piecesOf(bytes)) {
    if (errors.length >= tableErrorsMax || rows.length >= rowsMax) {
      errors.push({ row: row + 1, reason: 'too many rows or errors: the rest was not read' });
      break;
    }
    if (isBlank(bytes, piece)) continue;
    row += 1;
    const read = 'reason' in piece ? piece.reason : readPiece(bytes, piece);
    if (columns === null) {
      const problem = typeof read === 'string' ? read : headerProblem(read.cells, required);
      if (problem !== null || typeof read === 'string') return tableFailure(problem ?? 'no header');
      columns = read.cells;
    } else if (typeof read === 'string') {
      errors.push({ row, reason: read });
    } else if (read.cells.length !== columns.length) {
      const reason = `${read.cells.length} cells where the header has ${columns.length}`;
      errors.push({ row, reason });
    } else {
      rows.push({ row, cells: cellsByName(columns, read.cells), bytes: read.bytes });
    }
  }
  return columns === null ? tableFailure('the file is empty') : { columns, rows, errors };
}

/** The cell of a column that `readTable` was told to require. */
export function cellOf(row: TableRow, column: string): string {
  return row.cells.get(column) ?? '';
}

function tableFailure(reason: string): Table {
  return { columns: [], rows: [], errors: [{ row: 1, reason }] };
}

function* piecesOf(
  bytes: Uint8Array,
): Generator<Piece | { start: number; end: number; reason: string }> {
  let offset = byteOrderMark.every((byte, index) => bytes[index] === byte) ? 3 : 0;
  while (offset < bytes.length) {
    const stretch = readStretch(bytes, offset);
    yield* stretch.pieces;
    if (stretch.failedAt === null) return;
    const next = bytes.indexOf(lineFeed, stretch.failedAt);
    const end = next === -1 ? bytes.length : next + 1;
    yield { start: stretch.failedAt, end, reason: stretch.reason };
    offset = end;
  }
}

function readStretch(bytes: Uint8Array, offset: number): Stretch {
  const pieces: Piece[] = [];
  let reached = offset;
  try {
    parse(bytes.subarray(offset), {
      relax_column_count: true,
      skip_empty_lines: false,
      max_record_size: recordUnitsMax,
      on_record: (cells: string[], context) => {
        const end = offset + context.bytes;
        pieces.push({ cells, start: reached, end });
        reached = end;
        return null;
      },
    });
    return { pieces, failedAt: null, reason: '' };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { pieces, failedAt: reached, reason: reasonOf(error.code) };
  }
}

function reasonOf(code: string): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quotation mark is opened and never closed';
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE':
      return 'a quotation mark stands where none may stand';
    case 'CSV_MAX_RECORD_SIZE':
      return `the row is longer than ${recordUnitsMax} characters, or a quotation mark is not closed`;
    default:
      return `not a CSV record (${code})`;
  }
}

function readPiece(
  bytes: Uint8Array,
  piece: Piece,
): { cells: string[]; bytes: Uint8Array } | string {
  const own = withoutLineEnd(bytes.subarray(piece.start, piece.end));
  // The CSV reader replaces bytes that are not UTF-8; asking the strict decoder keeps them out.
  return decodeText(own) === null ? 'not UTF-8' : { cells: piece.cells, bytes: own };
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  if (end > 0 && bytes[end - 1] === lineFeed) end -= 1;
  if (end > 0 && bytes[end - 1] === carriageReturn) end -= 1;
  return bytes.subarray(0, end);
}

function isBlank(bytes: Uint8Array, piece: { start: number; end: number }): boolean {
  return withoutLineEnd(bytes.subarray(piece.start, piece.end)).length === 0;
}

function headerProblem(columns: string[], required: readonly string[]): string | null {
  const missing = required.filter((name) => !columns.includes(name));
  if (missing.length > 0) return `missing columns: ${missing.join(', ')}`;
  const repeated = columns.filter((name, index) => columns.indexOf(name) !== index);
  return repeated.length > 0 ? `repeated columns: ${repeated.join(', ')}` : null;
}

function cellsByName(columns: string[], cells: string[]): ReadonlyMap<string, string> {
  return new Map(columns.map((name, index) => [name, cells[index] ?? '']));
}
