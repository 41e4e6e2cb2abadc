import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  concatBytes,
  equalBytes,
  readU32be,
  readU64be,
  u32be,
  u64be,
} from '../src/bytes.ts';
import { InvariantError } from '../src/result.ts';
import * as native from '../src/primitives/native-text.ts';
import * as portable from '../src/primitives/portable-text.ts';

const codecs = [
  ['hex', native.encodeHex, native.decodeHex, portable.encodeHex, portable.decodeHex],
  [
    'base64',
    native.encodeBase64,
    native.decodeBase64,
    portable.encodeBase64,
    portable.decodeBase64,
  ],
  [
    'base64url',
    native.encodeBase64Url,
    native.decodeBase64Url,
    portable.encodeBase64Url,
    portable.decodeBase64Url,
  ],
] as const;

describe.each(codecs)('%s', (_, encode, decode, encodePortable, decodePortable) => {
  it('reads what it writes, alike in both implementations', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const text = encode(bytes);
        expect(encodePortable(bytes)).toBe(text);
        expect(decode(text)).toEqual(bytes);
        expect(decodePortable(text)).toEqual(bytes);
      }),
    );
  });

  it('reads nothing else, alike in both implementations, short and long', () => {
    const digits = fc.constantFrom(...Array.from('abAB019+/-_= \n\u0000é€'));
    fc.assert(
      fc.property(fc.string({ unit: digits, maxLength: 12 }), fc.nat(2), (text, padding) => {
        for (const whole of [text, 'ABCD'.repeat(padding * 40) + text]) {
          const bytes = decode(whole);
          expect(decodePortable(whole)).toEqual(bytes);
          if (bytes !== null) expect(encode(bytes)).toBe(whole);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('strict decoders', () => {
  it.each(['AA', 'AA=', 'AAA', 'AB==', 'AAB=', 'AA==\n', ' AA==', 'A===', '====', 'AA-_', 'AAAA='])(
    'base64 refuses %j',
    (text) => {
      for (const { decodeBase64 } of [native, portable]) {
        expect(decodeBase64(text)).toBeNull();
        expect(decodeBase64('AAAA'.repeat(40) + text)).toBeNull();
      }
    },
  );

  it.each(['A', 'AA==', 'AB', 'AAB', 'AA+/', 'AAAAA'])('base64url refuses %j', (text) => {
    for (const { decodeBase64Url } of [native, portable]) {
      expect(decodeBase64Url(text)).toBeNull();
      expect(decodeBase64Url('AAAA'.repeat(40) + text)).toBeNull();
    }
  });

  it.each(['0', 'AB', '0g', ' 00', '0x', '00\n'])('hex refuses %j', (text) => {
    for (const { decodeHex } of [native, portable]) {
      expect(decodeHex(text)).toBeNull();
      expect(decodeHex('00'.repeat(100) + text)).toBeNull();
    }
  });

  it('UTF-8 refuses overlong forms, surrogates and cut characters, and keeps a byte order mark', () => {
    for (const bytes of [
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xe2, 0x82],
      [0xff],
      [0xf4, 0x90, 0x80, 0x80],
    ]) {
      expect(native.decodeText(Uint8Array.from(bytes))).toBeNull();
    }
    expect(native.decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });
});

describe('bytes', () => {
  it('orders bytewise, a prefix first', () => {
    expect(compareBytes(Uint8Array.of(1, 255), Uint8Array.of(2))).toBeLessThan(0);
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0);
    expect(compareBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(0);
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
    expect(concatBytes(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3))).toEqual(
      Uint8Array.of(1, 2, 3),
    );
  });

  it('writes and reads big-endian numbers up to 2^53 − 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(readU64be(u64be(value), 0)).toBe(value);
        expect(readU32be(u32be(value % 2 ** 32), 0)).toBe(value % 2 ** 32);
      }),
    );
    expect(readU64be(Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0), 0)).toBeNull();
    expect(readU64be(new Uint8Array(8), 1)).toBeNull();
    expect(readU32be(new Uint8Array(3), 0)).toBeNull();
    expect(() => u64be(2 ** 53)).toThrow(InvariantError);
    expect(() => u64be(-1)).toThrow(InvariantError);
    expect(() => u32be(2 ** 32)).toThrow(InvariantError);
  });
});
