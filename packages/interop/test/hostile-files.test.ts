import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readEurepoc, readFiat, readTable } from '../src/index.ts';
import { attributionsCsv, bytesOf, fiatCsv, incidentsCsv } from './invented-tables.ts';

/** A file with some of its bytes replaced. */
const mutated = (text: string) =>
  fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }).map((changes) => {
    const bytes = bytesOf(text);
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return bytes;
  });

it('a mutated file never throws, and what is read of it is whole', () => {
  const fiat = fiatCsv({}, { case_hash: 'NORTH002' }, { case_hash: 'NORTH003' });
  fc.assert(
    fc.property(mutated(fiat), (bytes) => {
      for (const { key, body } of readFiat(bytes).rows) {
        expect(key).toMatch(/^[0-9a-f]{64}$/);
        expect(body.answers).toHaveLength(18);
      }
    }),
    { numRuns: 150 },
  );
});

it('mutated tables of incidents never throw', () => {
  const incidents = incidentsCsv({}, { ID: '8' });
  const attributions = bytesOf(attributionsCsv({}, { incident_ID: '8' }));
  fc.assert(
    fc.property(mutated(incidents), (bytes) => {
      for (const { body } of readEurepoc(bytes, attributions).rows) {
        expect(body.allegations).toHaveLength(1);
      }
    }),
    { numRuns: 150 },
  );
});

it('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => {
      readTable(bytes, []);
      expect(readFiat(bytes).rows).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it('a million stray quotation marks end after a bounded number of errors', () => {
  const table = readTable(bytesOf(`a,b\n${'x"y,1\n'.repeat(1_000_000)}`), ['a']);
  expect(table.rows).toEqual([]);
  expect(table.errors).toHaveLength(1_001);
  expect(table.errors.at(-1)!.reason).toMatch(/the rest was not read/);
});

it('an open quotation mark in front of megabytes is followed for one record only', () => {
  const table = readTable(bytesOf(`a,b\n"x,1\n${'x,1\n'.repeat(500_000)}`), ['a']);
  expect(table.errors[0]!.reason).toMatch(/longer than 262144 characters/);
  expect(table.rows.length).toBe(100_000);
});
