import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  checkText,
  decodeBase64,
  decodeText,
  formatStatement,
  parseStatement,
  sha256Hex,
  statementPayloadType,
} from '@comity/record';
import {
  importPlan,
  readEurepoc,
  readFiat,
  type ImportRow,
  type QuotedText,
} from '../src/index.ts';

const shared = new URL('../../../../shared/data/', import.meta.url);
const present = existsSync(shared);
if (!present) console.warn('SKIPPED: the real tables are not here (../shared/data)');
const file = (name: string) => new Uint8Array(readFileSync(new URL(name, shared)));
const readBoth = () => readEurepoc(file('eurepoc/incidents.csv'), file('eurepoc/attributions.csv'));

describe('the real tables', () => {
  it.skipIf(!present)('needs shared data: 60 allegations of FIAT, none refused', () => {
    const { rows, errors } = readFiat(file('fiat/fiat-2020.csv'));
    expect(errors).toEqual([]);
    expect(rows).toHaveLength(60);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(60);
    expect(rows.every(({ body }) => body.answers?.length === 18)).toBe(true);
    expect(rows.every(({ body }) => body.allegations[0]!.on !== null)).toBe(true);
  });

  it.skipIf(!present)('needs shared data: 213 incidents of EuRepoC, 41 with contradictions', () => {
    const { rows, errors } = readBoth();
    expect(errors).toEqual([]);
    expect(rows).toHaveLength(213);
    expect(rows.filter(({ body }) => body.contradictions.length > 0)).toHaveLength(41);
  });

  it.skipIf(!present)('needs shared data: every byte of every row is kept', () => {
    const rejoin = (rows: ImportRow[], table: string) =>
      rows
        .flatMap(({ body }) => body.source.rows)
        .filter((row) => row.table === table)
        .map((row) => {
          const bytes = decodeBase64(row.base64)!;
          expect(sha256Hex(bytes)).toBe(row.sha256);
          return `${decodeText(bytes)!}\r\n`;
        })
        .sort()
        .join('');
    const linesOf = (name: string) => decodeText(file(name))!;
    const withoutHeader = (text: string) => text.slice(text.indexOf('\r\n') + 2);
    const fiat = readFiat(file('fiat/fiat-2020.csv')).rows;
    const both = readBoth().rows;
    const sorted = (text: string) =>
      withoutHeader(text)
        .split(/(?<=\r\n)/)
        .sort()
        .join('');
    expect(rejoin(fiat, 'cases')).toBe(sorted(linesOf('fiat/fiat-2020.csv')));
    expect(rejoin(both, 'incidents')).toBe(sorted(linesOf('eurepoc/incidents.csv')));
    expect(rejoin(both, 'attributions')).toBe(sorted(linesOf('eurepoc/attributions.csv')));
  });

  it.skipIf(!present)(
    'needs shared data: no text had to be wrapped, so all of it reads as it is',
    () => {
      const texts = [...readFiat(file('fiat/fiat-2020.csv')).rows, ...readBoth().rows].flatMap(
        ({ body }): (QuotedText | null)[] => [
          body.title,
          body.text,
          ...body.details.map((d) => d.value),
        ],
      );
      for (const text of texts) {
        if (text !== null && typeof text !== 'string') throw new Error(`wrapped: ${text.readable}`);
        if (text !== null) expect(checkText(text).ok).toBe(true);
      }
    },
  );

  it.skipIf(!present)('needs shared data: the second import raises nothing', () => {
    const first = importPlan(new Set(), readBoth().rows);
    expect(first.raise).toHaveLength(213);
    const keys = new Set(first.raise.map(({ body }) => body.source.key));
    expect(importPlan(keys, readBoth().rows).raise).toEqual([]);
  });

  it.skipIf(!present)('needs shared data: every row fits one statement', () => {
    const party = (name: string) => sha256Hex(new TextEncoder().encode(name));
    for (const row of [...readFiat(file('fiat/fiat-2020.csv')).rows, ...readBoth().rows]) {
      const payload = formatStatement({
        comity: 1,
        kind: 'allegation.quote',
        from: party('Northland'),
        to: [party('Southmark')],
        docket: null,
        after: [],
        prior: null,
        anchor: [],
        terms: null,
        cites: [],
        made: '2031-05-01T03:00:00Z',
        credentials: party('credentials'),
        nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
        body: row.body,
      });
      const parsed = parseStatement(payload, statementPayloadType);
      if (!parsed.ok) throw new Error(`${row.record}: ${parsed.code} ${parsed.path}`);
      expect(parsed.value.statement.body).toEqual(row.body);
    }
  });
});
