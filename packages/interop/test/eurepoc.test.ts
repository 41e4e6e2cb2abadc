import { describe, expect, it } from 'vitest';
import { readEurepoc } from '../src/index.ts';
import { attributionsCsv, bytesOf, incidentsCsv } from './invented-tables.ts';

const read = (incidents: string, attributions: string) =>
  readEurepoc(bytesOf(incidents), bytesOf(attributions));

describe('several attributions of one incident become one docket', () => {
  const attributions = attributionsCsv(
    {},
    {
      attribution_ID: '71.0',
      attributing_actor: 'Lakeside Laboratory',
      attributed_initiator: '',
      attributed_initiator_country: 'Eastvale',
      attributed_initiator_category: 'Unknown - not attributed',
    },
    { attributed_initiator: 'Night Heron' },
  );
  const { rows, errors } = read(incidentsCsv({}), attributions);

  it('side by side, with several initiators of one attribution together', () => {
    expect(errors).toEqual([]);
    expect(rows).toHaveLength(1);
    const { allegations } = rows[0]!.body;
    expect(allegations.map(({ by }) => by)).toEqual(['Northport CERT', 'Lakeside Laboratory']);
    expect(allegations[0]!.respondents.map(({ name }) => name)).toEqual([
      'Grey Heron',
      'Night Heron',
    ]);
    expect(rows[0]!.body.methods).toEqual(['Disruption', 'Data theft']);
    expect(rows[0]!.body.evidence).toEqual([
      { role: 'report', link: 'https://post.northland.example/cranes' },
    ]);
  });

  it('contradictions are marked, silence is none', () => {
    expect(rows[0]!.body.contradictions).toEqual([
      {
        about: 'nation',
        disjoint: true,
        positions: [
          { values: ['Southmark'], allegations: [0] },
          { values: ['Eastvale'], allegations: [1] },
        ],
      },
    ]);
  });

  it('positions that share a value are not disjoint', () => {
    const both = attributionsCsv(
      {},
      { attributed_initiator_country: 'Eastvale' },
      { attribution_ID: '71.0' },
    );
    const [row] = read(incidentsCsv({}), both).rows;
    expect(row!.body.contradictions).toMatchObject([{ about: 'nation', disjoint: false }]);
  });

  it('every row of both tables is kept, and moving rows changes no key', () => {
    expect(rows[0]!.body.source.rows.map(({ table }) => table)).toEqual([
      'incidents',
      'attributions',
      'attributions',
      'attributions',
    ]);
    const [header, first, ...others] = attributions.trimEnd().split('\r\n');
    const moved = [header, ...others, first, ''].join('\r\n');
    expect(read(incidentsCsv({}), moved).rows[0]!.key).toBe(rows[0]!.key);
  });

  it('a further attribution makes another key', () => {
    const more = read(
      incidentsCsv({}),
      attributions + attributionsCsv({ attribution_ID: '72.0' }).split('\r\n')[1]!,
    );
    expect(more.errors).toEqual([]);
    expect(more.rows[0]!.key).not.toBe(rows[0]!.key);
  });
});

describe('bad rows of either table', () => {
  it('an incident with a bad attribution is left out whole', () => {
    const { rows, errors } = read(
      incidentsCsv({}, { ID: '8' }),
      attributionsCsv({}, { attribution_date: '9 May' }, { incident_ID: '8' }),
    );
    expect(rows.map(({ record }) => record)).toEqual(['8']);
    expect(errors).toEqual([
      { table: 'incidents', row: 2, reason: 'row 3 of the attributions is bad' },
      { table: 'attributions', row: 3, reason: 'attribution_date is not a date YYYY-MM-DD' },
    ]);
  });

  it('an attribution of no incident, an incident without attribution', () => {
    const { rows, errors } = read(incidentsCsv({}), attributionsCsv({ incident_ID: '9' }));
    expect(rows).toEqual([]);
    expect(errors).toEqual([
      { table: 'incidents', row: 2, reason: 'no attribution' },
      { table: 'attributions', row: 2, reason: 'no incident 9 could be read' },
    ]);
  });

  it.each([
    ["['a', 'b'", 'cut off'],
    ["['a',]", 'trailing comma'],
    ["['a' 'b']", 'joined strings'],
    ["[f'a']", 'a prefix'],
    ["[['a', ['b']]]", 'a third level'],
    ["['\\N{BULLET}']", 'an escape repr() does not write'],
    ["['\\ud800']", 'a lone surrogate'],
    ["['a'] + ['b']", 'an expression'],
    ['[1]', 'a number'],
    [`[${"'a', ".repeat(5000)}'a']`, 'too many elements'],
  ])('a list cell that is no Python list of strings: %s', (cell) => {
    const { rows, errors } = read(incidentsCsv({ sources_url: cell }), attributionsCsv({}));
    expect(rows).toEqual([]);
    expect(errors[0]!.reason).toMatch(/^sources_url is not a Python list/);
  });

  it('attributions are never silently cut at sixty-four', () => {
    const many = Array.from({ length: 65 }, (_, index) => ({ attribution_ID: `${index}.0` }));
    const { rows, errors } = read(incidentsCsv({}), attributionsCsv(...many));
    expect(rows).toEqual([]);
    expect(errors[0]!.reason).toBe('more than 64 attributions of one incident');
  });
});
