/**
 * Rules of the house for this package: engineering.md, "Style".
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as native from '../src/primitives/native.ts';
import * as portable from '../src/primitives/portable.ts';

const folder = new URL('../src/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const sourceOf = (name: string) => readFileSync(new URL(name, folder), 'utf8');

describe('record', () => {
  it('offers the same names in both sets of primitives', () => {
    expect(Object.keys(portable).sort()).toEqual(Object.keys(native).sort());
  });

  it.each(files.filter((name) => !name.startsWith('primitives/native')))(
    'runs in a browser: %s',
    (name) => {
      const source = sourceOf(name).replace(/\/\*[^]*?\*\/|\/\/.*/g, '');
      expect(source).not.toMatch(/['"]node:|\bBuffer\b|\bprocess\./);
    },
  );

  it.each(files)('has no clock and no randomness of its own: %s', (name) => {
    expect(sourceOf(name)).not.toMatch(
      /Date\.now|new Date\(\)|Math\.random|randomBytes|getRandomValues/,
    );
  });

  it('names every export', () => {
    for (const name of files) expect(sourceOf(name), name).not.toMatch(/^export \*/m);
  });
});
