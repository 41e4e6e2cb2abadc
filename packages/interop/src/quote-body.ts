/**
 * What an importer raises: the body of an `allegation.quote`, and the row that it came from.
 *
 * A quote repeats what somebody else said in public. It is never the importer's own accusation,
 * creates no obligation, and names respondents only as its source names them. The schema of the
 * body is accord's (`kinds/allegation-quote.ts`); every row is checked against it before it is given.
 */
import {
  canonicalJson,
  canonicalJsonBytes,
  encodeBase64,
  encodeText,
  sha256Hex,
} from '@comity/record';
import { quoteBodyBytesMax } from './limits.ts';
import type { QuotedDate } from './quoted-date.ts';
import type { QuotedText } from './quoted-text.ts';
import type { TableRow } from './table.ts';

/** Whom one allegation is about, in the source's words; null where the source says nothing. */
export type QuotedRespondent = {
  name: QuotedText | null;
  nation: QuotedText | null;
  category: QuotedText | null;
};

/** One public allegation: who said it, when, where, on what basis, of whom. */
export type QuotedAllegation = {
  by: QuotedText | null;
  byKind: QuotedText | null;
  byAffiliation: QuotedText | null;
  byNation: QuotedText | null;
  on: QuotedDate | null;
  manner: QuotedText | null;
  basis: QuotedText | null;
  where: QuotedText[];
  respondents: QuotedRespondent[];
};

/** Where allegations of one incident name different things; `allegations` are indices. */
export type Contradiction = {
  about: 'nation' | 'name' | 'category';
  /** True where no value is named by two of the positions. */
  disjoint: boolean;
  positions: { values: QuotedText[]; allegations: number[] }[];
};

export type QuotedEvidence = {
  role: 'statement' | 'archive' | 'image' | 'report';
  link: QuotedText;
};

/** One of FIAT's yes/no questions; null where the coders left it open. */
export type QuotedAnswer = { question: string; met: boolean | null };

/** Where the quote was read; `rows` hold the exact bytes of the source's rows. */
export type QuoteSource = {
  key: string;
  dataset: string;
  record: string;
  coder: string;
  coded: QuotedDate | null;
  rows: { table: string; sha256: string; base64: string }[];
};

export type QuoteBody = {
  title: QuotedText;
  text: QuotedText | null;
  allegations: QuotedAllegation[];
  contradictions: Contradiction[];
  period: { from: QuotedDate | null; until: QuotedDate | null };
  methods: QuotedText[];
  evidence: QuotedEvidence[];
  answers: QuotedAnswer[] | null;
  details: { name: string; value: QuotedText }[];
  source: QuoteSource;
};

/** One docket to raise. `row` counts as in `RowError`, in the data set's first table. */
export type ImportRow = { row: number; key: string; record: string; body: QuoteBody };

/** A row of a named table, as it goes into the key and into `source.rows`. */
export type SourceRow = { table: string; row: TableRow };

/**
 * The stable import key, 64 hex: SHA-256("comity/import/v1\n" ‖ RFC 8785 of [data set, record,
 * rows]), a row being [table, [[column, cell] …]] and rows in the order of their own JSON.
 *
 * It follows the content of cells: moving rows, other line ends or other quotation marks in the
 * file do not change it; any other character, an added column or an added attribution does.
 */
export function importKey(dataset: string, record: string, rows: readonly SourceRow[]): string {
  const contents = rows
    .map(({ table, row }) =>
      canonicalJson([table, [...row.cells].map(([name, cell]) => [name, cell])]),
    )
    .sort();
  const identity = canonicalJson([dataset, record, contents]);
  return sha256Hex(encodeText(`comity/import/v1\n${identity}`));
}

/** The `source` member of a body. */
export function quoteSource(
  about: { dataset: string; record: string; coder: string; coded: QuotedDate | null },
  rows: readonly SourceRow[],
): QuoteSource {
  return {
    key: importKey(about.dataset, about.record, rows),
    ...about,
    rows: rows.map(({ table, row }) => ({
      table,
      sha256: sha256Hex(row.bytes),
      base64: encodeBase64(row.bytes),
    })),
  };
}

/** Whether a statement can carry the body (`quoteBodyBytesMax`). */
export function bodyFits(body: QuoteBody): boolean {
  return canonicalJsonBytes(body).length <= quoteBodyBytesMax;
}
