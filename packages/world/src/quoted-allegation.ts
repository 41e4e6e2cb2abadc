/** A public allegation, invented like its source, as the importers would quote it. */
import { canonicalJsonBytes, encodeBase64, encodeText, sha256Hex } from '@comity/record';
import type { JsonValue } from '@comity/record';

const row = encodeText(
  'The Harbour Gazette,2026-03-02,Northland says a network of false accounts was run from Southmark',
);

/** Body of the exercise's `allegation.quote`. */
export const quoteBody: { [member: string]: JsonValue } = {
  title: 'A network of false accounts before the spring vote',
  text: 'A newspaper reports that Northland sees Southmark behind a network of false accounts.',
  allegations: [
    {
      by: 'An unnamed official of Northland',
      byKind: 'government',
      byAffiliation: null,
      byNation: 'Northland',
      on: { original: '3/2/2026', date: '2026-03-02' },
      manner: 'reported in the press',
      basis: null,
      where: ['The Harbour Gazette'],
      respondents: [{ name: null, nation: 'Southmark', category: null }],
    },
  ],
  contradictions: [],
  period: { from: null, until: null },
  methods: ['false accounts'],
  evidence: [],
  answers: null,
  details: [],
  source: {
    key: sha256Hex(canonicalJsonBytes(['exercise', 'The Harbour Gazette', '2026-03-02'])),
    dataset: 'exercise',
    record: '1',
    coder: 'Northland, duty desk',
    coded: null,
    rows: [{ table: 'cuttings', sha256: sha256Hex(row), base64: encodeBase64(row) }],
  },
};
