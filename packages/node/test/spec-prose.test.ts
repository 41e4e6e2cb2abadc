/** spec/record.md and spec/exchange.md: numbered rules with who enforces them; tables as in the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusalCodes } from '@comity/accord';
import * as limits from '../src/exchange/limits.ts';
import { requestBytesMax } from '../src/witness/request.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const exchange = read('spec/exchange.md');
const section = (heading: string) =>
  exchange.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
const rulesOf = (page: string) =>
  [...page.matchAll(/^\d+\. (?:.|\n(?!\d+\. |\n))*/gm)].map(([rule]) => rule);

describe.each([
  ['spec/record.md', 'packages/record/'],
  ['spec/exchange.md', 'packages/node/'],
])('the rules of %s', (path, home) => {
  const rules = rulesOf(read(path));

  it('are numbered, and each says what enforces it', () => {
    expect(rules.length).toBeGreaterThan(80);
    rules.forEach((rule, at) => {
      expect(rule.startsWith(`${at + 1}. `), rule).toBe(true);
      expect(rule).toContain('*Enforced by* `');
    });
  });

  it('name files that exist', () => {
    const file = /`((?:packages\/[a-z]+\/)?(?:src|test)\/[a-z0-9/.-]+\.ts)`/g;
    const files = [...read(path).matchAll(file)].map(([, name = '']) => name);
    expect(files.length).toBeGreaterThan(80);
    for (const name of files) {
      const place = name.startsWith('packages/') ? name : `${home}${name}`;
      expect(existsSync(new URL(place, root)), place).toBe(true);
    }
  });
});

describe('the tables of spec/exchange.md', () => {
  it('have every refusal code', () => {
    const codes = [...section('Refusals').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
    expect(codes.sort()).toEqual([...refusalCodes].sort());
  });

  it('have every limit that others can meet, with its value', () => {
    const rows = [...section('Limits').matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)];
    const written = rows.map(([, name, value]) => [name, Number(value?.replaceAll(',', ''))]);
    const inner = new Set(['automaticAttemptsMax', 'confirmAgainMs', 'confirmLookMs']);
    for (const name of ['passOnPerSweepMax', 'passOnWatchedMax', 'perPouchMax', 'sqlListMax']) {
      inner.add(name);
    }
    const foreign = Object.entries(limits).filter(([name]) => !inner.has(name));
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(foreign));
    expect(section('Witness')).toContain(`over ${requestBytesMax.toLocaleString('en')} bytes`);
  });

  it('have every alarm', () => {
    const source = new URL('packages/node/src/', root);
    const raised = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [
        ...readFileSync(new URL(name, source), 'utf8').matchAll(
          /code: '([a-z-]+)', (?:party|about)\b/g,
        ),
      ])
      .map(([, code]) => code);
    const alarms = section('Alarms and evidence');
    const written = [...alarms.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
    expect(written.sort()).toEqual([...new Set(raised)].sort());
  });
});

it('spec/README.md has a place for each of the 27 rulings, and names rules that exist', () => {
  const rows = [...read('spec/README.md').matchAll(/^\| (\d+) \| [^|]+ \| ([^|]+) \|$/gm)];
  expect(rows.map(([, ruling]) => Number(ruling))).toEqual(
    Array.from({ length: 27 }, (_, at) => at + 1),
  );
  for (const [, ruling, places = ''] of rows) {
    const named = [...places.matchAll(/(record|exchange|accord) ([\d, –]*\d)/g)];
    expect(named, `ruling ${ruling}`).not.toEqual([]);
    for (const [, page, numbers = ''] of named) {
      const count = rulesOf(read(`spec/${page}.md`)).length;
      for (const number of numbers.split(/\D+/)) {
        expect(Number(number), `${page} ${numbers}`).toBeLessThanOrEqual(count);
      }
    }
  }
});
