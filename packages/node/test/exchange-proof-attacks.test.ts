/** Proofs of a counterpart's log that say less than they seem to. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeHex, encodeBase64Url } from '@comity/record';
import type { Statement } from '@comity/record';
import { ownProof } from '../src/log/proofs.ts';
import { incidentBody, makeWorld } from './parties.ts';
import type { TestParty, TestWorld } from './parties.ts';
import { craftPouch } from './raw-statements.ts';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
const reader = (party: TestParty) => party.node.storage.store.reader;

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
}, 60_000);
afterEach(async () => await world.close());

const queued = async (id: string): Promise<number> =>
  (
    await reader(a)
      .selectFrom('outbox')
      .select('id')
      .where('item', '=', 'statement')
      .where('ref', '=', id)
      .execute()
  ).length;

it('an entry `said` of our statement in another log is no receipt: it stays in the queue', async () => {
  world.network.onSend = (from) => (from === a.id ? 'lose' : 'deliver');
  const id = await a.say('incident.notify', [b], incidentBody('Answer at once'));
  await world.settle();
  expect(await queued(id)).toBe(1);
  const row = await reader(a)
    .selectFrom('statements')
    .select(['list_digest', 'envelope'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  // Southmark writes it into its own log as if it had said it.
  const listDigest = row.list_digest;
  const logged = await b.node.storage.sequencer.said({
    ...{ id, statement: spoof(), envelopeBytes: row.envelope, docket: 'raw', chain: 'duty' },
    envelope: { payload: new Uint8Array(1), payloadType: 'x', signatures: [] },
    ...{ anchorLines: [], listDigest: decodeHex(listDigest) ?? new Uint8Array() },
    ...{ recipients: [], draft: null },
  });
  expect(logged.ok).toBe(true);
  const proof = await ownProof(reader(b), id, 'said');
  const record = {
    type: 'proof',
    statement: id,
    party: b.id,
    role: 'said',
    listDigest,
    proof,
  } as const;
  const taken = await a.exchange.takeIn(await craftPouch(b, a, [record]));
  expect(taken.ok && taken.value.receipts).toEqual([]);
  expect(await queued(id)).toBe(1);
});

function spoof(): Statement {
  return {
    ...{ comity: 1, kind: 'channel.message', from: b.id, to: [a.id], docket: null, after: [] },
    ...{ prior: null, anchor: [], terms: null, cites: [], made: '2027-01-15T08:00:00Z' },
    ...{ credentials: b.id, nonce: encodeBase64Url(new Uint8Array(randomBytes(16))), body: {} },
  };
}
