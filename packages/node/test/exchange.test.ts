/** The exchange of statements between real stores, by direct function calls. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
});
afterEach(async () => {
  await world.close();
});

const rowsOf = (party: TestParty) => party.node.storage.store.reader;

async function outbox(party: TestParty) {
  return rowsOf(party).selectFrom('outbox').selectAll().execute();
}

async function receipt(party: TestParty, id: string, by: TestParty) {
  return rowsOf(party)
    .selectFrom('proofs')
    .selectAll()
    .where('statement', '=', id)
    .where('party', '=', by.id)
    .where('role', '=', 'held')
    .executeTakeFirst();
}

describe('a statement', () => {
  it('is logged, sent, held and receipted', async () => {
    const id = await a.message(b, 'test of the channel');
    await world.settle();
    const held = await rowsOf(b)
      .selectFrom('statements')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(held.held_index).not.toBeNull();
    expect(await receipt(a, id, b)).toMatchObject({ log_index: held.held_index });
    world.clock.advance(120_000);
    await world.settle();
    expect(await outbox(a)).toEqual([]);
    expect(await outbox(b)).toEqual([]);
  });
});
