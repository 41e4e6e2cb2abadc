/**
 * EuRepoC's attributions table: a row for every pairing of who attributed with whom, so one
 * attribution may fill several rows. Rows that differ only in the initiator are one allegation.
 */
import type { QuotedAllegation } from './quote-body.ts';
import { parseYearMonthDay } from './quoted-date.ts';
import { quoteOptional } from './quoted-text.ts';
import { cellOf, type RowError, type TableRow } from './table.ts';

const speakerColumns = [
  'attribution_ID',
  'attribution_date',
  'attribution_type',
  'attribution_basis',
  'attributing_actor',
  'attribution_it_company',
  'attributing_country',
] as const;

export const requiredAttributionColumns = [
  'incident_ID',
  ...speakerColumns,
  'attributed_initiator',
  'attributed_initiator_country',
  'attributed_initiator_category',
];

/** The attributions of one incident in the order of the file; `problem` where one is bad. */
export type IncidentAttributions = {
  rows: TableRow[];
  allegations: QuotedAllegation[];
  problem: string | null;
};

export function attributionsByIncident(
  rows: readonly TableRow[],
  known: ReadonlySet<string>,
): { of: Map<string, IncidentAttributions>; errors: RowError[] } {
  const of = new Map<string, IncidentAttributions>();
  const errors: RowError[] = [];
  const speakers = new Map<string, QuotedAllegation>();
  for (const row of rows) {
    const incident = cellOf(row, 'incident_ID');
    if (!known.has(incident)) {
      errors.push({ row: row.row, reason: `no incident ${incident.slice(0, 40)} could be read` });
      continue;
    }
    const own = of.get(incident) ?? { rows: [], allegations: [], problem: null };
    of.set(incident, own);
    const on = parseYearMonthDay(cellOf(row, 'attribution_date'));
    if (!on.ok) {
      errors.push({ row: row.row, reason: 'attribution_date is not a date YYYY-MM-DD' });
      own.problem ??= `row ${row.row} of the attributions is bad`;
      continue;
    }
    own.rows.push(row);
    const speaker = JSON.stringify([incident, ...speakerColumns.map((name) => cellOf(row, name))]);
    let allegation = speakers.get(speaker);
    if (allegation === undefined) {
      allegation = allegationOf(row, on.value);
      speakers.set(speaker, allegation);
      own.allegations.push(allegation);
    }
    addRespondent(allegation, row);
  }
  return { of, errors };
}

function allegationOf(row: TableRow, on: QuotedAllegation['on']): QuotedAllegation {
  return {
    by: quoteOptional(cellOf(row, 'attributing_actor')),
    byKind: null,
    byAffiliation: quoteOptional(cellOf(row, 'attribution_it_company')),
    byNation: quoteOptional(cellOf(row, 'attributing_country')),
    on,
    manner: quoteOptional(cellOf(row, 'attribution_type')),
    basis: quoteOptional(cellOf(row, 'attribution_basis')),
    where: [],
    respondents: [],
  };
}

function addRespondent(allegation: QuotedAllegation, row: TableRow): void {
  const respondent = {
    name: quoteOptional(cellOf(row, 'attributed_initiator')),
    nation: quoteOptional(cellOf(row, 'attributed_initiator_country')),
    category: quoteOptional(cellOf(row, 'attributed_initiator_category')),
  };
  const isNamed = Object.values(respondent).some((value) => value !== null);
  if (isNamed) allegation.respondents.push(respondent);
}
