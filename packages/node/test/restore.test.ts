import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cosign, formatCheckpoint, formatNote, formatVkey, signNote } from '@comity/record';
import { fsck } from '../src/log/fsck.ts';
import type { EntryRun, PublishedCheckpoint, Sequencer } from '../src/log/jobs.ts';
import { ownProof } from '../src/log/proofs.ts';
import type { Store } from '../src/store/store.ts';
import { heldJob, logSigner, openLog, origin, other, saidJob, signer } from './log-fixture.ts';
import { putBack, tablesOf } from './old-copy.ts';
import { storeKinds, type TestPlace } from './stores.ts';

const witness = signer('witness.example/w', 0x04, 50);
const vkey = formatVkey(witness.key);
const keysOf = (of: string) => (of === origin ? [logSigner.key] : []);

describe.each(storeKinds)('restore on $name', ({ place: makePlace }) => {
  let place: TestPlace;
  let store: Store;
  let log: Sequencer;
  let highWater: string;

  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
    highWater = join(place.folder, 'state', 'high-water');
    log = await openLog(store, place, { witnesses: [vkey] });
    await Promise.all(['a', 'b', 'c'].map((text) => log.said(saidJob(text))));
  });
  afterEach(async () => {
    await log.close();
    await store.close();
    await place.remove();
  });

  /**
   * Says `more` and then brings the database back to what it was before, keeping the high-water
   * file: what a restored backup looks like. Gives what the others hold.
   */
  async function loseLast(more: () => Promise<unknown>): Promise<{
    newest: PublishedCheckpoint;
    run: EntryRun;
  }> {
    const before = log.newest()?.size ?? 0;
    const past = await tablesOf(store);
    await more();
    const newest = log.newest() as PublishedCheckpoint;
    const rows = await store.reader
      .selectFrom('entries')
      .select('entry')
      .where('log_index', '>=', before)
      .orderBy('log_index')
      .execute();
    await log.close();
    await putBack(store, past);
    log = await openLog(store, place, { witnesses: [vkey] });
    return { newest, run: { start: before, entries: rows.map(({ entry }) => entry) } };
  }

  const say =
    (...texts: string[]) =>
    () =>
      Promise.all(texts.map((text) => log.said(saidJob(text))));
  const alarms = () =>
    store.reader
      .selectFrom('alarms')
      .select(['code', 'detail'])
      .where('cleared_at', 'is', null)
      .execute();
  const exhausted = (...parties: string[]) => ({ exhausted: new Set(parties) });
  const cosigned = (note: string): string => note + cosign(note, witness, 1_800_000_001);
  const confirm = (id: string) =>
    store.transact((tx) =>
      tx
        .insertInto('parties')
        .values({ id, state: 'confirmed', name: id, added_at: 0, frozen: 0, direct_url: null })
        .execute(),
    );

  it('signs nothing when the database is behind the high-water file', async () => {
    await loseLast(say('d'));
    expect(log.blocked).toBe('restored');
    expect(await log.said(saidJob('e'))).toMatchObject({ code: 'restored' });
    expect(log.newest()?.size).toBe(3);
    await log.close();
    log = await openLog(store, place);
    expect(log.blocked).toBe('restored');
  });

  it.each([
    ['another root', (text: string) => text.replace(/[0-9a-f]{64}\n$/, `${'0'.repeat(64)}\n`)],
    ['another origin', (text: string) => text.replace(origin, 'log.example/z')],
    ['cut', (text: string) => text.slice(0, -5)],
    ['empty', () => ''],
    ['more lines', (text: string) => `${text}x\n`],
  ])('signs nothing when the high-water file is damaged: %s', async (_, damage) => {
    await log.close();
    await writeFile(highWater, damage(await readFile(highWater, 'utf8')));
    log = await openLog(store, place);
    expect(log.blocked).toBe('restored');
  });

  it('takes lost entries from a counterpart’s copy and goes on without a fork', async () => {
    const held = heldJob('theirs');
    let receipt = '';
    const { newest, run } = await loseLast(async () => {
      await say('d', 'e')();
      await log.held([held]);
      receipt = await ownProof(store.reader, held.id, 'held');
    });
    const stated = [{ by: vkey, note: cosigned(newest.note) }];
    expect(await log.clearRestore(stated)).toMatchObject({
      code: 'entries-needed',
      detail: '3-6',
    });
    expect(log.blocked).toBe('restored');
    expect(await log.clearRestore(stated, [run])).toEqual({ ok: true, value: { size: 6 } });
    expect(log.blocked).toBeNull();
    // What comes back finds its old entry and the same receipt; what is new comes after.
    expect(await log.said(saidJob('d'))).toMatchObject({ value: { index: 3 } });
    expect(await log.held([held])).toMatchObject({ value: [{ index: 5 }] });
    expect(await ownProof(store.reader, held.id, 'held')).toBe(receipt);
    // Until the last is back nothing else of ours is said.
    expect(log.awaited).toBe(1);
    expect(await log.said(saidJob('f'))).toMatchObject({ code: 'statements-awaited' });
    expect(await alarms()).toMatchObject([{ code: 'statements-awaited' }]);
    expect(await log.said(saidJob('e'))).toMatchObject({ value: { index: 4 } });
    expect(await log.said(saidJob('f'))).toMatchObject({ value: { index: 6, size: 7 } });
    expect(await alarms()).toEqual([]);
    expect(await fsck(store.reader, origin, keysOf)).toMatchObject({
      ok: true,
      entries: 7,
    });
    await log.close();
    log = await openLog(store, place);
    expect(log.blocked).toBeNull();
  });

  it('waits for the statements of its entries over a restart, until they are given up', async () => {
    const { newest, run } = await loseLast(say('d', 'e'));
    const stated = [{ by: vkey, note: cosigned(newest.note) }];
    expect(await log.clearRestore(stated, [run])).toEqual({ ok: true, value: { size: 5 } });
    await log.close();
    log = await openLog(store, place);
    expect(log).toMatchObject({ blocked: null, awaited: 2 });
    const together = await Promise.all(['d', 'f'].map((text) => log.said(saidJob(text))));
    expect(together).toMatchObject([{ value: { index: 3 } }, { code: 'statements-awaited' }]);
    const held = heldJob('theirs');
    expect(await log.held([held])).toMatchObject({ value: [{ index: 5 }] });
    expect(await log.giveUpAwaited()).toBe(1);
    expect(log.awaited).toBe(0);
    expect(await alarms()).toMatchObject([
      { code: 'statements-lost', detail: expect.stringContaining('restore: 4.') },
    ]);
    await log.close();
    log = await openLog(store, place);
    expect(log.awaited).toBe(0);
    expect(await log.said(saidJob('f'))).toMatchObject({ value: { index: 6 } });
    // It comes late, and has its place nevertheless.
    expect(await log.said(saidJob('e'))).toMatchObject({ value: { index: 4 } });
    expect(await fsck(store.reader, origin, keysOf)).toMatchObject({ ok: true, entries: 7 });
  });

  it('ends the log when entries that it had signed are with nobody any more', async () => {
    await confirm(other);
    await loseLast(say('d', 'e'));
    const mark = await readFile(highWater, 'utf8');
    const stated = [{ by: other, note: log.newest()?.note ?? '' }];
    expect(await log.clearRestore(stated, [])).toMatchObject({
      code: 'entries-needed',
      detail: '3-5',
    });
    expect(log.blocked).toBe('restored');
    const ended = { code: 'log-ended', detail: '3' };
    expect(await log.clearRestore(stated, [], exhausted(other))).toMatchObject(ended);
    expect(await alarms()).toMatchObject([
      { code: 'log-ended', detail: expect.stringContaining('comity credentials new-log') },
    ]);
    // For good: neither a start, nor the lost entries, nor an officer's word begin it again.
    for (let start = 0; start < 2; start += 1) {
      expect(log.blocked).toBe('ended');
      expect(await log.said(saidJob('f'))).toMatchObject({ code: 'log-ended' });
      expect(await log.held([heldJob(`theirs ${start}`)])).toMatchObject({ code: 'restored' });
      expect(await log.clearRestore([], [], { nobodyElse: true })).toMatchObject(ended);
      expect(log.newest()?.size).toBe(3);
      expect(await readFile(highWater, 'utf8')).toBe(mark);
      await log.close();
      log = await openLog(store, place);
    }
  });

  it('ends the log at the largest checkpoint that can be rebuilt', async () => {
    await confirm(other);
    await confirm('33'.repeat(32));
    let middle = '';
    const { newest, run } = await loseLast(async () => {
      await say('d')();
      middle = log.newest()?.note ?? '';
      await say('e')();
    });
    const stated = [
      { by: other, note: middle },
      { by: '33'.repeat(32), note: newest.note },
    ];
    const copy = { start: 3, entries: run.entries.slice(0, 1), by: other };
    expect(await log.clearRestore(stated, [copy], exhausted(other))).toMatchObject({
      code: 'entries-needed',
    });
    const all = exhausted(other, '33'.repeat(32));
    expect(await log.clearRestore(stated, [copy], all)).toMatchObject({
      code: 'log-ended',
      detail: '4',
    });
    expect(log.newest()?.size).toBe(4);
    expect(await fsck(store.reader, origin, keysOf)).toMatchObject({ ok: true, entries: 4 });
  });

  it('ends the log of a party without counterparts by an officer’s word only', async () => {
    const { newest } = await loseLast(say('d'));
    const stated = [{ by: vkey, note: cosigned(newest.note) }];
    expect(await log.clearRestore(stated)).toMatchObject({ code: 'entries-needed' });
    expect(await log.clearRestore(stated, [], { nobodyElse: true })).toMatchObject({
      code: 'log-ended',
      detail: '3',
    });
    expect(log.blocked).toBe('ended');
  });

  it('does not end the log by the word of a witness while a counterpart is silent', async () => {
    await confirm(other);
    const { newest } = await loseLast(say('d'));
    const stated = [{ by: vkey, note: cosigned(newest.note) }];
    expect(await log.clearRestore(stated, [], exhausted(other))).toMatchObject({
      code: 'entries-needed',
    });
    expect(log.blocked).toBe('restored');
  });

  it('takes good entries of one counterpart beside false ones of another', async () => {
    await confirm(other);
    const { newest, run } = await loseLast(say('d', 'e'));
    const entries = run.entries.map((entry) => entry.map((byte) => byte ^ 1));
    const copies = [
      { ...run, entries, by: '33'.repeat(32) },
      { ...run, by: other },
    ];
    const stated = [{ by: other, note: newest.note }];
    expect(await log.clearRestore(stated, copies)).toEqual({ ok: true, value: { size: 5 } });
  });

  it('refuses entries that do not give the stated checkpoint, and changes nothing', async () => {
    const { newest, run } = await loseLast(say('d', 'e'));
    const wrong = { start: 3, entries: run.entries.map((entry) => entry.map((byte) => byte ^ 1)) };
    const stated = [{ by: vkey, note: cosigned(newest.note) }];
    expect(await log.clearRestore(stated, [wrong])).toMatchObject({ code: 'entries-wrong' });
    expect(await store.reader.selectFrom('entries').selectAll().execute()).toHaveLength(3);
    expect(await log.clearRestore(stated, [run])).toMatchObject({ ok: true });
  });

  it('wants every counterpart when no witness has spoken', async () => {
    await confirm(other);
    await confirm('33'.repeat(32));
    const { newest, run } = await loseLast(say('d'));
    const one = { by: other, note: newest.note };
    expect(await log.clearRestore([one], [run])).toMatchObject({ code: 'not-enough-stated' });
    const none = { by: '33'.repeat(32), note: null };
    expect(await log.clearRestore([one, none], [run])).toMatchObject({ ok: true });
  });

  it('does not take the word of a witness without its cosignature', async () => {
    const { newest, run } = await loseLast(say('d'));
    const bare = { by: vkey, note: newest.note };
    expect(await log.clearRestore([bare], [run])).toMatchObject({ code: 'not-enough-stated' });
    const stranger = signer('witness.example/w', 0x04, 51);
    const false1 = { by: vkey, note: newest.note + cosign(newest.note, stranger, 5) };
    expect(await log.clearRestore([false1], [run])).toMatchObject({ code: 'not-enough-stated' });
  });

  it('refuses notes that are not ours', async () => {
    await loseLast(say('d'));
    const text = formatCheckpoint({ origin, size: 9, root: new Uint8Array(32) });
    const note = formatNote(text, [signNote(text, signer(origin, 0x01, 60))]);
    expect(await log.clearRestore([{ by: vkey, note }])).toMatchObject({ code: 'bad-checkpoint' });
  });

  it('stays blocked when what was stated is another tree than ours', async () => {
    await log.close();
    await rm(highWater);
    log = await openLog(store, place, { witnesses: [vkey] });
    const text = formatCheckpoint({ origin, size: 2, root: new Uint8Array(32) });
    const note = cosigned(formatNote(text, [signNote(text, logSigner)]));
    expect(await log.clearRestore([{ by: vkey, note }])).toMatchObject({ code: 'fork' });
    expect(log.blocked).toBe('restored');
  });

  it('needs an officer’s word when nobody else could ever have had the log', async () => {
    await log.close();
    await rm(highWater);
    log = await openLog(store, place, { witnesses: [vkey] });
    expect(await log.clearRestore([], [], { nobodyElse: true })).toMatchObject({
      code: 'not-enough-stated',
    });
    await log.close();
    log = await openLog(store, place);
    expect(await log.clearRestore([])).toMatchObject({ code: 'nobody-to-ask' });
    expect(await log.clearRestore([], [], { nobodyElse: true })).toEqual({
      ok: true,
      value: { size: 3 },
    });
    expect(await log.said(saidJob('d'))).toMatchObject({ value: { index: 3 } });
  });

  it('parks what it takes in while blocked and logs it afterwards', async () => {
    const { newest, run } = await loseLast(say('d'));
    const held = heldJob('theirs');
    expect(await log.held([held])).toMatchObject({ code: 'restored', detail: 'parked' });
    await log.held([held]);
    await log.close();
    log = await openLog(store, place, { witnesses: [vkey] });
    await log.clearRestore([{ by: vkey, note: cosigned(newest.note) }], [run]);
    await expect.poll(() => log.newest()?.size).toBe(5);
    await expect
      .poll(() => store.reader.selectFrom('parked').selectAll().execute())
      .toHaveLength(0);
    const row = await store.reader
      .selectFrom('statements')
      .select(['envelope', 'held_index'])
      .where('id', '=', held.id)
      .executeTakeFirst();
    expect(row).toEqual({ envelope: held.envelopeBytes, held_index: 4 });
  });

  it('is blocked at once when another shows a checkpoint of ours that we do not have', async () => {
    expect(await log.observe(log.newest()?.note ?? '')).toBe('known');
    expect(await log.observe('nonsense')).toBe('ignored');
    const text = formatCheckpoint({ origin, size: 9, root: new Uint8Array(32).fill(1) });
    const forged = formatNote(text, [signNote(text, signer(origin, 0x01, 60))]);
    expect(await log.observe(forged)).toBe('ignored');
    const note = formatNote(text, [signNote(text, logSigner)]);
    expect(await log.observe(note)).toBe('restored');
    expect(await log.said(saidJob('d'))).toMatchObject({ code: 'restored' });
    await log.close();
    log = await openLog(store, place);
    expect(log.blocked).toBe('restored');
    expect(await alarms()).toMatchObject([
      { code: 'restored', detail: expect.stringContaining('a configured witness (there is one)') },
    ]);
  });

  it('finds a copied home without its high-water file restored', async () => {
    await cp(highWater, `${highWater}.kept`);
    await rm(highWater);
    await log.close();
    log = await openLog(store, place);
    expect(log.blocked).toBe('restored');
  });
});
