/**
 * Runs a group of tests on both sets of primitives: `node:crypto` and the portable one that
 * browsers get. The whole of `record` is loaded anew for each.
 */
import { beforeAll, describe, expect, vi } from 'vitest';

export type RecordModule = typeof import('../src/index.ts');

/** `body` gets a function that gives the loaded module, to be called inside tests. */
export function describeOnBoth(title: string, body: (record: () => RecordModule) => void): void {
  describe.each(['native', 'portable'] as const)(`${title} (%s primitives)`, (which) => {
    let record: RecordModule | null = null;
    beforeAll(async () => {
      vi.resetModules();
      vi.doUnmock('../src/primitives/native.ts');
      if (which === 'portable') {
        vi.doMock('../src/primitives/native.ts', () => import('../src/primitives/portable.ts'));
      }
      record = await import('../src/index.ts');
      const expected = await import(`../src/primitives/portable.ts`);
      // The mock must have taken, or one implementation would be tested twice.
      expect(record.ed25519Verify === expected.ed25519Verify).toBe(which === 'portable');
    });
    body(() => {
      if (record === null) throw new Error('not loaded yet');
      return record;
    });
  });
}

/** A seed of 32 equal bytes. */
export function seedOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}
