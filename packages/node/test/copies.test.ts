import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptCheckpoint, appendCopy, copyState } from '../src/log/copies.ts';
import { proveConsistency } from '../src/log/proofs.ts';
import { fsck } from '../src/log/fsck.ts';
import type { Store } from '../src/store/store.ts';
import { OtherLog, plainEntries } from './log-fixture.ts';
import { storeKinds, type TestPlace } from './stores.ts';

describe.each(storeKinds)('copies of others’ logs on $name', ({ place: makePlace }) => {
  const name = 'log.example/b';
  const log = new OtherLog(name, plainEntries(700));
  const keys = [log.signer.key];
  const context = { party: 'p', now: 7 };
  let place: TestPlace;
  let store: Store;

  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
  });
  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  const accept = (note: string, consistency: { from: number; path: Uint8Array[] }) =>
    store.transact((tx) => acceptCheckpoint(tx, note, keys, consistency, context));
  const append = (start: number, entries: Uint8Array[]) =>
    store.transact((tx) => appendCopy(tx, name, start, entries));
  const alarms = async () =>
    (await store.reader.selectFrom('alarms').selectAll().execute()).filter(
      (alarm) => alarm.cleared_at === null,
    );

  it('accepts the first checkpoint and later ones with a consistency proof', async () => {
    expect(await accept(log.note(3), { from: 0, path: [] })).toMatchObject({ ok: true });
    const next = await accept(log.note(300), log.consistency(3, 300));
    expect(next).toMatchObject({ ok: true, value: { isNew: true } });
    const again = await accept(log.note(300), { from: 0, path: [] });
    expect(again).toMatchObject({ ok: true, value: { isNew: false } });
  });

  it('says consistency-not-shown without a proof, with alarm, and clears it when shown', async () => {
    await accept(log.note(3), { from: 0, path: [] });
    for (const bad of [
      { from: 3, path: [] },
      { from: 0, path: [] },
      { from: 3, path: log.consistency(2, 300).path },
    ]) {
      expect(await accept(log.note(300), bad)).toMatchObject({ code: 'consistency-not-shown' });
    }
    expect(await alarms()).toMatchObject([{ code: 'consistency-not-shown', party: 'p' }]);
    await accept(log.note(300), log.consistency(3, 300));
    expect(await alarms()).toEqual([]);
  });

  it('keeps two notes of one size and different roots as fork evidence, with an alarm', async () => {
    await accept(log.note(3), { from: 0, path: [] });
    const forked = new OtherLog(name, plainEntries(3, 1)).note(3);
    expect(await accept(forked, { from: 0, path: [] })).toMatchObject({ code: 'fork' });
    const [evidence] = await store.reader.selectFrom('evidence').selectAll().execute();
    expect(evidence).toMatchObject({ kind: 'log-fork', party: 'p' });
    expect(JSON.parse(evidence?.body ?? '')).toEqual([log.note(3), forked].sort());
    expect(await alarms()).toMatchObject([{ code: 'log-fork' }]);
  });

  it('does not call another branch of another size a fork', async () => {
    await accept(log.note(3), { from: 0, path: [] });
    const branch = new OtherLog(name, plainEntries(9, 1));
    const shown = await accept(branch.note(9), branch.consistency(3, 9));
    expect(shown).toMatchObject({ code: 'consistency-not-shown' });
    expect(await store.reader.selectFrom('evidence').selectAll().execute()).toEqual([]);
  });

  it('refuses notes that the log did not sign', async () => {
    const stranger = new OtherLog(name, plainEntries(3), 78);
    expect((await accept(stranger.note(3), { from: 0, path: [] })).ok).toBe(false);
  });

  it('builds tiles only from entries that a checkpoint verifies', async () => {
    expect(await append(0, log.entries.slice(0, 400))).toMatchObject({
      value: { kept: 400, verified: 0 },
    });
    await accept(log.note(300), { from: 0, path: [] });
    expect(await copyState(store.reader, name)).toEqual({ kept: 400, verified: 300 });
    await accept(log.note(600), log.consistency(300, 600));
    expect(await append(400, log.entries.slice(400))).toMatchObject({
      value: { kept: 700, verified: 600 },
    });
    expect(await proveConsistency(store.reader, name, 5, 600)).toEqual(
      log.consistency(5, 600).path,
    );
    expect(await fsck(store.reader, name, () => keys)).toMatchObject({ ok: true, entries: 600 });
  });

  it('drops entries that contradict the accepted checkpoint and takes the right ones after', async () => {
    await accept(log.note(300), { from: 0, path: [] });
    await append(0, log.entries.slice(0, 300));
    await accept(log.note(600), log.consistency(300, 600));
    const wrong = await append(300, plainEntries(300, 5));
    expect(wrong).toMatchObject({ ok: false, code: 'entries-wrong' });
    expect(await copyState(store.reader, name)).toEqual({ kept: 300, verified: 300 });
    expect(await append(300, log.entries.slice(300, 600))).toMatchObject({ ok: true });
  });

  it('says where a gap begins and skips what it has', async () => {
    await append(0, log.entries.slice(0, 10));
    expect(await append(11, log.entries.slice(11, 12))).toMatchObject({
      code: 'entries-gap',
      detail: '10',
    });
    expect(await append(5, log.entries.slice(5, 20))).toMatchObject({ value: { kept: 20 } });
    expect(await append(0, log.entries.slice(0, 5))).toMatchObject({ value: { kept: 20 } });
  });

  it('accepts a checkpoint by copied entries, older or newer, without a proof', async () => {
    await accept(log.note(300), { from: 0, path: [] });
    await append(0, log.entries.slice(0, 500));
    expect(await accept(log.note(100), { from: 0, path: [] })).toMatchObject({ ok: true });
    expect(await accept(log.note(450), { from: 0, path: [] })).toMatchObject({ ok: true });
    const branch = new OtherLog(name, plainEntries(500, 1));
    expect(await accept(branch.note(100), { from: 0, path: [] })).toMatchObject({ code: 'fork' });
    const small = await accept(branch.note(99), { from: 0, path: [] });
    expect(small).toMatchObject({ code: 'consistency-not-shown' });
  });
});
