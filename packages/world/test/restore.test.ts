import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../src/index.ts';
import { databaseKinds } from './databases.ts';
import { TestPlace, notification, pair, problemsOf, untilEqual, update } from './parties.ts';
import type { TestParty } from './parties.ts';

let place: TestPlace;

beforeEach(async () => {
  place = await TestPlace.make();
});
afterEach(async () => {
  await place.remove();
}, 120_000);

const heldByCounterpart = async (party: TestParty, other: TestParty): Promise<string[]> => {
  const rows = await party.rows(
    `select statement from proofs where role = 'held' and party = '${other.party}'`,
  );
  return rows.map((row) => String(row['statement']));
};
const idsOf = async (party: TestParty): Promise<string[]> =>
  (await party.rows('select id from statements')).map((row) => String(row['id']));

/** Nothing of its own goes out while it is blocked, whatever is asked of it and however long. */
async function expectToSignNothing(north: TestParty, south: TestParty): Promise<string> {
  const before = (await north.desk.status()).log;
  expect(before.blocked).toBe('restored');
  const { draft } = await north.desk.post<{ draft: string }>('/drafts', {
    kind: 'channel.message',
    to: [south.party],
    docket: null,
    body: {
      marker: 'information',
      priority: 'ordinary',
      standing: 'official',
      text: 'Said while blocked.',
      language: 'en',
    },
  });
  await expect(north.desk.approve(draft)).rejects.toThrow(/"code":"restored"/u);
  const checkpoint = await fetch(`${north.url}/log/checkpoint`).then((reply) => reply.text());
  // Longer than a heartbeat and some chores.
  await pause(6_000);
  await expect(north.desk.approve(draft)).rejects.toThrow(/"code":"restored"/u);
  const after = (await north.desk.status()).log;
  expect(after).toEqual(before);
  expect(await fetch(`${north.url}/log/checkpoint`).then((reply) => reply.text())).toBe(checkpoint);
  return draft;
}

/** Stops `party` once the other has all of its log: an entry that only it knew would end the log. */
async function stopCopiedWhole(party: TestParty, other: TestParty): Promise<void> {
  for (let whole = false; !whole;) {
    await party.start();
    await party.until('is copied whole', async () => {
      const copied = await other.entries(party.origin);
      return copied.length === (await party.desk.status()).log.size;
    });
    await party.stop();
    const copied = await other.entries(party.origin);
    whole = copied.length === (await party.entries(party.origin)).length;
  }
}

/** Says a message as soon as the node takes one; what it refuses before has to be one of two codes. */
async function sayAtOnce(party: TestParty, to: TestParty, text: string): Promise<string> {
  const refusals: string[] = [];
  let said: string | null = null;
  await party.until('speaks again', async () => {
    said = await party.message(to, text).catch((error: unknown) => {
      refusals.push(String(error));
      return null;
    });
    return said !== null;
  });
  for (const refusal of refusals) {
    expect(refusal).toMatch(/"code":"(?:restored|statements-awaited)"/u);
  }
  return said ?? '';
}

/** Waits until both sides have a docket with the same closed input and the same state. */
async function untilEqualInputs(one: TestParty, other: TestParty, docket: string): Promise<void> {
  await one.until(`equal inputs of ${docket} with ${other.name}`, async () => {
    const query = `select input_digest, state_digest from dockets where id = '${docket}'`;
    const [ours, theirs] = [await one.rows(query), await other.rows(query)];
    return ours.length === 1 && JSON.stringify(ours) === JSON.stringify(theirs);
  });
}

describe.each(databaseKinds)('a home put back from an old copy, on $name', (kind) => {
  it('signs nothing until its counterpart has stated its log, then goes on without a fork or loss', async () => {
    const north = await place.party({ name: 'Northland', kind });
    const south = await place.party({ name: 'Southmark', kind });
    await Promise.all([north.start(), south.start()]);
    await pair(north, south);
    const act = { to: [south.party], body: notification('Before the copy') };
    const docket = await north.desk.say({ ...act, kind: 'incident.notify', docket: null });
    await north.untilReceived(docket);

    // Heartbeats rest until the copy is put back. An entry that only we knew would end our log.
    await Promise.all([north.stop(), south.stop()]);
    await north.database.save();
    for (const party of [north, south]) await party.configure({ heartbeatSeconds: 86_400 });
    await Promise.all([north.start(), south.start()]);

    // All this the copy does not have.
    const lost: string[] = [];
    for (const text of ['first', 'second', 'third']) {
      lost.push(await north.message(south, text));
      const body = update(text);
      lost.push(await north.desk.say({ kind: 'incident.update', to: [south.party], docket, body }));
    }
    const theirs = await south.message(north, 'While you still knew us.');
    for (const id of lost) await north.untilReceived(id);
    await south.untilReceived(theirs);
    await stopCopiedWhole(north, south);
    const before = (await north.entries(north.origin)).length;
    await south.stop();
    await south.configure({ heartbeatSeconds: 2 });
    // What the counterpart has of our log.
    const entriesBefore = await south.entries(north.origin);
    expect(entriesBefore.length).toBeGreaterThan(lost.length);
    await north.database.putBack();
    await north.start();
    expect((await north.desk.status()).log.size).toBeLessThan(before);
    const draft = await expectToSignNothing(north, south);

    // A stop and a start do not make it forget, nor do they end it.
    await north.stop();
    await north.start();
    expect((await north.desk.status()).log.blocked).toBe('restored');

    await south.start();
    const waiting = await south.message(north, 'Are you there?');
    await north.until('goes on', async () => (await north.desk.status()).log.blocked === null);
    const next = await north.message(south, 'We are back.');
    await north.untilReceived(next);
    await south.untilReceived(waiting);

    // Nothing lost: what we had said, what they had said, and what waited for signatures.
    await north.until('has everything again', async () => {
      const [own, receipts] = [await idsOf(north), await heldByCounterpart(north, south)];
      return (
        [...lost, theirs].every((id) => own.includes(id)) &&
        lost.every((id) => receipts.includes(id))
      );
    });
    await north.untilReceived(await north.desk.approve(draft));
    const body = update('After the copy');
    const later = await north.desk.say({
      kind: 'incident.update',
      to: [south.party],
      docket,
      body,
    });
    await north.untilReceived(later);
    await untilEqual(north, south, docket);

    // No fork: one log goes on from what was published, and the counterpart's copy is its beginning.
    const copy = await south.entries(north.origin);
    const own = await north.entries(north.origin);
    expect(own.slice(0, entriesBefore.length)).toEqual(entriesBefore);
    expect(own.slice(0, copy.length)).toEqual(copy);
    expect(copy.length).toBeGreaterThan(entriesBefore.length);
    for (const party of [north, south]) {
      expect(await party.rows('select kind from evidence')).toEqual([]);
      expect(await problemsOf(party)).toEqual([]);
    }
  }, 400_000);

  it('says nothing on top of what it has forgotten, and both sides agree in the end', async () => {
    const heartbeatSeconds = 86_400;
    const north = await place.party({ name: 'Northland', kind, heartbeatSeconds });
    const south = await place.party({ name: 'Southmark', kind, heartbeatSeconds });
    await Promise.all([north.start(), south.start()]);
    await pair(north, south);
    const opening = { kind: 'incident.notify', to: [south.party], docket: null };
    const docket = await north.desk.say({ ...opening, body: notification('Before the copy') });
    await north.untilReceived(docket);
    await south.stop();
    await south.database.save();
    await south.start();
    const reach = { office: 'Duty officer 1', languages: ['en'] };
    const act = { kind: 'incident.acknowledge', to: [north.party], docket, body: { reach } };
    await south.untilReceived(await south.desk.say(act));
    const lost = await south.message(north, 'after the copy');
    await south.untilReceived(lost);
    await stopCopiedWhole(south, north);

    await south.database.putBack();
    await south.start();
    const next = await sayAtOnce(south, north, 'as soon as it may');
    await south.untilReceived(next);
    for (const party of [south, north]) {
      await party.until('shows it as it was meant', async () => {
        const shown = await party.shown(next);
        return shown?.act === 'effective';
      });
      expect(await party.shown(next)).toMatchObject({ prior: lost, reason: null });
    }
    const { docket: channel } = (await south.shown(next)) ?? { docket: '' };
    await untilEqualInputs(south, north, channel);
    await untilEqualInputs(south, north, docket);
    for (const party of [south, north]) {
      const { alarms, log } = await party.desk.status();
      expect(alarms).toEqual([]);
      expect(log).toMatchObject({ blocked: null, awaited: 0 });
      expect(await party.rows('select kind from evidence')).toEqual([]);
      expect(await problemsOf(party)).toEqual([]);
    }
  }, 400_000);
});
