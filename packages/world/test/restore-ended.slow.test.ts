/** What takes a home minutes after a restore: it waits until its counterpart has answered three times. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../src/index.ts';
import { databaseKinds } from './databases.ts';
import { TestPlace, notification, pair, problemsOf, untilEqual } from './parties.ts';

let place: TestPlace;

beforeEach(async () => {
  place = await TestPlace.make();
});
afterEach(async () => {
  await place.remove();
}, 120_000);

describe.each(databaseKinds)('a home put back from an old copy, on $name', (kind) => {
  it('that signed what nobody else has ends its log, and goes on in another', async () => {
    const north = await place.party({ name: 'Northland', kind });
    const south = await place.party({ name: 'Southmark', kind });
    await Promise.all([north.start(), south.start()]);
    await pair(north, south);
    const kept = await north.message(south, 'Before the copy');
    await north.untilReceived(kept);
    await north.stop();
    await north.database.save();
    await south.stop();
    await north.start();
    await north.message(south, 'Nobody else will ever have this.');
    await north.stop();
    await north.database.putBack();
    await Promise.all([north.start(), south.start()]);
    await north.until('ended', async () => (await north.desk.status()).log.blocked === 'ended');
    const { log, alarms } = await north.desk.status();
    expect(alarms.map(({ code }) => code)).toContain('log-ended');
    expect(log).toMatchObject({ todo: expect.stringContaining('comity credentials new-log') });

    const { draft } = await north.desk.post<{ draft: string }>('/credentials/new-log', {});
    await north.desk.approve(draft);
    const begun = (await north.desk.status()).log;
    expect(begun).toMatchObject({ origin: `${north.origin}/2`, blocked: null });
    const next = await north.message(south, 'In the new log.');
    await north.untilReceived(next);
    await south.untilReceived(await south.message(north, 'Received.'));
    const body = notification('In the new log');
    const act = { kind: 'incident.notify', to: [south.party], docket: null, body };
    await untilEqual(north, south, await north.desk.say(act));

    // The old log stands as it was copied, the new one is copied from its beginning.
    const old = await north.entries(north.origin);
    expect((await south.entries(north.origin)).slice(0, old.length)).toEqual(old);
    const copy = await south.entries(`${north.origin}/2`);
    expect(copy.length).toBeGreaterThan(1);
    expect((await north.entries(`${north.origin}/2`)).slice(0, copy.length)).toEqual(copy);
    for (const party of [north, south]) {
      expect(await party.rows('select kind from evidence')).toEqual([]);
      expect(await problemsOf(party)).toEqual([]);
    }
  }, 400_000);

  it('goes on by the word of its witness while its counterpart is down', async () => {
    const harbour = await place.party({ name: 'Harbour', kind });
    const witnesses = [{ vkey: harbour.witnessVkey, url: `${harbour.url}/witness` }];
    const north = await place.party({ name: 'Northland', kind, witnesses });
    const south = await place.party({ name: 'Southmark', kind });
    await harbour.configure({ witnessFor: [{ vkey: north.logVkey }] });
    await Promise.all([north.start(), south.start(), harbour.start()]);
    await pair(north, south);
    await south.stop();
    await north.until('cosigned', async () => {
      const { witnesses: seen, log } = await north.desk.status();
      return seen.some(({ vkey, size }) => vkey === harbour.witnessVkey && size === log.size);
    });
    await harbour.stop();
    await north.stop();
    await rm(join(place.folder, 'state', `${north.party}.high-water`));
    await north.start();
    expect((await north.desk.status()).log.blocked).toBe('restored');
    await pause(3_000);
    expect((await north.desk.status()).log.blocked).toBe('restored');
    await harbour.start();
    await north.until('goes on', async () => (await north.desk.status()).log.blocked === null);
    const { alarms } = await north.desk.status();
    expect(alarms.map(({ code }) => code)).not.toContain('log-ended');
  }, 400_000);
});
