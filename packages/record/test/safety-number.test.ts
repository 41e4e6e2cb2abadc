import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { safetyNumber } from '../src/index.ts';

const north = { party: '11'.repeat(32), credentials: '22'.repeat(32) };
const south = { party: '33'.repeat(32), credentials: '44'.repeat(32) };

/** The derivation once more, by node:crypto alone. */
function half(party: string, credentials: string): string {
  const identity = Buffer.from(party + credentials, 'hex');
  let hash = createHash('sha256').update('comity/safety-number/v1\n').update(identity).digest();
  for (let i = 1; i < 5200; i++) hash = createHash('sha256').update(hash).update(identity).digest();
  return Array.from({ length: 6 }, (_, g) =>
    (BigInt(`0x${hash.subarray(g * 5, g * 5 + 5).toString('hex')}`) % 100_000n)
      .toString()
      .padStart(5, '0'),
  ).join(' ');
}

describe('safety number', () => {
  it('is sixty digits in twelve groups', () => {
    expect(safetyNumber(north, south)).toMatch(/^(\d{5} ){11}\d{5}$/);
  });

  it('is the same from both sides, the half of the lower identifier first', () => {
    expect(safetyNumber(north, south)).toBe(safetyNumber(south, north));
    expect(safetyNumber(north, south)).toBe(
      `${half(north.party, north.credentials)} ${half(south.party, south.credentials)}`,
    );
  });

  it('changes with either credentials', () => {
    const rotated = { ...south, credentials: '45'.repeat(32) };
    expect(safetyNumber(north, rotated)).not.toBe(safetyNumber(north, south));
    expect(safetyNumber(north, rotated).slice(0, 35)).toBe(safetyNumber(north, south).slice(0, 35));
  });

  it('of a party with itself there is none', () => {
    expect(() => safetyNumber(north, north)).toThrow('itself');
    expect(() => safetyNumber({ ...north, party: 'x' }, south)).toThrow('identifier');
  });
});
