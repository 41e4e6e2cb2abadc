/** spec/accord.md says what the code does: tables, reasons, rules, and who enforces what. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kinds, obligationRules, refusalCodes, voidReasons } from '../src/index.ts';
import { specTables } from './spec-tables.ts';

const folder = new URL('../../../', import.meta.url);
const spec = readFileSync(new URL('spec/accord.md', folder), 'utf8');
/** Padding in cells and rules is the formatter's. */
const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---');

it.each(Object.entries(specTables))('the table %s is the one that runs', (_heading, table) => {
  expect(plain(spec)).toContain(table);
});

it('names every kind, void reason, refusal code and obligation rule', () => {
  for (const name of [...Object.keys(kinds), ...voidReasons, ...refusalCodes, ...obligationRules]) {
    expect(spec, name).toContain(`\`${name}\``);
  }
});

describe('invariants', () => {
  const invariants = [...spec.matchAll(/^(\d+)\. (?:.|\n(?!\d+\. |\n))*/gm)].map(([text]) => text);

  it('are numbered, and each says what enforces it', () => {
    expect(invariants.length).toBeGreaterThan(20);
    invariants.forEach((text, at) => {
      expect(text.startsWith(`${at + 1}. `), text).toBe(true);
      expect(text).toContain('*Enforced by*');
    });
  });

  it('name files that exist', () => {
    const files = [...spec.matchAll(/`((?:src|test)\/[a-z0-9/.-]+\.ts)`/g)].map(([, file]) => file);
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      expect(existsSync(new URL(`packages/accord/${file}`, folder)), file).toBe(true);
    }
  });
});
