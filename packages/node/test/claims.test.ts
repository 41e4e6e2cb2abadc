/** One log, one party: who claims another's log or key is not let in. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { add, makeWorld } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
});
afterEach(async () => {
  await world.close();
});

const originOf = (party: TestParty) => party.node.keys.logSigner.key.name;

async function partiesOf(party: TestParty): Promise<string[]> {
  const rows = await party.node.desk.store.reader.selectFrom('parties').select('id').execute();
  return rows.map(({ id }) => id);
}

describe('credentials that claim the log of another party', () => {
  it('are refused by the party whose log it is, which goes on logging', async () => {
    const mallory = await world.party('Mallory', { origin: originOf(a) });
    await expect(add(a, mallory)).rejects.toThrow('bad-schema /log/origin');
    expect(await partiesOf(a)).not.toContain(mallory.id);
    await world.pair(a, b);
    await a.message(b, 'still here');
    await world.settle();
  });

  it('are refused by a third party that knows whose log it is', async () => {
    await add(b, a);
    const mallory = await world.party('Mallory', { origin: originOf(a) });
    await expect(add(b, mallory)).rejects.toThrow('bad-schema /log/origin');
    expect(await partiesOf(b)).not.toContain(mallory.id);
  });
});
