/** After a restore a witness is asked, by HTTP, and its own word ends the block (rulings.md, 25). */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatVkey, type NoteSigner } from '@comity/record';
import { makeAfterRestore, type AfterRestore } from '../src/exchange/after-restore.ts';
import type { PublishedCheckpoint, Sequencer } from '../src/log/jobs.ts';
import { submitCheckpoint } from '../src/log/submit.ts';
import { witnessWord } from '../src/log/witness-word.ts';
import type { Store } from '../src/store/store.ts';
import { registerWitnessedLog } from '../src/witness/add-checkpoint.ts';
import { witnessRoutes } from '../src/witness/routes.ts';
import {
  fixedClock,
  logSigner,
  openLog,
  origin,
  other,
  saidJob,
  self,
  signer,
} from './log-fixture.ts';
import { putBack, tablesOf } from './old-copy.ts';
import { storeKinds, type TestPlace } from './stores.ts';

describe.each(storeKinds)('a witness after a restore on $name', ({ place: makePlace }) => {
  const witnessSigner = signer('witness.example/w', 0x04, 50);
  const vkey = formatVkey(witnessSigner.key);
  const url = 'http://witness.example/witness/';
  let places: TestPlace[];
  let stores: Store[];
  let log: Sequencer;
  let app: FastifyInstance;
  /** Pages for monitors; null: as the witness has them. */
  let page: (() => Response) | null;
  /** Whose signature the asker wants. */
  let wanted: NoteSigner;
  let reasons: string[];

  const ours = (): Store => stores[0] as Store;
  const theirs = (): Store => stores[1] as Store;
  const highWater = () => join((places[0] as TestPlace).folder, 'state', 'high-water');

  beforeEach(async () => {
    places = [await makePlace(), await makePlace()];
    stores = await Promise.all(places.map((place) => place.open()));
    app = fastify();
    await witnessRoutes(app, { store: theirs(), clock: fixedClock, witnessSigner });
    await theirs().transact((tx) => registerWitnessedLog(tx, origin, [formatVkey(logSigner.key)]));
    page = null;
    wanted = witnessSigner;
    reasons = [];
    log = await openLog(ours(), places[0] as TestPlace, { witnesses: [vkey] });
    await log.said(saidJob('a'));
    await log.said(saidJob('b'));
  });
  afterEach(async () => {
    await app.close();
    await log.close();
    for (const store of stores) await store.close();
    for (const place of places) await place.remove();
  });

  const asFetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const payload = typeof init?.body === 'string' ? init.body : '';
    const method = init?.method === 'POST' ? 'POST' : 'GET';
    if (method === 'GET' && page !== null) return page();
    const answer = await app.inject({ method, url: pathname, payload });
    const headers = { 'content-type': String(answer.headers['content-type']) };
    return new Response(answer.body, { status: answer.statusCode, headers });
  };
  const wish = () => ({
    reader: ours().reader,
    fetch: asFetch,
    signal: new AbortController().signal,
    logKey: logSigner.key,
    witness: { key: wanted.key, url },
    checkpoint: log.newest() as PublishedCheckpoint,
  });

  async function cosign(known: number): Promise<void> {
    const answer = await submitCheckpoint({ ...wish(), known });
    expect(answer.kind).toBe('cosigned');
  }

  async function restart(): Promise<AfterRestore> {
    await log.close();
    log = await openLog(ours(), places[0] as TestPlace, { witnesses: [formatVkey(wanted.key)] });
    expect(log.blocked).toBe('restored');
    return makeAfterRestore({
      store: ours(),
      sequencer: log,
      clock: fixedClock,
      keys: { party: self },
      log: (_level, _message, fields) => {
        if (typeof fields?.['reason'] === 'string') reasons.push(fields['reason']);
      },
      askWitnesses: async () => [await witnessWord(wish())],
    });
  }

  it('ends the block by the checkpoint that it shows, with its cosignature', async () => {
    await cosign(0);
    await rm(highWater());
    const restore = await restart();
    expect(await restore.askWitnesses()).toBe(true);
    expect(log.blocked).toBeNull();
    expect(await log.said(saidJob('c'))).toMatchObject({ value: { index: 2 } });
  });

  it('ends the block by cosigning what we have, where it shows no checkpoint', async () => {
    await cosign(0);
    await rm(highWater());
    page = () => new Response('', { status: 404 });
    expect(await (await restart()).askWitnesses()).toBe(true);
    expect(log.blocked).toBeNull();
  });

  it.each([
    ['a page without its cosignature', 200, () => log.newest()?.note ?? ''],
    ['a page of nonsense', 200, () => 'nonsense'],
  ])('is asked for a cosignature in spite of %s', async (_, status, body) => {
    await cosign(0);
    await rm(highWater());
    const restore = await restart();
    page = () => new Response(body(), { status });
    expect(await restore.askWitnesses()).toBe(true);
  });

  it('states nothing when it never cosigned our log, and the block stays', async () => {
    await rm(highWater());
    const restore = await restart();
    expect(await restore.askWitnesses()).toBe(false);
    expect(reasons).toEqual(['it never cosigned our log']);
    expect(log.blocked).toBe('restored');
  });

  it('with another key than the configured one states nothing', async () => {
    await cosign(0);
    await rm(highWater());
    wanted = signer('witness.example/w', 0x04, 51);
    const restore = await restart();
    expect(await restore.askWitnesses()).toBe(false);
    expect(log.blocked).toBe('restored');
  });

  it('that is ahead keeps the block until a counterpart gives the entries', async () => {
    await ours().transact((tx) =>
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
    await cosign(0);
    const past = await tablesOf(ours());
    await log.said(saidJob('c'));
    await cosign(2);
    const rows = await ours()
      .reader.selectFrom('entries')
      .select('entry')
      .where('log_index', '=', 2)
      .execute();
    const note = log.newest()?.note ?? '';
    await putBack(ours(), past);
    const restore = await restart();
    expect(await restore.askWitnesses()).toBe(false);
    expect(log.blocked).toBe('restored');
    const entries = [{ start: 2, entries: rows.map(({ entry }) => entry) }];
    const report = { sender: other, ownLog: { notes: [note], entries }, taken: [] };
    expect(await restore.heard(report)).toBe(true);
    expect(log.newest()?.size).toBe(3);
  });
});
