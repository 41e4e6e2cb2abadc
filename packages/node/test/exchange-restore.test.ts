/** Restored homes, times from the future, rotated keys: what a channel lives through. */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cosign, encodeBase64, formatCheckpoint, formatVkey } from '@comity/record';
import { makeAfterRestore } from '../src/exchange/after-restore.ts';
import { restoreAnswersMin, restoreEntriesPerPartyMax } from '../src/exchange/limits.ts';
import { makeWorld } from './parties.ts';
import { craftPouch } from './raw-statements.ts';
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

const reader = (party: TestParty) => party.node.storage.store.reader;
const newest = (party: TestParty) => party.node.storage.sequencer.newest();
const database = (home: string) => join(home, 'store', 'comity.sqlite');

async function pass(seconds: number) {
  for (let passed = 0; passed < seconds; passed += 30) {
    world.clock.advance(30_000);
    await world.settle();
  }
}

describe('a home restored from an old copy', () => {
  it('signs nothing until its counterpart has stated its log, then goes on without a fork', async () => {
    const copy = join(a.folder, 'copy.sqlite');
    a = await world.restart(a, (home) => copyFile(database(home), copy));
    const lost = [await a.message(b, 'one'), await a.message(b, 'two')];
    await pass(120);
    const before = newest(a);
    if (before === null) throw new Error('empty log');
    world.network.onSend = () => 'lose';
    a = await world.restart(a, async (home) => {
      await rm(`${database(home)}-wal`, { force: true });
      await rm(`${database(home)}-shm`, { force: true });
      await copyFile(copy, database(home));
    });
    expect(a.node.storage.sequencer.blocked).toBe('restored');
    expect(newest(a)?.size).toBeLessThan(before.size);
    const waiting = await b.message(a, 'are you there');
    await pass(60);
    world.network.onSend = () => 'deliver';
    for (let round = 0; round < 8; round += 1) {
      await a.exchange.chores();
      await pass(60);
    }
    expect(a.node.storage.sequencer.blocked).toBeNull();
    expect(newest(a)?.size).toBeGreaterThanOrEqual(before.size);
    const entries = await reader(b)
      .selectFrom('entries')
      .select('entry')
      .where('origin', '=', before.origin)
      .orderBy('log_index')
      .execute();
    const own = await reader(a)
      .selectFrom('entries')
      .select('entry')
      .where('origin', '=', before.origin)
      .orderBy('log_index')
      .execute();
    expect(own.slice(0, entries.length)).toEqual(entries);
    await pass(360);
    const next = await a.message(b, 'three');
    await pass(360);
    const receipts = await reader(a)
      .selectFrom('proofs')
      .select('statement')
      .where('role', '=', 'held')
      .where('statement', '=', next)
      .execute();
    expect(receipts).toHaveLength(1);
    const held = await reader(a)
      .selectFrom('statements')
      .select('held_index')
      .where('id', '=', waiting)
      .executeTakeFirst();
    expect(held?.held_index).toBeGreaterThan(0);
    const evidence = await reader(b).selectFrom('evidence').select('kind').execute();
    expect(evidence).toEqual([]);
    const back = await reader(a)
      .selectFrom('statements')
      .innerJoin('proofs', 'proofs.statement', 'statements.id')
      .select(['statements.id', 'proofs.party'])
      .where('statements.own', '=', 1)
      .where('proofs.role', '=', 'held')
      .where('statements.id', 'in', lost)
      .execute();
    expect(back.map((row) => row.id).sort()).toEqual(lost.toSorted());
    const orphans = await reader(a).selectFrom('adopted_entries').selectAll().execute();
    expect(orphans).toEqual([]);
  });
});

describe('a log that lacks more entries than are kept of one copy', () => {
  it('waits, since its counterpart has them, and says so', async () => {
    const copy = join(a.folder, 'copy.sqlite');
    a = await world.restart(a, (home) => copyFile(database(home), copy));
    await a.message(b, 'one');
    await pass(120);
    const before = newest(a);
    if (before === null) throw new Error('empty log');
    const rows = await reader(b)
      .selectFrom('entries')
      .select('entry')
      .where('origin', '=', before.origin)
      .orderBy('log_index')
      .execute();
    world.network.onSend = () => 'lose';
    a = await world.restart(a, async (home) => {
      await rm(`${database(home)}-wal`, { force: true });
      await rm(`${database(home)}-shm`, { force: true });
      await copyFile(copy, database(home));
    });
    const start = newest(a)?.size ?? 0;
    const run = { start, entries: rows.slice(start, before.size).map((row) => row.entry) };
    const { storage, keys } = a.node;
    const { sequencer, store } = storage;
    const said: string[] = [];
    const deps = { store, sequencer, keys, clock: world.clock };
    const collector = () =>
      makeAfterRestore({ ...deps, log: (_, message) => void said.push(message) });
    const restore = collector();
    const answer = (...entries: (typeof run)[]) => ({
      sender: b.id,
      ownLog: { notes: [before.note], entries },
      taken: [],
    });
    // A copy of another part of the log fills what is kept; what is to come next finds no room.
    const entries = new Array<Uint8Array>(restoreEntriesPerPartyMax).fill(new Uint8Array(32));
    expect(await restore.heard(answer({ start: start + 1_000, entries }))).toBe(false);
    for (let round = 0; round < restoreAnswersMin + 2; round += 1) {
      expect(await restore.heard(answer(...(round % 2 === 0 ? [run] : [])))).toBe(false);
    }
    expect(sequencer.blocked).toBe('restored');
    const alarm = reader(a).selectFrom('alarms').select(['detail', 'cleared_at']);
    const full = alarm.where('code', '=', 'restore-full');
    expect(await full.execute()).toEqual([
      { detail: expect.stringContaining(b.id), cleared_at: null },
    ]);
    expect(said.filter((message) => message.includes('no room'))).toHaveLength(1);
    // Nothing was lost by it.
    expect(await collector().heard(answer(run))).toBe(true);
    expect(newest(a)?.size).toBe(before.size);
    expect((await full.executeTakeFirstOrThrow()).cleared_at).not.toBeNull();
  }, 60_000);
});

describe('a cosignature', () => {
  it('from the future is entered only when its time has come', async () => {
    await a.message(b, 'to be cosigned');
    await pass(120);
    const checkpoint = newest(a);
    if (checkpoint === null) throw new Error('empty log');
    await a.node.storage.store.transact(async (tx) => {
      await tx.deleteFrom('cosignatures').where('size', '=', checkpoint.size).execute();
    });
    const signer = b.node.keys.witnessSigner;
    const time = world.clock.now() + 1_000;
    const record = {
      type: 'cosignature' as const,
      origin: checkpoint.origin,
      size: checkpoint.size,
      root: encodeBase64(checkpoint.root),
      line: cosign(formatCheckpoint(checkpoint), signer, time),
    };
    const taken = await a.exchange.takeIn(await craftPouch(b, a, [record]));
    expect(taken.ok).toBe(true);
    const lines = () =>
      reader(a)
        .selectFrom('cosignatures')
        .select('time')
        .where('origin', '=', checkpoint.origin)
        .where('size', '=', checkpoint.size)
        .where('vkey', '=', formatVkey(signer.key))
        .execute();
    expect(await lines()).toEqual([]);
    world.clock.advance(720_000);
    await a.exchange.chores();
    expect(await lines()).toEqual([{ time }]);
  });

  it('of a root that is not ours, or by a stranger, is not entered', async () => {
    const checkpoint = newest(a);
    if (checkpoint === null) throw new Error('empty log');
    const wrong = { ...checkpoint, root: new Uint8Array(32).fill(1) };
    const record = {
      type: 'cosignature' as const,
      origin: wrong.origin,
      size: wrong.size,
      root: encodeBase64(wrong.root),
      line: cosign(formatCheckpoint(wrong), b.node.keys.witnessSigner, world.clock.now()),
    };
    const before = await reader(a).selectFrom('cosignatures').selectAll().execute();
    await a.exchange.takeIn(await craftPouch(b, a, [record]));
    const after = await reader(a).selectFrom('cosignatures').selectAll().execute();
    expect(after.length).toBe(before.length);
  });
});
