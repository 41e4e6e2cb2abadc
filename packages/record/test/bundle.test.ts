import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeText, parseBundle, verifyBundle, writeBundle } from '../src/index.ts';
import type { Bundle, JsonValue, VerifyReport } from '../src/index.ts';
import { smallDocket, testDocket, testMeaning } from './test-docket.ts';

const { north, south, bundle } = await testDocket();
const bytes = writeBundle(bundle);

function verify(encoded: Uint8Array, trust: string[] = [north.id, south.id]): VerifyReport {
  return verifyBundle(encoded, { trust, meaning: testMeaning });
}

describe('a bundle', () => {
  it('is written in one way and read back', () => {
    const parsed = parseBundle(bytes);
    if (!parsed.ok) throw new Error(parsed.path);
    expect(writeBundle(parsed.value)).toEqual(bytes);
    const mixed: Bundle = {
      ...bundle,
      envelopes: bundle.envelopes.toReversed(),
      credentials: bundle.credentials.toReversed(),
      proofs: bundle.proofs.toReversed(),
      heartbeats: bundle.heartbeats.toReversed(),
    };
    expect(writeBundle(mixed)).toEqual(bytes);
  });

  it('has nothing twice, nothing out of order, nothing that is not known', () => {
    const [first] = bundle.envelopes;
    if (first === undefined) throw new Error();
    const twice = { ...bundle, envelopes: [...bundle.envelopes, first] };
    expect(() => writeBundle(twice)).toThrow('/envelopes');
    const value = JSON.parse(new TextDecoder().decode(bytes)) as { [k: string]: JsonValue[] };
    const path = (change: object): string => {
      const sorted = Object.entries({ ...value, ...change }).sort(([a], [b]) => (a < b ? -1 : 1));
      const result = parseBundle(encodeText(JSON.stringify(Object.fromEntries(sorted))));
      return result.ok ? 'ok' : result.path;
    };
    expect(path({})).toBe('ok');
    for (const name of ['envelopes', 'credentials', 'proofs', 'heartbeats']) {
      expect(path({ [name]: value[name]?.toReversed() })).toBe(`/${name}`);
      expect(path({ [name]: [null] })).toBe(`/${name}`);
      expect(path({ [name]: {} })).toBe(`/${name}`);
    }
    expect(path({ comment: 'unsigned' })).toBe('');
    expect(path({ comityBundle: 2 })).toBe('/comityBundle');
    expect(path({ witnesses: [] })).toBe('/witnesses');
    expect(path({ delegations: [] })).toBe('/delegations');
  });

  it('any bytes: never throws, never valid', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (foreign) => {
        expect(verify(foreign).verdict).toBe('invalid');
      }),
      { numRuns: 100 },
    );
    expect(verify(bytes.subarray(0, 100)).verdict).toBe('invalid');
    expect(verify(encodeText('null')).verdict).toBe('invalid');
  });

  it('any JSON in any place: never throws, never valid', () => {
    const value = JSON.parse(new TextDecoder().decode(bytes)) as JsonValue;
    const paths = allPaths(value, []);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), (path, foreign) => {
        const changed = encodeText(JSON.stringify(replaced(value, path, foreign as JsonValue)));
        if (Buffer.from(changed).equals(bytes)) return;
        expect(verify(changed).verdict).not.toBe('valid');
      }),
      { numRuns: 200 },
    );
  });
});

describe('one changed byte', () => {
  it('anywhere in a small bundle is never valid', { timeout: 240_000 }, async () => {
    const small = await smallDocket();
    const encoded = writeBundle(small.bundle);
    expect(verify(encoded, small.trusted).verdict).toBe('valid');
    const survivors: number[] = [];
    for (let at = 0; at < encoded.length; at++) {
      const changed = encoded.with(at, (encoded[at] ?? 0) ^ (1 << (at % 7)));
      if (verify(changed, small.trusted).verdict === 'valid') survivors.push(at);
    }
    expect(survivors).toEqual([]);
  });

  it('anywhere in a larger one, any other value, is never valid (sampled)', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = bytes.with(at, (bytes[at] ?? 0) ^ mask);
        expect(verify(changed).verdict).not.toBe('valid');
      }),
      { numRuns: process.env['SLOW'] === '1' ? 5_000 : 300 },
    );
  });

  it('added, taken away or exchanged with its neighbour is never valid (sampled)', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 2), fc.constantFrom('add', 'drop', 'swap'), (at, how) => {
        const list = [...bytes];
        if (how === 'add') list.splice(at, 0, list[at] ?? 0);
        else if (how === 'drop') list.splice(at, 1);
        else list.splice(at, 2, list[at + 1] ?? 0, list[at] ?? 0);
        const changed = Uint8Array.from(list);
        if (Buffer.from(changed).equals(bytes)) return;
        expect(verify(changed).verdict).not.toBe('valid');
      }),
      { numRuns: 100 },
    );
  });
});

function allPaths(value: JsonValue, path: (string | number)[]): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([k, v]) => allPaths(v, [...path, k]))];
}

function replaced(value: JsonValue, path: (string | number)[], by: JsonValue): JsonValue {
  const [first, ...rest] = path;
  if (first === undefined || typeof value !== 'object' || value === null) return by;
  if (Array.isArray(value)) {
    return value.map((item, i) => (String(i) === String(first) ? replaced(item, rest, by) : item));
  }
  const inner = value[first] ?? null;
  return { ...value, [first]: replaced(inner, rest, by) };
}
