/** What a counterpart's requests can make us queue. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lostPerAnswerMax } from '../src/exchange/limits.ts';
import { answerRequests } from '../src/exchange/requests.ts';
import type { ComingRequest } from '../src/exchange/requests.ts';
import { makeWorld } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
let start: number;

const lostCount = 2 * lostPerAnswerMax + 100;
const nameOf = (n: number) => n.toString(16).padStart(64, '0');

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
  start = 1000;
  await keepStatementsOf(a);
});
afterEach(async () => {
  await world.close();
});

const store = () => b.node.storage.store;
const checkpoint: ComingRequest = { type: 'request', what: 'checkpoint' };

/** Takes note of a pouch of Northland with these requests; gives the indexes that were queued. */
async function pouch(requests: ComingRequest[], size = start): Promise<number[]> {
  await store().transact((tx) => tx.deleteFrom('outbox').execute());
  await store().transact((tx) => answerRequests(tx, a.id, requests, size, 0));
  const rows = await store()
    .reader.selectFrom('outbox')
    .select('ref')
    .where('item', '=', 'statement')
    .orderBy('id')
    .execute();
  return rows.map(({ ref }) => Number.parseInt(ref, 16));
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('a restored party that asks for what its log lost', () => {
  it('gets a bounded portion, once a pouch, and goes on where the last one ended', async () => {
    const end = start + lostCount;
    const [second, third] = [start + lostPerAnswerMax, start + 2 * lostPerAnswerMax];
    expect(await pouch([checkpoint, checkpoint])).toEqual(range(start, second));
    // The queue is empty: what came was covered, yet it is not sent again before the rest was.
    expect(await pouch([checkpoint])).toEqual(range(second, third));
    expect(await pouch([])).toEqual(range(third, end));
    expect(await pouch([])).toEqual([]);
    expect(await pouch([checkpoint])).toEqual(range(start, second));
  });

  it('begins anew when it was restored to another size meanwhile', async () => {
    await pouch([checkpoint]);
    const from = start + 10;
    expect(await pouch([checkpoint], from)).toEqual(range(from, from + lostPerAnswerMax));
  });
});

/** Statements as if Northland had said, or held, the one of each index of its log from `start` on. */
async function keepStatementsOf(party: TestParty): Promise<void> {
  const origin = party.node.keys.logSigner.key.name;
  // Addressed to Northland; only that counts here.
  const { envelope } = await store()
    .reader.selectFrom('statements')
    .select('envelope')
    .where('author', '=', b.id)
    .where('kind', '=', 'channel.pair')
    .executeTakeFirstOrThrow();
  const base = {
    kind: 'channel.message',
    chain: 'duty',
    prior: null,
    made: '2027-01-15T08:00:00Z',
    envelope,
    list_digest: nameOf(0),
    anchor_lines: '[]',
    said_size: start + lostCount,
    own: 0,
    held_origin: null,
    held_index: null,
    held_size: null,
    refused: null,
    introduced_by: null,
    logged_at: 0,
    docket: nameOf(1),
  };
  const rows = range(start, start + lostCount).map((index) => {
    const isSaid = index % 3 !== 0;
    const author = isSaid ? party.id : b.id;
    const said_origin = isSaid ? origin : 'other.example/log';
    return { ...base, id: nameOf(index), author, said_origin, said_index: index };
  });
  const held = rows
    .filter(({ author }) => author === b.id)
    .map(({ id, said_index }) => ({
      statement: id,
      party: party.id,
      role: 'held' as const,
      origin,
      log_index: said_index,
      size: start + lostCount,
      list_digest: nameOf(0),
      proof: 'x',
      taken_at: 0,
    }));
  await store().transact(async (tx) => {
    for (let at = 0; at < rows.length; at += 100) {
      await tx
        .insertInto('statements')
        .values(rows.slice(at, at + 100))
        .execute();
    }
    for (let at = 0; at < held.length; at += 100) {
      await tx
        .insertInto('proofs')
        .values(held.slice(at, at + 100))
        .execute();
    }
  });
}
