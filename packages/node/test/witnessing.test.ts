import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cosign, formatCheckpoint, formatNote, formatVkey, signNote } from '@comity/record';
import type { Sequencer } from '../src/log/jobs.ts';
import { startWitnessing, type Witnessing } from '../src/log/witnessing.ts';
import type { Store } from '../src/store/store.ts';
import { registerWitnessedLog } from '../src/witness/add-checkpoint.ts';
import { witnessRoutes } from '../src/witness/routes.ts';
import { fixedClock, logSigner, openLog, origin, saidJob, signer } from './log-fixture.ts';
import { storeKinds, type TestPlace } from './stores.ts';

describe.each(storeKinds)('asking witnesses on $name', ({ place: makePlace }) => {
  const witnessSigner = signer('witness.example/w', 0x04, 50);
  const vkey = formatVkey(witnessSigner.key);
  const url = 'http://witness.example/witness/';
  let places: TestPlace[];
  let stores: Store[];
  let log: Sequencer;
  let app: FastifyInstance;
  let witnessing: Witnessing;
  let requests: string[];
  /** Stands before the witness; null lets the request through. */
  let trouble: (path: string) => Response | Error | null;

  beforeEach(async () => {
    places = [await makePlace(), await makePlace()];
    stores = await Promise.all(places.map((place) => place.open()));
    log = await openLog(ours(), places[0] as TestPlace, { witnesses: [vkey] });
    app = fastify();
    await witnessRoutes(app, { store: theirs(), clock: fixedClock, witnessSigner });
    await theirs().transact((tx) => registerWitnessedLog(tx, origin, [formatVkey(logSigner.key)]));
    requests = [];
    trouble = () => null;
  });
  afterEach(async () => {
    await witnessing.close();
    await app.close();
    await log.close();
    for (const store of stores) await store.close();
    for (const place of places) await place.remove();
  });

  const ours = (): Store => stores[0] as Store;
  const theirs = (): Store => stores[1] as Store;

  async function start(): Promise<void> {
    witnessing = await startWitnessing({
      store: ours(),
      clock: fixedClock,
      sequencer: log,
      logKey: logSigner.key,
      witnesses: [{ key: witnessSigner.key, url }],
      fetch: asFetch,
      chance: () => 0,
    });
  }

  const asFetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const payload = typeof init?.body === 'string' ? init.body : '';
    requests.push(payload);
    const instead = trouble(pathname);
    if (instead instanceof Error) throw instead;
    if (instead !== null) return instead;
    const method = init?.method === 'POST' ? 'POST' : 'GET';
    const answer = await app.inject({ method, url: pathname, payload });
    const headers = { 'content-type': String(answer.headers['content-type']) };
    return new Response(answer.body, { status: answer.statusCode, headers });
  };

  const cosigned = async (): Promise<number[]> => {
    const rows = await ours()
      .reader.selectFrom('cosignatures')
      .select('size')
      .where('vkey', '=', vkey)
      .orderBy('size')
      .execute();
    return rows.map(({ size }) => size);
  };

  it('gets every newest checkpoint cosigned, with a proof from the last, and tells', async () => {
    await start();
    const told: [number, number][] = [];
    witnessing.onCosigned(({ size, previousSize }) => told.push([previousSize, size]));
    for (const text of ['a', 'b', 'c']) {
      const logged = await log.said(saidJob(text));
      await expect.poll(cosigned).toContain(logged.ok ? logged.value.size : 0);
    }
    expect(told).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(requests.every((body) => body.split('\n\n')[2]?.split('\n').length === 2)).toBe(true);
    expect(witnessing.status()).toMatchObject([{ vkey, cosigned: 3, failures: 0 }]);
  });

  it('goes on from what it has after a restart', async () => {
    await start();
    await log.said(saidJob('a'));
    await expect.poll(cosigned).toEqual([1]);
    await witnessing.close();
    await log.said(saidJob('b'));
    await start();
    await expect.poll(cosigned).toEqual([1, 2]);
    expect(requests.map((body) => body.split('\n')[0])).toEqual(['old 0', 'old 1']);
  });

  it('takes over the size of a witness whose last answer was lost', async () => {
    await log.said(saidJob('a'));
    await start();
    await expect.poll(cosigned).toEqual([1]);
    await ours().transact((tx) => tx.deleteFrom('cosignatures').where('vkey', '=', vkey).execute());
    await witnessing.close();
    await log.said(saidJob('b'));
    await start();
    await expect.poll(cosigned).toEqual([2]);
    expect(requests.slice(1).map((body) => body.split('\n')[0])).toEqual(['old 0', 'old 1']);
  });

  it('never holds a statement back, and tries again after a failure', async () => {
    let down = true;
    trouble = () => (down ? new Error('connection refused') : null);
    await start();
    await log.said(saidJob('a'));
    await expect.poll(() => witnessing.status()[0]?.failures).toBe(1);
    expect(witnessing.status()[0]?.lastError).toBe('connection refused');
    down = false;
    await expect.poll(cosigned, { timeout: 5000 }).toEqual([1]);
    expect(witnessing.status()[0]?.failures).toBe(0);
  });

  it.each([
    [
      'a line of another key',
      200,
      cosign(
        formatCheckpoint({ origin, size: 1, root: new Uint8Array(32) }),
        signer('witness.example/w', 0x04, 51),
        9,
      ),
    ],
    ['a page of HTML', 200, '<html>'],
    ['404', 404, ''],
    ['500', 500, ''],
    ['too much', 200, 'x'.repeat(70_000)],
  ])('stores nothing when the answer is %s', async (_, status, body) => {
    trouble = () => new Response(body, { status });
    await start();
    await log.said(saidJob('a'));
    await expect.poll(() => witnessing.status()[0]?.failures).toBe(1);
    expect(await cosigned()).toEqual([]);
  });

  it.each([
    ['422', 422, 'text/plain'],
    ['409 without a size', 409, 'text/plain'],
  ])('raises an alarm when the witness refuses with %s', async (_, status, type) => {
    trouble = () => new Response('', { status, headers: { 'content-type': type } });
    await start();
    await log.said(saidJob('a'));
    await expect.poll(() => witnessing.status()[0]?.failures).toBe(1);
    const alarms = await ours().reader.selectFrom('alarms').select('code').execute();
    expect(alarms).toEqual([{ code: 'witness-refuses' }]);
  });

  it('is blocked when the witness shows a checkpoint of ours that we do not have', async () => {
    const text = formatCheckpoint({ origin, size: 9, root: new Uint8Array(32).fill(1) });
    const note = formatNote(text, [signNote(text, logSigner)]);
    trouble = (path) =>
      path.endsWith('/add-checkpoint')
        ? new Response('9\n', { status: 409, headers: { 'content-type': 'text/x.tlog.size' } })
        : new Response(note, { status: 200 });
    await start();
    await log.said(saidJob('a'));
    await expect.poll(() => log.blocked).toBe('restored');
  });

  it('is not blocked by a witness that only claims to have more', async () => {
    trouble = (path) =>
      path.endsWith('/add-checkpoint')
        ? new Response('9\n', { status: 409, headers: { 'content-type': 'text/x.tlog.size' } })
        : new Response('', { status: 404 });
    await start();
    await log.said(saidJob('a'));
    await expect.poll(() => witnessing.status()[0]?.failures).toBe(1);
    expect(await log.said(saidJob('b'))).toMatchObject({ ok: true });
  });
});
