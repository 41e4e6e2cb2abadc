import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeText, sha256Hex } from '@comity/record';
import { importPlan, quoteBodyBytesMax, readFiat } from '../src/index.ts';
import { bytesOf, fiatCsv } from './invented-tables.ts';

const read = (text: string) => readFiat(bytesOf(text));

describe('a FIAT row', () => {
  it('says who said it, when, where and of whom, in the words of the source', () => {
    const { rows, errors } = read(fiatCsv({}));
    expect(errors).toEqual([]);
    expect(rows).toHaveLength(1);
    expect(rows[0]!.body.allegations).toEqual([
      {
        by: 'Northland Post',
        byKind: 'Media',
        byAffiliation: null,
        byNation: 'Northland',
        on: { original: '2/3/2031', date: '2031-02-03' },
        manner: null,
        basis: 'Direct Attribution',
        where: ['https://post.northland.example/pages'],
        respondents: [{ name: 'Southmark', nation: 'Southmark', category: null }],
      },
    ]);
    expect(rows[0]!.body.text).toBe(
      'The paper said that "forty pages",\nit claimed, were run from Southmark.',
    );
    expect(rows[0]!.body.methods).toEqual(['Sockpuppets', 'Botnets']);
    expect(rows[0]!.body.period).toEqual({
      from: { original: '1/1/2031', date: '2031-01-01' },
      until: null,
    });
    expect(rows[0]!.body.source.coded).toEqual({ original: '3/4/2031 9:05', date: '2031-03-04' });
  });

  it('carries eighteen answers, an open one as null', () => {
    const { rows } = read(fiatCsv({ attribution_corroboration: '' }));
    const answers = rows[0]!.body.answers!;
    expect(answers).toHaveLength(18);
    expect(answers[0]).toEqual({ question: 'financial-incentive', met: false });
    expect(answers[1]).toEqual({ question: 'financial-transparency', met: true });
    expect(answers[17]).toEqual({ question: 'corroboration', met: null });
  });

  it('keeps the exact bytes of the row with their digest', () => {
    const text = fiatCsv({});
    const [kept] = read(text).rows[0]!.body.source.rows;
    const bytes = decodeBase64(kept!.base64)!;
    expect(text.endsWith(`${decodeText(bytes)!}\r\n`)).toBe(true);
    expect(kept!.sha256).toBe(sha256Hex(bytes));
  });

  it('names nobody where the source names nobody', () => {
    const { rows } = read(fiatCsv({ disinformant: '', disinformant_nation: '' }));
    expect(rows[0]!.body.allegations[0]!.respondents).toEqual([]);
  });

  it('offers web links only; a script in the place of a link is a detail', () => {
    const { rows } = read(fiatCsv({ attribution_url: 'javascript:alert(1)' }));
    expect(rows[0]!.body.evidence).toEqual([]);
    expect(rows[0]!.body.allegations[0]!.where).toEqual([]);
    expect(rows[0]!.body.details).toContainEqual({
      name: 'attribution_url',
      value: 'javascript:alert(1)',
    });
    expect(rows[0]!.body.details).toContainEqual({ name: 'image_url', value: 'see source url' });
  });
});

describe('hostile text is kept to the byte and never raised as it is', () => {
  const hostile: [string, string][] = [
    ['carriage returns', 'one\r\ntwo'],
    ['text that is not NFC', 'Ange\u0301lique'],
    ['a bidirectional override', 'user \u202efdp.exe'],
    ['an escape character', 'red \u001b[31m'],
    ['NUL', 'a\u0000b'],
    ['an unassigned code point', 'a\u{378}b'],
    ['a private-use or noncharacter', 'a\u{fffe}b'],
  ];
  it.each(hostile)('%s', (_name, text) => {
    const { rows, errors } = read(fiatCsv({ short_description: text }));
    expect(errors).toEqual([]);
    const quoted = rows[0]!.body.text;
    if (quoted === null || typeof quoted === 'string') throw new Error('kept as plain text');
    expect(decodeText(decodeBase64(quoted.base64)!)).toBe(text);
    expect(quoted.encoding).toBe('utf-8');
    expect(quoted.readable).not.toBe(text);
  });

  it('plain text is never wrapped', () => {
    const text = 'İstanbul – «quoted» 中文 עברית العربية\nnext line';
    expect(read(fiatCsv({ short_description: text })).rows[0]!.body.text).toBe(text);
  });
});

describe('a bad row is reported with its number and reason, and the rest goes on', () => {
  const reasons = (text: string) => {
    const { rows, errors } = read(text);
    return { records: rows.map(({ record }) => record), errors };
  };

  it('a date that does not exist', () => {
    const text = fiatCsv({ start_date: '2/30/2031' }, { case_hash: 'NORTH002' });
    expect(reasons(text)).toEqual({
      records: ['NORTH002'],
      errors: [{ row: 2, reason: 'start_date is not a date M/D/YYYY' }],
    });
  });

  it('an answer that is neither yes nor no', () => {
    const { errors } = read(fiatCsv({ attribution_language: 'maybe' }));
    expect(errors).toEqual([
      { row: 2, reason: 'attribution_language is neither 0 nor 1 nor empty' },
    ]);
  });

  it('a row without identity', () => {
    expect(read(fiatCsv({ case_hash: '' })).errors).toEqual([{ row: 2, reason: 'no case_hash' }]);
  });

  it('too few and too many cells', () => {
    const [header, good] = fiatCsv({ short_description: 'plain' }).split('\r\n');
    const { records, errors } = reasons([header, 'too,few', `${good!},more`, good].join('\r\n'));
    expect(records).toEqual(['NORTH001']);
    expect(errors).toEqual([
      { row: 2, reason: '2 cells where the header has 37' },
      { row: 3, reason: '38 cells where the header has 37' },
    ]);
  });

  it('a stray quotation mark does not swallow what follows', () => {
    const [header, good] = fiatCsv({ short_description: 'plain' }).split('\r\n');
    const bad = good!.replace('plain', '"pl"ain').replace('NORTH001', 'NORTH000');
    const text = [header, bad, good, ''].join('\r\n');
    const read = reasons(text);
    expect(read.records).toEqual(['NORTH001']);
    expect(read.errors).toEqual([
      { row: 2, reason: 'a quotation mark stands where none may stand' },
    ]);
  });

  it('a quotation mark that is never closed does not swallow what follows', () => {
    const [header, good] = fiatCsv({ short_description: 'plain', methods: 'Botnets' }).split(
      '\r\n',
    );
    const bad = good!.replace('plain', '"plain').replace('NORTH001', 'NORTH000');
    const read = reasons([header, bad, good, ''].join('\r\n'));
    expect(read.records).toEqual(['NORTH001']);
    expect(read.errors).toEqual([
      { row: 2, reason: 'a quotation mark is opened and never closed' },
    ]);
  });

  it('bytes that are not UTF-8', () => {
    const bytes = bytesOf(fiatCsv({ source: 'Z' }, { case_hash: 'NORTH002' }));
    bytes[bytes.indexOf(0x5a)] = 0xff;
    const { rows, errors } = readFiat(bytes);
    expect(errors).toEqual([{ row: 2, reason: 'not UTF-8' }]);
    expect(rows.map(({ record }) => record)).toEqual(['NORTH002']);
  });

  it('a huge cell', () => {
    const huge = fiatCsv({ short_description: 'x'.repeat(3_000_000) }, { case_hash: 'NORTH002' });
    const { records, errors } = reasons(huge);
    expect(records).toEqual(['NORTH002']);
    expect(errors).toHaveLength(1);
    expect(errors[0]!.reason).toMatch(/longer than 262144 characters/);
  });

  it('a row that is larger than one statement can carry', () => {
    const half = fiatCsv({ short_description: 'x'.repeat(quoteBodyBytesMax / 2) });
    expect(reasons(half).errors).toEqual([{ row: 2, reason: 'more than one statement can carry' }]);
  });

  it('a text that is longer than a quote may hold', () => {
    const long = fiatCsv({ short_description: 'x'.repeat(65_537) }, { case_hash: 'NORTH002' });
    const { records, errors } = reasons(long);
    expect(records).toEqual(['NORTH002']);
    expect(errors[0]!.reason).toMatch(/^does not fit an allegation\.quote/);
  });

  it('one identity with two contents', () => {
    const text = fiatCsv({}, { short_title: 'Northland Post: another title' });
    expect(reasons(text)).toEqual({
      records: ['NORTH001'],
      errors: [{ row: 3, reason: 'row 2 has the same identity with other content' }],
    });
  });
});

describe('a file that is no such table raises nothing', () => {
  const only = (bytes: Uint8Array) => {
    const { rows, errors } = readFiat(bytes);
    expect(rows).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(errors[0]!.row).toBe(1);
    return errors[0]!.reason;
  };

  it('empty', () => expect(only(new Uint8Array())).toBe('the file is empty'));
  it('wrong columns', () =>
    expect(only(bytesOf('a,b\r\n1,2\r\n'))).toMatch(/^missing columns: timestamp, case_hash/));
  it('a repeated column', () =>
    expect(only(bytesOf(fiatCsv({}).replace('case_id', 'source')))).toBe(
      'repeated columns: source',
    ));
  it('random bytes', () => {
    const bytes = Uint8Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251);
    only(bytes);
  });
  it('UTF-16', () => {
    only(
      Uint8Array.from([0xff, 0xfe, ...Array.from(fiatCsv({}), (c) => [c.charCodeAt(0), 0]).flat()]),
    );
  });
});

describe('importing twice changes nothing', () => {
  it('the same file has the same keys, with another line end and a byte order mark too', () => {
    const text = fiatCsv({ short_description: 'one line' });
    const keys = read(text).rows.map(({ key }) => key);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(read(text.replaceAll('\r\n', '\n')).rows.map(({ key }) => key)).toEqual(keys);
    expect(read(`\ufeff${text}`).rows.map(({ key }) => key)).toEqual(keys);
    expect(read(text).rows[0]!.body.source.key).toBe(keys[0]);
  });

  it('moved rows keep their keys', () => {
    const forth = read(fiatCsv({}, { case_hash: 'NORTH002' })).rows.map(({ key }) => key);
    const back = read(fiatCsv({ case_hash: 'NORTH002' }, {})).rows.map(({ key }) => key);
    expect(back.toReversed()).toEqual(forth);
  });

  it('any changed cell, even one that is not quoted, makes another key', () => {
    const [row] = read(fiatCsv({})).rows;
    expect(read(fiatCsv({ case_id: 'other' })).rows[0]!.key).not.toBe(row!.key);
  });

  it('the plan raises each key once', () => {
    const { rows } = read(fiatCsv({}, {}, { case_hash: 'NORTH002' }));
    const first = importPlan(new Set(), rows);
    expect(first.raise.map(({ row }) => row)).toEqual([2, 4]);
    expect(first.unchanged.map(({ row }) => row)).toEqual([3]);
    const second = importPlan(new Set(first.raise.map(({ key }) => key)), rows);
    expect(second.raise).toEqual([]);
    expect(second.unchanged).toHaveLength(3);
  });
});
