import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cosign,
  encodeHex,
  formatVkey,
  leafHash,
  logEntry,
  parseEntryBundle,
  rootFromNodes,
  tilePath,
} from '@comity/record';
import { storeCosignatures } from '../src/log/cosignatures.ts';
import type { Sequencer } from '../src/log/jobs.ts';
import { logRoutes } from '../src/log/routes.ts';
import type { Store } from '../src/store/store.ts';
import { openLog, origin, saidJob, signer } from './log-fixture.ts';
import { storeKinds, type TestPlace } from './stores.ts';

describe.each(storeKinds)('log over HTTP on $name', ({ place: makePlace }) => {
  let place: TestPlace;
  let store: Store;
  let log: Sequencer;
  let app: FastifyInstance;

  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
    log = await openLog(store, place);
    app = fastify();
    await logRoutes(app, { reader: store.reader, sequencer: log });
  });
  afterEach(async () => {
    await app.close();
    await log.close();
    await store.close();
    await place.remove();
  });

  const get = (url: string) => app.inject({ url });
  const jobs = [...Array(300).keys()].map((n) => saidJob(`${n}`));

  it('has nothing while the log is empty', async () => {
    expect((await get('/log/checkpoint')).statusCode).toBe(404);
    expect((await get('/log/tile/0/000.p/1')).statusCode).toBe(404);
  });

  it('serves the newest checkpoint with the cosignatures that are known', async () => {
    await log.said(saidJob('one'));
    const note = log.newest()?.note ?? '';
    expect((await get('/log/checkpoint')).body).toBe(note);
    const witness = signer('witness.example/w', 0x04, 50);
    const line = cosign(note, witness, 9);
    const row = { vkey: formatVkey(witness.key), time: 9, line };
    await store.transact((tx) => storeCosignatures(tx, origin, 1, [row]));
    const answer = await get('/log/checkpoint');
    expect(answer.body).toBe(note + line);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('max-age=1');
  });

  it('serves tiles and bundles that give the checkpoint’s root', async () => {
    await Promise.all(jobs.map((job) => log.said(job)));
    const full = await get('/log/tile/0/000');
    const partial = await get('/log/tile/0/001.p/44');
    const up = await get('/log/tile/1/000.p/1');
    expect([full, partial, up].map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(full.rawPayload.length).toBe(8192);
    expect(full.headers['cache-control']).toContain('immutable');
    const bundles = [await get('/log/tile/entries/000'), await get('/log/tile/entries/001.p/44')];
    const entries = bundles.flatMap((bundle) => {
      const parsed = parseEntryBundle(new Uint8Array(bundle.rawPayload));
      if (!parsed.ok) throw new Error(parsed.code);
      return parsed.value;
    });
    expect(entries.map(encodeHex)).toEqual(
      jobs.map((job) => encodeHex(logEntry('said', job.id, job.listDigest))),
    );
    const hashes = Buffer.concat([full.rawPayload, partial.rawPayload]);
    expect(hashes).toEqual(Buffer.concat(entries.map(leafHash)));
    expect(rootFromNodes(256, [new Uint8Array(up.rawPayload)])).toEqual(
      new Uint8Array(up.rawPayload),
    );
  });

  it('still serves the partial tiles of older checkpoints', async () => {
    await log.said(jobs[0] ?? saidJob('x'));
    const then = (await get('/log/tile/0/000.p/1')).rawPayload;
    await Promise.all(jobs.slice(1).map((job) => log.said(job)));
    expect((await get('/log/tile/0/000.p/1')).rawPayload).toEqual(then);
  });

  it.each([
    '/log/tile/0/000.p/31',
    '/log/tile/0/000',
    '/log/tile/0/001.p/1',
    '/log/tile/1/000.p/1',
    '/log/tile/entries/000.p/31',
    '/log/tile/0/000.p/0',
    '/log/tile/0/000.p/030',
    '/log/tile/00/000.p/3',
    '/log/tile/0/0.p/3',
    '/log/tile/0/x000/000.p/3',
    '/log/tile/64/000.p/1',
    '/log/tile/-1/000.p/1',
    '/log/tile/0/000.p/3?x=1',
    '/log/tile/0/%3000.p/3',
    '/log/tile/0/000.p/3/',
    '/log/tile/',
  ])('answers 404 to %s at size 30', async (url) => {
    await Promise.all(jobs.slice(0, 30).map((job) => log.said(job)));
    expect((await get(url)).statusCode).toBe(404);
    expect((await get(`/log/${tilePath({ level: 0, index: 0, width: 30 })}`)).statusCode).toBe(200);
  });
});
