/**
 * The tables of the European Repository of Cyber Incidents, 1.1: one incident, one docket, its
 * attributions side by side. Dates are YYYY-MM-DD; list cells are Python lists.
 */
import { attributionsByIncident, requiredAttributionColumns } from './eurepoc-attributions.ts';
import { contradictionsOf } from './contradictions.ts';
import { quoteSource, type ImportRow, type QuoteBody, type SourceRow } from './quote-body.ts';
import { flattenList, parsePythonList, type PythonValue } from './python-list.ts';
import { parseYearMonthDay, type QuotedDate } from './quoted-date.ts';
import { quoteOptional, quoteText } from './quoted-text.ts';
import { RowProblem, leftOver, linkOrNull, readEach, type Import } from './reading.ts';
import { cellOf, readTable, type RowError, type TableRow } from './table.ts';

const dataset = 'eurepoc';
const coder = 'European Repository of Cyber Incidents';

/** Cells that hold lists, beside `sources_url`; an empty cell is no list and is passed over. */
const listColumns = [
  'receiver_name',
  'receiver_country',
  'receiver_category',
  'receiver_category_subcode',
  'initiator_name',
  'initiator_country',
  'initiator_category',
] as const;

const requiredColumns = [
  'ID',
  'name',
  'description',
  'start_date',
  'end_date',
  'incident_type',
  'sources_url',
  ...listColumns,
];

/** Errors say which of the two tables their row is in. */
export type EurepocImport = {
  rows: ImportRow[];
  errors: (RowError & { table: 'incidents' | 'attributions' })[];
};

/**
 * Reads both tables; rows keep the order of the incidents.
 *
 * An incident with a bad attribution is left out whole, with a reason naming the attribution's row:
 * attributions shown side by side must be all there are, or the picture is false. So is one without
 * any attribution. Never throws on foreign bytes.
 */
export function readEurepoc(
  incidentsBytes: Uint8Array,
  attributionsBytes: Uint8Array,
): EurepocImport {
  const incidents = readTable(incidentsBytes, requiredColumns);
  const attributions = readTable(attributionsBytes, requiredAttributionColumns);
  const known = new Set(incidents.rows.map((row) => cellOf(row, 'ID')));
  const grouped = attributionsByIncident(attributions.rows, known);
  const unreadable = attributions.errors.length > 0;
  const read: Import = readEach(incidents.rows, incidents.errors, (row) => {
    const own = grouped.of.get(cellOf(row, 'ID'));
    if (own === undefined) {
      throw new RowProblem(unreadable ? 'no readable attribution' : 'no attribution');
    }
    if (own.problem !== null) throw new RowProblem(own.problem);
    return readIncident(row, own);
  });
  const attributionErrors = [...attributions.errors, ...grouped.errors];
  attributionErrors.sort((a, b) => a.row - b.row);
  return {
    rows: read.rows,
    errors: [
      ...read.errors.map((error) => ({ ...error, table: 'incidents' as const })),
      ...attributionErrors.map((error) => ({ ...error, table: 'attributions' as const })),
    ],
  };
}

function readIncident(
  row: TableRow,
  attributions: { rows: TableRow[]; allegations: QuoteBody['allegations'] },
): ImportRow {
  const record = cellOf(row, 'ID');
  if (record === '') throw new RowProblem('no ID');
  if (cellOf(row, 'name') === '') throw new RowProblem('no name');
  const sourceRows: SourceRow[] = [
    { table: 'incidents', row },
    ...attributions.rows.map((own) => ({ table: 'attributions', row: own })),
  ];
  const source = quoteSource({ dataset, record, coder, coded: null }, sourceRows);
  return {
    row: row.row,
    key: source.key,
    record,
    body: incidentBody(row, attributions.allegations, source),
  };
}

function incidentBody(
  row: TableRow,
  allegations: QuoteBody['allegations'],
  source: QuoteBody['source'],
): QuoteBody {
  for (const column of listColumns) listOf(row, column);
  const links = listOf(row, 'sources_url');
  const evidence = links
    .map((link) => (link === null ? null : linkOrNull(link)))
    .filter((link) => link !== null);
  const quoted = new Set(['ID', 'name', 'description', 'start_date', 'end_date', 'incident_type']);
  // A source that is no web link stays readable among the details, with the whole cell.
  if (evidence.length === links.length) quoted.add('sources_url');
  return {
    title: quoteText(cellOf(row, 'name')),
    text: quoteOptional(cellOf(row, 'description')),
    allegations,
    contradictions: contradictionsOf(allegations),
    period: { from: dateOf(row, 'start_date'), until: dateOf(row, 'end_date') },
    methods: cellOf(row, 'incident_type').split('; ').filter(Boolean).map(quoteText),
    evidence: evidence.map((link) => ({ role: 'report' as const, link })),
    answers: null,
    details: leftOver(row, quoted),
    source,
  };
}

function listOf(row: TableRow, column: string): PythonValue[] {
  const cell = cellOf(row, column);
  if (cell === '') return [];
  const list = parsePythonList(cell);
  if (!list.ok) throw new RowProblem(`${column} is not a Python list (${list.detail ?? ''})`);
  return flattenList(list.value);
}

function dateOf(row: TableRow, column: string): QuotedDate | null {
  const date = parseYearMonthDay(cellOf(row, column));
  if (!date.ok) throw new RowProblem(`${column} is not a date YYYY-MM-DD`);
  return date.value;
}
