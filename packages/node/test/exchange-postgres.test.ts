/** The same exchange where one side keeps its records in PostgreSQL. */
import { describe, expect, it } from 'vitest';
import { add, confirm, incidentBody, makeWorld } from './parties.ts';
import { storeKinds } from './stores.ts';

const postgres = storeKinds.find((kind) => kind.name === 'PostgreSQL');

describe.skipIf(postgres === undefined)('two parties on PostgreSQL (COMITY_TEST_POSTGRES)', () => {
  it('pair, exchange, agree, and leave nothing in any queue', async () => {
    const world = await makeWorld(postgres);
    try {
      const a = await world.party('Northland');
      const b = await world.party('Southmark');
      await add(a, b);
      await add(b, a);
      await confirm(a, b);
      await confirm(b, a);
      const pass = async () => {
        for (let round = 0; round < 12; round += 1) {
          world.clock.advance(60_000);
          await world.settle();
          await a.exchange.chores();
          await b.exchange.chores();
          await world.settle();
        }
      };
      await pass();
      const opening = await a.say('incident.notify', [b], incidentBody('Scan'));
      await pass();
      const dockets = (party: typeof a) =>
        party.node.storage.store.reader
          .selectFrom('dockets')
          .select(['id', 'input_digest', 'state_digest'])
          .where('id', '=', opening)
          .execute();
      expect(await dockets(a)).toHaveLength(1);
      expect(await dockets(b)).toEqual(await dockets(a));
      for (const party of [a, b]) {
        const { reader } = party.node.storage.store;
        expect(await reader.selectFrom('outbox').select(['item', 'ref']).execute()).toEqual([]);
        expect(await reader.selectFrom('alarms').select('code').execute()).toEqual([]);
      }
      const file = await a.exchange.hand.exportFor(b.id);
      if (file === null) throw new Error('no file');
      expect(await b.exchange.hand.importFile(file.sealed)).toMatchObject({ ok: true });
    } finally {
      await world.close();
    }
  });
});
