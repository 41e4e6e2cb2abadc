/** Which receipt of a statement counts, out of all proofs of it that are kept. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chain } from '@comity/record';
import { receiptsOf } from '../src/dockets/receipts.ts';
import type { StoredStatement } from '../src/dockets/stored-statement.ts';
import { insertRows } from '../src/store/insert-rows.ts';
import type { Store } from '../src/store/store.ts';
import { storeKinds, type TestPlace } from './stores.ts';

const statement = 'e'.repeat(64);
const [p1, p2, p3] = ['1'.repeat(64), '2'.repeat(64), '3'.repeat(64)] as const;

interface Receipt {
  party: string;
  origin: string;
  index: number;
}

/** A party that left the log `old` for `new`. */
function chainOf(party: string): Chain {
  const versions = ['old', 'new'].map((origin) => ({ origin, body: { log: { previous: null } } }));
  const chain = { party, exercise: true, versions, delegations: [], frozen: false };
  return chain as unknown as Chain;
}

const chains = new Map([p1, p2, p3].map((party) => [party, chainOf(party)]));
const deps = { self: 'f'.repeat(64), ownOrigin: 'own' };
const stored = { row: { id: statement, held_index: null, held_size: null } } as StoredStatement;

describe.each(storeKinds)('receipts on $name', ({ place: makePlace }) => {
  let place: TestPlace;
  let store: Store;
  beforeAll(async () => {
    place = await makePlace();
    store = await place.open();
  });
  afterAll(async () => {
    await store.close();
    await place.remove();
  });

  /** The entry of p1 that counts where all these receipts are kept. */
  async function countsOf(receipts: readonly Receipt[]): Promise<string[]> {
    const rows = receipts.map(({ party, origin, index }) => ({
      ...{ statement, party, role: 'held' as const, origin, log_index: index, size: index + 1 },
      ...{ list_digest: '', proof: '', taken_at: 0 },
    }));
    await store.transact(async (tx) => {
      await tx.deleteFrom('proofs').execute();
      await insertRows(tx, 'proofs', rows, 'keep');
    });
    const counting = (await receiptsOf(store.reader, deps, [stored], chains)).get(statement) ?? [];
    return counting
      .filter(({ party }) => party === p1)
      .map(({ place: { origin, index } }) => `${origin}#${index}`);
  }

  it('the older log comes first, whoever else receipted', async () => {
    const own = [
      { party: p1, origin: 'new', index: 3 },
      { party: p1, origin: 'old', index: 500 },
    ];
    expect(await countsOf(own)).toEqual(['old#500']);
    expect(await countsOf([...own, { party: p2, origin: 'two', index: 100 }])).toEqual(['old#500']);
  });

  it('rows of others change nothing', async () => {
    const receiptOf = (...parties: string[]) =>
      fc.record({
        party: fc.constantFrom(...parties),
        origin: fc.constantFrom('old', 'new'),
        index: fc.nat(20),
      });
    const property = fc.asyncProperty(
      fc.array(receiptOf(p1), { minLength: 1, maxLength: 4 }),
      fc.array(receiptOf(p2, p3), { maxLength: 8 }),
      async (own, others) => {
        expect(await countsOf([...own, ...others])).toEqual(await countsOf(own));
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
