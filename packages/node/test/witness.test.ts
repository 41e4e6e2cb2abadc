import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  encodeBase64,
  encodeText,
  formatNote,
  formatVkey,
  noteKey,
  openCheckpoint,
  parseNote,
  parseSignatureLines,
  sha256Hex,
  signNote,
  verifyCosignature,
} from '@comity/record';
import type { Store, StoreTransaction } from '../src/store/store.ts';
import { cosignTaken, registerWitnessedLog } from '../src/witness/add-checkpoint.ts';
import { requestsMax, witnessRoutes } from '../src/witness/routes.ts';
import { OtherLog, plainEntries, signer } from './log-fixture.ts';
import { storeKinds, type TestPlace } from './stores.ts';

describe.each(storeKinds)('witness on $name', ({ place: makePlace }) => {
  const name = 'log.example/b';
  const log = new OtherLog(name, plainEntries(300));
  const witnessSigner = signer('witness.example/w', 0x04, 50);
  let place: TestPlace;
  let store: Store;
  let app: FastifyInstance;
  let now: number;

  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
    now = 1_800_000_000;
    const clock = { now: () => now, nowMs: () => now * 1000 };
    app = fastify();
    await witnessRoutes(app, { store, clock, witnessSigner });
    await store.transact((tx) => registerWitnessedLog(tx, name, [formatVkey(log.signer.key)]));
  });
  afterEach(async () => {
    await app.close();
    await store.close();
    await place.remove();
  });

  const takeNote = (tx: StoreTransaction, note: string) => {
    const clock = { now: () => now, nowMs: () => now * 1000 };
    return cosignTaken(tx, { clock, witnessSigner }, note, () => Promise.resolve(true));
  };
  const post = (payload: string) =>
    app.inject({ method: 'POST', url: '/witness/add-checkpoint', payload });
  const body = (old: number, proof: Uint8Array[], note: string): string =>
    `old ${old}\n${proof.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${note}`;
  const advance = (old: number, size: number, from = log) =>
    post(body(old, from.consistency(old, size).path, from.note(size)));

  it('cosigns, remembers, and answers with its line alone', async () => {
    const answer = await advance(0, 3);
    expect(answer.statusCode).toBe(200);
    const lines = parseSignatureLines(answer.body);
    const note = parseNote(log.note(3));
    if (!lines.ok || !note.ok || !lines.value[0]) throw new Error('unreadable');
    const verified = verifyCosignature(note.value.text, lines.value[0], witnessSigner.key);
    expect(verified).toEqual({ ok: true, value: { time: now } });
    expect((await advance(3, 300)).statusCode).toBe(200);
  });

  it.each([
    ['empty', ''],
    ['no old line', `\n${log.note(3)}`],
    ['old with a leading zero', `old 00\n\n${log.note(3)}`],
    ['old negative', `old -1\n\n${log.note(3)}`],
    ['a proof line that is no hash', `old 0\nAAAA\n\n${log.note(3)}`],
    [
      '64 proof lines',
      `old 1\n${`${encodeBase64(new Uint8Array(32))}\n`.repeat(64)}\n${log.note(3)}`,
    ],
    ['no signature lines', `old 0\n\n${name}\n3\n`],
  ])('answers 400 to a malformed body: %s', async (_, text) => {
    expect((await post(text)).statusCode).toBe(400);
  });

  it('answers 413 past 16 KiB', async () => {
    const padded = `old 0\n\n${log.note(3)}`.padEnd(16 * 1024 + 1, 'x');
    expect((await post(padded)).statusCode).toBe(413);
  });

  it('answers 404 for an unknown log before it looks at signatures', async () => {
    expect((await advance(0, 3, new OtherLog('log.example/c', log.entries))).statusCode).toBe(404);
  });

  it('answers 403 without a valid signature by a key of the log', async () => {
    expect((await advance(0, 3, new OtherLog(name, log.entries, 78))).statusCode).toBe(403);
    const broken = log.note(3).replace('\n3\n', '\n4\n');
    expect((await post(body(0, [], broken))).statusCode).toBe(403);
  });

  it('answers 403 where a key of a second type has not signed, or one of another name has', async () => {
    const pq = noteKey(name, 0x06, new Uint8Array(1312).fill(7));
    const both = [log.signer.key, pq].map(formatVkey);
    await store.transact((tx) => registerWitnessedLog(tx, name, both));
    expect((await advance(0, 3)).statusCode).toBe(403);
    expect(await store.transact((tx) => takeNote(tx, log.note(3)))).toBeNull();
    const stranger = signer('log.example/c', 0x01, 77);
    await store.transact((tx) => registerWitnessedLog(tx, name, [formatVkey(stranger.key)]));
    const text = log.note(3).slice(0, log.note(3).indexOf('\n\n') + 1);
    const foreign = formatNote(text, [signNote(text, stranger)]);
    expect((await post(body(0, [], foreign))).statusCode).toBe(403);
    expect(await store.transact((tx) => takeNote(tx, foreign))).toBeNull();
  });

  it('answers 400 to extension lines, though they are signed', async () => {
    const note = parseNote(log.note(3));
    if (!note.ok) throw new Error('unreadable');
    const text = `${note.value.text}extension\n`;
    const extended = formatNote(text, [signNote(text, log.signer)]);
    expect((await post(body(0, [], extended))).statusCode).toBe(400);
  });

  it('answers 400 when the old size is past the checkpoint', async () => {
    expect((await post(body(4, [], log.note(3)))).statusCode).toBe(400);
  });

  it('answers 409 with its size when the old size is another', async () => {
    await advance(0, 3);
    const answer = await post(body(0, [], log.note(300)));
    expect(answer.statusCode).toBe(409);
    expect(answer.headers['content-type']).toBe('text/x.tlog.size');
    expect(answer.body).toBe('3\n');
  });

  it('answers 422 to a wrong proof, and to a proof where none belongs', async () => {
    const some = log.consistency(3, 300).path;
    expect((await post(body(0, some, log.note(300)))).statusCode).toBe(422);
    await advance(0, 3);
    expect((await post(body(3, [], log.note(300)))).statusCode).toBe(422);
    expect((await post(body(3, some.slice(1), log.note(300)))).statusCode).toBe(422);
    expect((await post(body(3, some, log.note(3)))).statusCode).toBe(422);
    expect((await advance(3, 300)).statusCode).toBe(200);
  });

  it('answers 422 to another root of the same size and keeps both notes as evidence', async () => {
    await advance(0, 3);
    const forked = new OtherLog(name, plainEntries(3, 1));
    expect((await post(body(3, [], forked.note(3)))).statusCode).toBe(422);
    const evidence = await store.reader.selectFrom('evidence').selectAll().execute();
    expect(evidence).toMatchObject([{ kind: 'log-fork', party: name }]);
  });

  it('answers 422 to size 0 with a root that is not that of nothing', async () => {
    const text = `${name}\n0\n${encodeBase64(new Uint8Array(32))}\n`;
    const note = formatNote(text, [signNote(text, log.signer)]);
    expect((await post(body(0, [], note))).statusCode).toBe(422);
    expect((await post(body(0, [], log.note(0)))).statusCode).toBe(200);
  });

  it('cosigns the same checkpoint again, later, and keeps the earliest', async () => {
    await advance(0, 3);
    now += 100;
    const again = await advance(3, 3);
    expect(again.statusCode).toBe(200);
    const rows = await store.reader.selectFrom('cosignatures').selectAll().execute();
    expect(rows).toMatchObject([{ origin: name, size: 3, time: 1_800_000_000 }]);
  });

  it('writes nothing for strangers: unknown logs, foreign signatures, checkpoints read elsewhere', async () => {
    await advance(0, 3);
    const first = await advance(3, 3);
    const before = await store.reader.selectFrom('witnessed_logs').selectAll().execute();
    let transactions = 0;
    const counted: Store = {
      ...store,
      reader: store.reader,
      transact: (work) => {
        transactions += 1;
        return store.transact(work);
      },
    };
    const clock = { now: () => now, nowMs: () => now * 1000 };
    const stranger = fastify();
    await witnessRoutes(stranger, { store: counted, clock, witnessSigner });
    const send = async (payload: string) =>
      (await stranger.inject({ method: 'POST', url: '/witness/add-checkpoint', payload }))
        .statusCode;
    const statuses = [
      await send(body(0, [], new OtherLog('log.example/c', log.entries).note(3))),
      await send(body(3, [], new OtherLog(name, log.entries, 78).note(300))),
      await send(body(4, [], log.note(3))),
      await send(body(0, [], log.note(300))),
      await send(body(3, [], log.note(300))),
    ];
    expect(statuses).toEqual([404, 403, 400, 409, 422]);
    now += 59;
    const again = await stranger.inject({
      method: 'POST',
      url: '/witness/add-checkpoint',
      payload: body(3, [], log.note(3)),
    });
    expect(again.statusCode).toBe(200);
    expect(again.body).toBe(first.body);
    expect(transactions).toBe(0);
    expect(await store.reader.selectFrom('witnessed_logs').selectAll().execute()).toEqual(before);
    now += 1;
    expect(await send(body(3, [], log.note(3)))).toBe(200);
    expect(transactions).toBe(1);
    await stranger.close();
  });

  it('judges so many submissions at a time and tells the others to come again', async () => {
    const all = Array.from({ length: requestsMax + 8 }, () => advance(0, 3));
    const statuses = (await Promise.all(all)).map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect((await advance(3, 300)).statusCode).toBe(200);
  });

  it('never lets its time go back, whatever its clock does', async () => {
    await advance(0, 3);
    now -= 1000;
    await advance(3, 300);
    const rows = await store.reader.selectFrom('cosignatures').select('time').execute();
    expect(rows.map(({ time }) => time)).toEqual([1_800_000_000, 1_800_000_000]);
  });

  it('lets only one of two requests for the same step win', async () => {
    const branch = new OtherLog(name, plainEntries(5, 1));
    const answers = await Promise.all([advance(0, 3), advance(0, 5, branch)]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
  });

  it('shows monitors what it cosigned last, and nothing before', async () => {
    const url = `/witness/${sha256Hex(encodeText(name))}/checkpoint`;
    expect((await app.inject({ url })).statusCode).toBe(404);
    await advance(0, 3);
    const answer = await app.inject({ url });
    expect(answer.statusCode).toBe(200);
    expect(openCheckpoint(answer.body, [log.signer.key])).toMatchObject({ ok: true });
    expect(answer.body).toContain('— witness.example/w ');
    expect((await app.inject({ url: `/witness/${'0'.repeat(64)}/checkpoint` })).statusCode).toBe(
      404,
    );
  });

  it('still knows what it cosigned after a restart', async () => {
    await advance(0, 3);
    await store.close();
    store = await place.open();
    const clock = { now: () => now, nowMs: () => now * 1000 };
    await app.close();
    app = fastify();
    await witnessRoutes(app, { store, clock, witnessSigner });
    expect((await advance(0, 3)).body).toBe('3\n');
  });

  it('cosigns what came in a pouch only forwards and only if shown consistent', async () => {
    const deps = { clock: { now: () => now, nowMs: () => now * 1000 }, witnessSigner };
    const taken = (note: string, consistent: boolean) =>
      store.transact((tx) => cosignTaken(tx, deps, note, () => Promise.resolve(consistent)));
    expect(await taken(log.note(5), false)).toContain('— witness.example/w ');
    expect(await taken(log.note(9), false)).toBeNull();
    expect(await taken(log.note(3), true)).toBeNull();
    expect(await taken(new OtherLog(name, plainEntries(5, 1)).note(5), true)).toBeNull();
    expect(await taken(log.note(9), true)).toContain('— witness.example/w ');
    expect((await advance(5, 300)).body).toBe('9\n');
  });
});
