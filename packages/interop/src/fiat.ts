/**
 * The table of the Foreign Interference Attribution Tracker (DFRLab): one row, one public
 * allegation, one docket. Dates are M/D/YYYY; an answer is 1 (met), 0 or empty.
 */
import { fiatQuestions } from './fiat-questions.ts';
import { quoteSource, type ImportRow, type QuoteBody, type QuotedAnswer } from './quote-body.ts';
import { parseMonthDayYear, type QuotedDate } from './quoted-date.ts';
import { quoteOptional, quoteText, type QuotedText } from './quoted-text.ts';
import { RowProblem, leftOver, linkOrNull, readEach, type Import } from './reading.ts';
import { cellOf, readTable, type TableRow } from './table.ts';

const dataset = 'fiat';
const coder = 'DFRLab, Foreign Interference Attribution Tracker';

const quotedColumns = [
  'timestamp',
  'case_hash',
  'source',
  'source_subcategory',
  'source_category',
  'source_nation',
  'disinformant',
  'disinformant_nation',
  'disinformant_attribution',
  'short_title',
  'short_description',
  'attribution_url',
  'archived_attribution_url',
  'image_url',
  'start_date',
  'end_date',
  'attribution_date',
  'methods',
] as const;

const requiredColumns = [...quotedColumns, ...fiatQuestions.map(({ column }) => column)];

/**
 * Reads the tracker's CSV file. Rows keep the order of the file.
 *
 * A row is left out, with its reason, when it has no identity (`case_hash`), no title, a date or an
 * answer that cannot be read, the identity of an earlier row with other content, or more than one
 * statement can carry. Never throws on foreign bytes.
 */
export function readFiat(bytes: Uint8Array): Import {
  const table = readTable(bytes, requiredColumns);
  return readEach(table.rows, table.errors, readRow);
}

function readRow(row: TableRow): ImportRow {
  const record = cellOf(row, 'case_hash');
  if (record === '') throw new RowProblem('no case_hash');
  if (cellOf(row, 'short_title') === '') throw new RowProblem('no short_title');
  const coded = dateOf(row, 'timestamp');
  const sourceRows = [{ table: 'cases', row }];
  const source = quoteSource({ dataset, record, coder, coded }, sourceRows);
  return { row: row.row, key: source.key, record, body: bodyOf(row, source) };
}

function bodyOf(row: TableRow, source: QuoteBody['source']): QuoteBody {
  const statement = linkOrNull(cellOf(row, 'attribution_url'));
  const archive = linkOrNull(cellOf(row, 'archived_attribution_url'));
  const image = linkOrNull(cellOf(row, 'image_url'));
  const quoted = new Set<string>(requiredColumns);
  if (statement === null) quoted.delete('attribution_url');
  if (archive === null) quoted.delete('archived_attribution_url');
  if (image === null) quoted.delete('image_url');
  return {
    title: quoteText(cellOf(row, 'short_title')),
    text: optional(row, 'short_description'),
    allegations: [
      {
        by: optional(row, 'source'),
        byKind: optional(row, 'source_category'),
        byAffiliation: optional(row, 'source_subcategory'),
        byNation: optional(row, 'source_nation'),
        on: dateOf(row, 'attribution_date'),
        manner: null,
        basis: optional(row, 'disinformant_attribution'),
        where: [statement, archive].filter((link) => link !== null),
        respondents: respondentsOf(row),
      },
    ],
    contradictions: [],
    period: { from: dateOf(row, 'start_date'), until: dateOf(row, 'end_date') },
    methods: methodsOf(cellOf(row, 'methods')),
    evidence: [
      ...(statement === null ? [] : [{ role: 'statement' as const, link: statement }]),
      ...(archive === null ? [] : [{ role: 'archive' as const, link: archive }]),
      ...(image === null ? [] : [{ role: 'image' as const, link: image }]),
    ],
    answers: fiatQuestions.map(({ question, column }) => answerOf(row, question, column)),
    details: leftOver(row, quoted),
    source,
  };
}

/** As named in the source: one cell may name several, and is not taken apart. */
function respondentsOf(row: TableRow): QuoteBody['allegations'][number]['respondents'] {
  const name = optional(row, 'disinformant');
  const nation = optional(row, 'disinformant_nation');
  return name === null && nation === null ? [] : [{ name, nation, category: null }];
}

/** The tracker writes methods from a closed vocabulary without commas, joined by ", ". */
function methodsOf(cell: string): QuotedText[] {
  return cell === '' ? [] : cell.split(', ').map(quoteText);
}

function answerOf(row: TableRow, question: string, column: string): QuotedAnswer {
  switch (cellOf(row, column)) {
    case '1':
      return { question, met: true };
    case '0':
      return { question, met: false };
    case '':
      return { question, met: null };
    default:
      throw new RowProblem(`${column} is neither 0 nor 1 nor empty`);
  }
}

function optional(row: TableRow, column: string): QuotedText | null {
  return quoteOptional(cellOf(row, column));
}

function dateOf(row: TableRow, column: string): QuotedDate | null {
  const date = parseMonthDayYear(cellOf(row, column));
  if (!date.ok) throw new RowProblem(`${column} is not a date M/D/YYYY`);
  return date.value;
}
