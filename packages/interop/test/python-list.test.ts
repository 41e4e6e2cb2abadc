import { describe, expect, it } from 'vitest';
import { parsePythonList } from '../src/index.ts';

describe('Python lists as repr() writes them', () => {
  it.each<[string, unknown]>([
    ['[]', []],
    ["['a', 'b']", ['a', 'b']],
    [`["People's Front", 'b']`, ["People's Front", 'b']],
    ["[['a'], ['b', 'c'], []]", [['a'], ['b', 'c'], []]],
    ["[[None], None, 'None']", [[null], null, 'None']],
    [
      "['a\\xa0b', '\\u2019', '\\U0001f600', '\\\\', '\\'', '\\n']",
      ['a\u00a0b', '\u2019', '😀', '\\', "'", '\n'],
    ],
  ])('%s', (cell, value) => {
    expect(parsePythonList(cell)).toEqual({ ok: true, value });
  });

  it.each([
    '',
    ' []',
    '[] ',
    "['a','b']",
    "[ 'a']",
    "['a\nb']",
    "['\\xZZ']",
    "['\\x4']",
    '[None',
    '[Nonesuch]',
    "['a'][",
    'None',
  ])('refuses %j', (cell) => {
    expect(parsePythonList(cell)).toMatchObject({ ok: false, code: 'bad-list' });
  });
});
