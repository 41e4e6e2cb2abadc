/** Small invented tables of the shape of the real ones, about countries that do not exist. */
import { encodeText } from '@comity/record';
import { fiatQuestions } from '../src/index.ts';

const fiatColumns = [
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
  ...fiatQuestions.map(({ column }) => column),
  'case_id',
];

const fiatCase: Record<string, string> = {
  timestamp: '3/4/2031 9:05',
  case_hash: 'NORTH001',
  source: 'Northland Post',
  source_category: 'Media',
  source_nation: 'Northland',
  disinformant: 'Southmark',
  disinformant_nation: 'Southmark',
  disinformant_attribution: 'Direct Attribution',
  short_title: 'Northland Post: pages run from Southmark',
  short_description: 'The paper said that "forty pages",\nit claimed, were run from Southmark.',
  attribution_url: 'https://post.northland.example/pages',
  image_url: 'see source url',
  start_date: '1/1/2031',
  attribution_date: '2/3/2031',
  methods: 'Sockpuppets, Botnets',
  case_id: 'Southmark >> Northland 2031',
  ...Object.fromEntries(fiatQuestions.map(({ column }, index) => [column, index % 3 ? '1' : '0'])),
};

const incidentColumns = [
  'ID',
  'name',
  'description',
  'start_date',
  'end_date',
  'incident_type',
  'receiver_name',
  'receiver_country',
  'receiver_category',
  'receiver_category_subcode',
  'initiator_name',
  'initiator_country',
  'initiator_category',
  'sources_url',
];

const incident: Record<string, string> = {
  ID: '7',
  name: 'Harbour outage',
  description: 'Cranes in Northport stood still for a day.',
  start_date: '2031-05-01',
  end_date: '2031-05-02',
  incident_type: 'Disruption; Data theft',
  receiver_country: "['Northland']",
  initiator_country: "['Southmark']",
  sources_url: "['https://post.northland.example/cranes']",
};

const attributionColumns = [
  'incident_ID',
  'attribution_ID',
  'attribution_date',
  'attribution_type',
  'attribution_basis',
  'attributing_actor',
  'attribution_it_company',
  'attributing_country',
  'attributed_initiator',
  'attributed_initiator_country',
  'attributed_initiator_category',
];

const attribution: Record<string, string> = {
  incident_ID: '7',
  attribution_ID: '70.0',
  attribution_date: '2031-05-09',
  attribution_type: 'Technical report',
  attribution_basis: 'Attribution by third-party',
  attributing_actor: 'Northport CERT',
  attributing_country: 'Northland',
  attributed_initiator: 'Grey Heron',
  attributed_initiator_country: 'Southmark',
  attributed_initiator_category: 'State',
};

type Cells = Record<string, string>;

export const fiatCsv = (...rows: Cells[]) =>
  csv(
    fiatColumns,
    rows.map((row) => ({ ...fiatCase, ...row })),
  );
export const incidentsCsv = (...rows: Cells[]) =>
  csv(
    incidentColumns,
    rows.map((row) => ({ ...incident, ...row })),
  );
export const attributionsCsv = (...rows: Cells[]) =>
  csv(
    attributionColumns,
    rows.map((row) => ({ ...attribution, ...row })),
  );

export const bytesOf = (text: string): Uint8Array => encodeText(text);

function csv(columns: string[], rows: Cells[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name] ?? ''))];
  return lines.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
