import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeText } from '../src/bytes.ts';
import {
  canonicalJson,
  canonicalJsonBytes,
  parseCanonicalJson,
  type JsonValue,
} from '../src/json.ts';
import { jsonDepthMax } from '../src/limits.ts';
import { InvariantError } from '../src/result.ts';

const bytesMax = 1_000_000;

function codeOf(text: string): string | null {
  const parsed = parseCanonicalJson(encodeText(text), bytesMax);
  return parsed.ok ? null : parsed.code;
}

/** RFC 8785 said once more, as plainly as it can be, for the values that signed JSON has. */
function plainly(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(plainly).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${plainly(inner)}`).join(',')}}`;
}

const name = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.nat(20).map(String),
  fc.constant('__proto__'),
);
const { value: anyValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((n) => (n === 0 ? 0 : n)),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map(
      // As JSON.parse does it: `__proto__` is a member like others.
      (entries) => JSON.parse(JSON.stringify(Object.fromEntries(entries))) as JsonValue,
    ),
  ),
}));

describe('canonical JSON', () => {
  it('sorts as RFC 8785, 3.2.3, by UTF-16 code units', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const value = Object.fromEntries(names.map((each, i) => [each, i]));
    expect(canonicalJson(value)).toBe(
      '{"\\r":1,"1":3,"\u0080":5,"\u00f6":6,"\u20ac":0,"\ud83d\ude00":4,"\ufb33":2}',
    );
  });

  it('sorts names that are array indices as text', () => {
    expect(canonicalJson({ '10': 1, '9': 2, a: { '2': 0, '11': 0 } })).toBe(
      '{"10":1,"9":2,"a":{"11":0,"2":0}}',
    );
    expect(codeOf('{"10":1,"9":2}')).toBeNull();
    expect(codeOf('{"9":2,"10":1}')).toBe('bad-text');
  });

  it('reads back every value that it writes, and agrees with JSON.parse', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = canonicalJson(value);
        expect(text).toBe(plainly(value));
        const parsed = parseCanonicalJson(canonicalJsonBytes(value), bytesMax);
        if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text));
        else expect(parsed.detail).toBe('characters that are refused');
      }),
      { numRuns: 500 },
    );
  });

  it('reads a text only if it is the canonical form of what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), (text) => {
        const parsed = parseCanonicalJson(encodeText(text), bytesMax);
        if (!parsed.ok) return;
        expect(plainly(JSON.parse(text) as JsonValue)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('is not the form of a value after any change of one byte, or it is another value', () => {
    const bytes = canonicalJsonBytes({ a: [1, -20, 'x\n"é'], b: { c: null, d: true }, e: '' });
    const original = parseCanonicalJson(bytes, bytesMax);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        const parsed = parseCanonicalJson(changed, bytesMax);
        if (parsed.ok) expect(parsed).not.toEqual(original);
      }
    }
  });

  it.each([
    ['white space', '{"a": 1}'],
    ['a final line feed', '{}\n'],
    ['a byte order mark', '\ufeff{}'],
    ['names out of order', '{"b":1,"a":2}'],
    ['a duplicate name', '{"a":1,"a":1}'],
    ['a duplicate __proto__', '{"__proto__":1,"__proto__":1}'],
    ['a fraction', '1.5'],
    ['a fraction of zero', '1.0'],
    ['an exponent', '1e2'],
    ['minus zero', '-0'],
    ['a leading zero', '01'],
    ['2^53', '9007199254740992'],
    ['−2^53', '-9007199254740992'],
    ['an odd escape of a letter', '"\\u0061"'],
    ['an escaped solidus', '"\\/"'],
    ['an upper-case escape', '"\\u000B"'],
    ['an escape that has a short form', '"\\u000a"'],
    ['a lone surrogate', '"\\ud800"'],
    ['a lone surrogate in a name', '{"\\udc00":1}'],
    ['a lone surrogate among names out of enumeration order', '{"10":"\\ud800","9":1}'],
    ['a surrogate pair in escapes', '"\\ud83d\\ude00"'],
    ['a control character', '"\\u0007"'],
    ['a carriage return', '"\\r"'],
    ['a tab', '"\\t"'],
    ['DEL', '"\u007f"'],
    ['a control character in a name', '{"\\b":1}'],
    ['a bidirectional override', '"\u202e"'],
    ['text that is not NFC', '"e\u0301"'],
    ['an unassigned code point', '"\u{e01f0}"'],
    ['a raw line feed in a string', '"\n"'],
    ['NaN', 'NaN'],
    ['two values', '1 2'],
    ['a comma too many', '[1,]'],
    ['a comment', '1/**/'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(codeOf(text)).toBe('bad-text');
  });

  it('takes ±(2^53 − 1), line feeds, and a backslash before a letter', () => {
    for (const text of [
      '9007199254740991',
      '-9007199254740991',
      '"\\n"',
      '"\\\\t"',
      '"\\\\u0007"',
    ]) {
      expect(codeOf(text)).toBeNull();
    }
  });

  it('refuses bytes that are not UTF-8', () => {
    const parsed = parseCanonicalJson(Uint8Array.of(0x22, 0xff, 0x22), bytesMax);
    expect(parsed.ok ? null : parsed.code).toBe('bad-text');
  });

  it('says where the text is that it refuses', () => {
    const parsed = parseCanonicalJson(encodeText('{"a/b":["x","\\u0000"]}'), bytesMax);
    expect(parsed).toMatchObject({ ok: false, code: 'bad-text', path: '/a~1b/1' });
  });

  it('takes 64 levels and not 65', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(codeOf(nested(jsonDepthMax))).toBeNull();
    expect(codeOf(nested(jsonDepthMax + 1))).toBe('bad-text');
    expect(codeOf(nested(100_000))).toBe('bad-text');
    expect(codeOf('['.repeat(500_000))).toBe('bad-text');
    const objects = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
    expect(codeOf(objects(jsonDepthMax))).toBeNull();
    expect(codeOf(objects(jsonDepthMax + 1))).toBe('bad-text');
  });

  it('takes as many bytes as it is told and not one more', () => {
    expect(parseCanonicalJson(encodeText('"abc"'), 5).ok).toBe(true);
    const parsed = parseCanonicalJson(encodeText('"abcd"'), 5);
    expect(parsed.ok ? null : parsed.code).toBe('too-large');
  });

  it('keeps __proto__ a member like others', () => {
    const parsed = parseCanonicalJson(encodeText('{"__proto__":{"x":1}}'), bytesMax);
    expect(parsed.ok && Object.hasOwn(parsed.value as object, '__proto__')).toBe(true);
    expect(parsed.ok && Object.getPrototypeOf(parsed.value)).toBe(Object.prototype);
  });

  it('throws for values of our own that signed JSON cannot hold', () => {
    const sparse: JsonValue[] = [1];
    sparse[2] = 1;
    const bad = [1.5, -0, 2 ** 53, NaN, Infinity, '\ud800', { '\ud800': 1 }, sparse] as JsonValue[];
    for (const value of [...bad, { a: undefined } as unknown as JsonValue]) {
      expect(() => canonicalJson(value)).toThrow(InvariantError);
    }
    let deep: JsonValue = 1;
    for (let i = 0; i <= jsonDepthMax; i++) deep = [deep];
    expect(() => canonicalJson(deep)).toThrow(InvariantError);
  });
});
