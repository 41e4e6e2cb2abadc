/** Beginning another log where one has ended, in the sequencer alone, with its crash window. */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityToRecipient } from 'age-encryption';
import { formatVkey } from '@comity/record';
import type { JsonValue } from '@comity/record';
import { firstCredentials } from '../src/home/first-credentials.ts';
import { makeNodeKeys } from '../src/home/node-keys.ts';
import { blockedWords } from '../src/log/blocked-words.ts';
import type { SaidJob, Sequencer } from '../src/log/jobs.ts';
import { makeOfficerSecret } from '../src/officers/key-files.ts';
import type { Store } from '../src/store/store.ts';
import { heldJob, openLog, origin, other, saidJob, signer } from './log-fixture.ts';
import { putBack, tablesOf } from './old-copy.ts';
import { storeKinds, type TestPlace } from './stores.ts';

const next = signer(`${origin}/2`, 0x01, 3);

/** Credentials as a draft has them; who signed does not matter to the sequencer. */
async function credentialsJob(log: { [member: string]: JsonValue }): Promise<SaidJob> {
  const random = (bytes: number) => new Uint8Array(bytes).fill(7);
  const officers = [makeOfficerSecret('One', (n) => new Uint8Array(n).fill(8))];
  const keys = await makeNodeKeys('first.example/log', false, (n) => {
    seed += 1;
    return new Uint8Array(n).fill(seed);
  });
  const sealing = [await identityToRecipient(keys.sealingIdentities[0] ?? '')];
  const party = { name: 'A', functions: ['state'], officers, keys, direct: null, now: 0 };
  const { statement } = firstCredentials({ ...party, sealing }, random);
  const body = { ...statement.body, version: 2, previous: 'ab'.repeat(32), log };
  return { ...saidJob('credentials', { kind: 'party.credentials', to: [], body }), docket: '' };
}
let seed = 100;

describe.each(storeKinds)('another log on $name', ({ place: makePlace }) => {
  let place: TestPlace;
  let store: Store;
  let log: Sequencer;
  let past: Awaited<ReturnType<typeof tablesOf>>;
  const highWater = () => join(place.folder, 'state', 'high-water');
  const open = (logSigner = signer(origin, 0x01, 1)) =>
    openLog(store, place, { logSigner, nextLogSigner: () => next });

  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
    log = await open();
    await log.said(saidJob('a'));
    await log.said(saidJob('b'));
    past = await tablesOf(store);
    await log.said(saidJob('c'));
    await log.close();
    await putBack(store, past);
    await store.transact((tx) =>
      tx
        .insertInto('parties')
        .values({
          id: other,
          state: 'confirmed',
          name: 'b',
          added_at: 0,
          frozen: 0,
          direct_url: null,
        })
        .execute(),
    );
    log = await open();
    const stated = [{ by: other, note: log.newest()?.note ?? '' }];
    await log.clearRestore(stated, [], { exhausted: new Set([other]) });
    expect(log.blocked).toBe('ended');
  });
  afterEach(async () => {
    await log.close();
    await store.close();
    await place.remove();
  });

  const nextLog = (previous: { [member: string]: JsonValue }) => ({
    origin: next.key.name,
    keys: [formatVkey(next.key)],
    previous,
  });

  it.each([
    ['another final size', { origin, size: 3 }],
    ['another log before it', { origin: 'log.example/z', size: 2 }],
  ])('is not begun by credentials that state %s', async (_, previous) => {
    const job = await credentialsJob(nextLog(previous));
    expect(await log.said(job)).toMatchObject({ code: 'log-ended' });
    expect(log.blocked).toBe('ended');
    expect(log.newest()).toMatchObject({ origin, size: 2 });
  });

  it('is begun once, logs what was parked, and knows an older copy of itself', async () => {
    await log.held([heldJob('parked')]);
    await copyFile(highWater(), join(place.folder, 'before'));
    const job = await credentialsJob(nextLog({ origin, size: 2 }));
    const both = await Promise.all([log.said(job), log.said(job)]);
    for (const one of both) expect(one).toMatchObject({ ok: true, value: { index: 0, size: 1 } });
    expect(log.blocked).toBeNull();
    await expect.poll(() => log.newest()).toMatchObject({ origin: next.key.name, size: 2 });
    await log.close();

    log = await open(next);
    expect(log.blocked).toBeNull();
    expect(log.newest()).toMatchObject({ origin: next.key.name, size: 2 });
    // An older copy of it is a restored one like any other.
    await log.close();
    await copyFile(join(place.folder, 'before'), highWater());
    log = await open(next);
    // The file names a log of ours that ended: what others hold of this one can be checked.
    expect(log).toMatchObject({ blocked: 'restored', otherLog: null });
  });

  it('is not begun again, nor asked for in vain, in a copy from before it began', async () => {
    const { size } = log.newest() ?? { size: 0 };
    expect(log.otherLog).toBeNull();
    await log.said(await credentialsJob(nextLog({ origin, size })));
    const made = `copy of the home that was made after ${next.key.name} began`;
    const wordsOf = ({ blocked, otherLog }: Sequencer) =>
      blocked === null
        ? ''
        : blockedWords(store.reader, { blocked, origin, otherLog, witnesses: 1 });

    // One in which the log before it has ended.
    await log.close();
    await putBack(store, past);
    log = await open();
    expect([log.blocked, log.otherLog]).toEqual(['ended', next.key.name]);
    const job = await credentialsJob(nextLog({ origin, size }));
    expect(await log.said(job)).toMatchObject({ code: 'log-ended' });
    expect(await wordsOf(log)).toContain(made);
    expect(await wordsOf(log)).not.toContain('new-log');

    // And one in which it has not.
    await log.close();
    await store.transact((tx) =>
      tx.deleteFrom('meta').where('key', '=', `log-ended/${origin}`).execute(),
    );
    log = await open();
    expect([log.blocked, log.otherLog]).toEqual(['restored', next.key.name]);
    expect(await wordsOf(log)).toContain(made);
    const alarms = store.reader
      .selectFrom('alarms')
      .select('detail')
      .where('code', '=', 'restored');
    const standing = await alarms.where('cleared_at', 'is', null).execute();
    expect(standing).toEqual([{ detail: expect.stringContaining(made) }]);
  });

  it('goes on after a kill between its first commit and its high-water record', async () => {
    await copyFile(highWater(), join(place.folder, 'before'));
    await log.said(await credentialsJob(nextLog({ origin, size: 2 })));
    await log.close();
    await copyFile(join(place.folder, 'before'), highWater());
    log = await open(next);
    expect(log.blocked).toBeNull();
    expect(await readFile(highWater(), 'utf8')).toContain(`\n${next.key.name}\n1\n`);
    expect(await log.said(saidJob('d'))).toMatchObject({ code: 'stale-draft' });
  });
});
