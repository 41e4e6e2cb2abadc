import { describe, expect, it } from 'vitest';
import { parseBundle, verifyBundle, writeBundle } from '../src/index.ts';
import { testDocket, testMeaning } from './test-docket.ts';

const { north, south, bundle, raised, answered } = await testDocket();
const trust = [north.id, south.id];
const bytes = writeBundle(bundle);
const verify = (changed = bytes, trusted = trust) =>
  verifyBundle(changed, { trust: trusted, meaning: testMeaning });

describe('bundle', () => {
  it('is valid', () => {
    const report = verify();
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report).toMatchObject({
      verdict: 'valid',
      completeness: expect.stringContaining('complete to the heads that all confirmed at 20'),
    });
  });
  it('p', () => {
    const parsed = parseBundle(bytes);
    expect(parsed.ok && writeBundle(parsed.value)).toEqual(bytes);
    console.log(bytes.length, JSON.stringify(verify(), null, 1));
    void raised;
    void answered;
  });
});
