/** A table as `import fiat` takes it, about countries that do not exist. */
import { fiatQuestions } from '@comity/interop';

const cells: Record<string, string> = {
  timestamp: '3/4/2031 9:05',
  case_hash: '',
  source: 'Northland Post',
  source_subcategory: '',
  source_category: 'Media',
  source_nation: 'Northland',
  disinformant: 'Southmark',
  disinformant_nation: 'Southmark',
  disinformant_attribution: 'Direct Attribution',
  short_title: 'Northland Post: pages run from Southmark',
  short_description: 'The paper said that forty pages were run from Southmark.',
  attribution_url: 'https://post.northland.example/pages',
  archived_attribution_url: '',
  image_url: 'see source url',
  start_date: '1/1/2031',
  end_date: '',
  attribution_date: '2/3/2031',
  methods: 'Sockpuppets',
  ...Object.fromEntries(fiatQuestions.map(({ column }) => [column, '1'])),
  case_id: 'Southmark >> Northland 2031',
};

/** One row for each case. */
export function fiatTable(cases: readonly string[]): string {
  const rows = cases.map((hash) => Object.values({ ...cells, case_hash: hash }));
  return [Object.keys(cells), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}
