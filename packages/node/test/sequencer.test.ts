import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  encodeHex,
  equalBytes,
  formatLogProof,
  formatVkey,
  logEntry,
  openNote,
  parseLogProof,
  verifyConsistency,
  verifyLogProof,
} from '@comity/record';
import type { Sequencer } from '../src/log/jobs.ts';
import { bestProof, ownProof, proveConsistency, proveEntry } from '../src/log/proofs.ts';
import { rootAt } from '../src/log/tiles.ts';
import type { Store } from '../src/store/store.ts';
import {
  heldJob,
  logSigner,
  openLog,
  origin,
  other,
  ownAccountSigner,
  saidJob,
} from './log-fixture.ts';
import { storeKinds, type TestPlace } from './stores.ts';

describe.each(storeKinds)('sequencer on $name', ({ place: makePlace }) => {
  let place: TestPlace;
  let store: Store;
  let log: Sequencer;

  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
    log = await openLog(store, place);
  });
  afterEach(async () => {
    await log.close();
    await store.close();
    await place.remove();
  });

  const reopen = async (): Promise<void> => {
    await log.close();
    await store.close();
    store = await place.open();
    log = await openLog(store, place);
  };

  it('signs an empty log nothing', () => {
    expect(log.newest()).toBeNull();
    expect(log.blocked).toBeNull();
  });

  it('logs nothing when what follows from a statement fails in its transaction', async () => {
    await log.close();
    const followed: string[] = [];
    let failing = true;
    log = await openLog(store, place, {
      follow: async (_, jobs) => {
        followed.push(...jobs.map(({ job }) => job.id));
        if (failing) throw new Error('killed in between');
        await Promise.resolve();
      },
    });
    const held = heldJob('held');
    await expect(log.held([held])).rejects.toThrow('killed in between');
    expect(await store.reader.selectFrom('statements').selectAll().execute()).toEqual([]);
    failing = false;
    expect(await log.held([held])).toMatchObject({ ok: true });
    expect(followed).toEqual([held.id, held.id]);
  });

  it('logs one statement, with its row, its delivery and its checkpoint', async () => {
    const job = saidJob('one');
    const logged = await log.said(job);
    expect(logged).toEqual({ ok: true, value: { id: job.id, index: 0, size: 1 } });
    const row = await store.reader.selectFrom('statements').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      id: job.id,
      own: 1,
      said_index: 0,
      said_size: 1,
      said_origin: origin,
    });
    const waiting = await store.reader.selectFrom('outbox').selectAll().execute();
    expect(waiting).toMatchObject([{ party: other, item: 'statement', ref: job.id, lane: 0 }]);
    const note = log.newest()?.note ?? '';
    expect(openNote(note, [logSigner.key])).toMatchObject({ ok: true });
    const lines = await store.reader.selectFrom('cosignatures').selectAll().execute();
    expect(lines).toMatchObject([{ vkey: formatVkey(ownAccountSigner.key), time: 1_800_000_000 }]);
  });

  it('puts everything that waits into one batch under one checkpoint', async () => {
    const results = await Promise.all([...Array(100).keys()].map((n) => log.said(saidJob(`${n}`))));
    expect(results.map((result) => result.ok && result.value.index)).toEqual([
      ...Array(100).keys(),
    ]);
    expect(new Set(results.map((result) => result.ok && result.value.size))).toEqual(
      new Set([100]),
    );
    expect(await store.reader.selectFrom('checkpoints').select('size').execute()).toHaveLength(1);
  });

  it('never puts more than 256 jobs in one batch', async () => {
    await Promise.all([...Array(600).keys()].map((n) => log.said(saidJob(`${n}`))));
    const sizes = await store.reader
      .selectFrom('checkpoints')
      .select('size')
      .orderBy('size')
      .execute();
    expect(sizes.map(({ size }) => size)).toEqual([256, 512, 600]);
  });

  it('proves every entry at its birth checkpoint, the same bytes before and after restarts', async () => {
    const jobs = [...Array(300).keys()].map((n) => saidJob(`${n}`));
    for (const part of [jobs.slice(0, 7), jobs.slice(7, 290), jobs.slice(290)]) {
      await Promise.all(part.map((job) => log.said(job)));
    }
    const before = await Promise.all(jobs.map((job) => ownProof(store.reader, job.id, 'said')));
    await reopen();
    await log.said(saidJob('later'));
    const after = await Promise.all(jobs.map((job) => ownProof(store.reader, job.id, 'said')));
    expect(after).toEqual(before);
    jobs.forEach((job, i) => {
      const proof = parseLogProof(before[i] ?? '');
      if (!proof.ok) throw new Error(proof.code);
      const leaf = logEntry('said', job.id, job.listDigest);
      const verified = verifyLogProof(proof.value, leaf, [logSigner.key]);
      expect(verified).toMatchObject({ ok: true, value: { index: i } });
    });
  });

  it('proves each checkpoint consistent with every earlier one', async () => {
    for (const count of [1, 2, 255, 3, 300]) {
      await Promise.all([...Array(count).keys()].map((n) => log.said(saidJob(`${count} ${n}`))));
    }
    const sizes = (await store.reader.selectFrom('checkpoints').select('size').execute()).map(
      ({ size }) => size,
    );
    for (const from of sizes) {
      for (const to of sizes.filter((size) => size >= from)) {
        const proof = await proveConsistency(store.reader, origin, from, to);
        const roots = [
          await rootAt(store.reader, origin, from),
          await rootAt(store.reader, origin, to),
        ];
        expect(
          verifyConsistency(from, to, roots[0] as Uint8Array, roots[1] as Uint8Array, proof),
        ).toBe(true);
      }
    }
  });

  it('gives a held statement its first receipt again, byte for byte', async () => {
    const job = heldJob('theirs');
    const first = await log.held([job]);
    const receipt = await ownProof(store.reader, job.id, 'held');
    await log.said(saidJob('between'));
    const again = await log.held([job, job]);
    expect(again).toEqual({ ok: true, value: [first, first].map((one) => one.ok && one.value[0]) });
    expect(await ownProof(store.reader, job.id, 'held')).toBe(receipt);
    expect(await store.reader.selectFrom('entries').selectAll().execute()).toHaveLength(2);
  });

  it('queues receipts and keeps the said proof of what it holds', async () => {
    const job = heldJob('theirs');
    await log.held([job]);
    const waiting = await store.reader.selectFrom('outbox').selectAll().execute();
    expect(waiting).toMatchObject([{ party: other, item: 'receipt', ref: job.id }]);
    const proofs = await store.reader.selectFrom('proofs').selectAll().execute();
    expect(proofs).toMatchObject([{ statement: job.id, party: other, role: 'said' }]);
  });

  it('refuses a draft whose prior is no longer the newest as stale-draft', async () => {
    const opening = saidJob('opening');
    await log.said(opening);
    const docket = { docket: opening.id, after: [opening.id], prior: opening.id };
    const one = saidJob('one', docket);
    const two = saidJob('two', docket);
    const results = await Promise.all([log.said(one), log.said(two)]);
    expect(results).toMatchObject([{ ok: true }, { ok: false, code: 'stale-draft' }]);
    expect(await log.said(saidJob('three', docket))).toMatchObject({ code: 'stale-draft' });
    const next = saidJob('four', { ...docket, prior: one.id });
    expect(await log.said(next)).toMatchObject({ ok: true });
  });

  it('refuses a draft under other than the newest credentials as stale-draft', async () => {
    const body = { version: 1 };
    const credentials = saidJob('v1', { kind: 'party.credentials', from: null, to: [], body });
    credentials.docket = '';
    await log.said(credentials);
    const from = credentials.id;
    expect(await log.said(saidJob('a', { from }))).toMatchObject({ code: 'stale-draft' });
    const named = { from, credentials: credentials.id };
    expect(await log.said(saidJob('b', named))).toMatchObject({ ok: true });
    const second = saidJob('v2', {
      ...named,
      kind: 'party.credentials',
      to: [],
      body: { version: 2 },
    });
    second.docket = '';
    const both = await Promise.all([log.said(second), log.said(saidJob('c', named))]);
    expect(both).toMatchObject([{ ok: true }, { code: 'stale-draft' }]);
  });

  it('refuses a second signature list for an id that it has said as double-said', async () => {
    const job = saidJob('one');
    const first = await log.said(job);
    const second = { ...job, listDigest: new Uint8Array(32) };
    expect(await log.said(second)).toMatchObject({ ok: false, code: 'double-said' });
    expect(await log.said(job)).toEqual(first);
    const fresh = saidJob('two');
    const both = [log.said(fresh), log.said({ ...fresh, listDigest: new Uint8Array(32) })];
    expect(await Promise.all(both)).toMatchObject([{ ok: true }, { code: 'double-said' }]);
  });

  it('logs the others when one job of a batch breaks the transaction', async () => {
    const broken = saidJob('broken');
    broken.recipients = [null as unknown as string];
    const results = await Promise.allSettled([
      log.said(saidJob('one')),
      log.said(broken),
      log.said(saidJob('two')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(log.newest()?.size).toBe(2);
    await reopen();
    expect(log.newest()?.size).toBe(2);
  });

  it('marks drafts as logged and missing parents as come', async () => {
    const job = { ...saidJob('one'), draft: 'draft' };
    await store.transact(async (tx) => {
      const draft = { id: 'draft', docket: '', kind: '', payload: new Uint8Array(1) };
      const rest = { payload_type: '', signatures: '[]', anchor_lines: '[]', created_at: 0 };
      await tx
        .insertInto('drafts')
        .values({ ...draft, ...rest, state: 'open' })
        .execute();
      const missing = { id: job.id, docket: '', party: other, since: 0 };
      await tx.insertInto('missing').values(missing).execute();
    });
    await log.said(job);
    const draft = await store.reader.selectFrom('drafts').select('state').execute();
    expect(draft).toEqual([{ state: 'logged' }]);
    expect(await store.reader.selectFrom('missing').selectAll().execute()).toEqual([]);
  });

  it('publishes in order, after the high-water file has the checkpoint', async () => {
    const sizes: number[] = [];
    const stop = log.onPublished(({ size }) => sizes.push(size));
    log.onPublished(() => {
      throw new Error('a listener that fails is ignored');
    });
    await log.said(saidJob('one'));
    const text = await readFile(join(place.folder, 'state', 'high-water'), 'utf8');
    const root = encodeHex(log.newest()?.root ?? new Uint8Array());
    expect(text).toBe(`comity-high-water/v1\n${origin}\n1\n${root}\n`);
    await log.said(saidJob('two'));
    stop();
    await log.said(saidJob('three'));
    expect(sizes).toEqual([1, 2]);
  });

  it('waits in settled until what is committed has its high-water record', async () => {
    const going = log.said(saidJob('one'));
    for (;;) {
      const rows = await store.reader.selectFrom('checkpoints').select('size').execute();
      if (rows.length > 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await log.settled();
    expect(log.newest()?.size).toBe(1);
    await going;
  });

  it('goes on when the database is ahead of the high-water file (a kill between the two)', async () => {
    await log.said(saidJob('one'));
    const path = join(place.folder, 'state', 'high-water');
    const before = await readFile(path);
    await log.said(saidJob('two'));
    await log.close();
    const { writeFile } = await import('node:fs/promises');
    await writeFile(path, before);
    await reopen();
    expect(log.blocked).toBeNull();
    expect(await readFile(path, 'utf8')).toContain(`\n2\n`);
    expect(await log.said(saidJob('three'))).toMatchObject({ value: { index: 2 } });
  });

  it('refuses everything after closing', async () => {
    await log.close();
    expect(await log.said(saidJob('one'))).toMatchObject({ code: 'closed' });
    expect(await log.held([heldJob('one')])).toMatchObject({ code: 'closed' });
  });

  it('finishes what is queued when closing', async () => {
    const going = log.said(saidJob('one'));
    await log.close();
    expect(await going).toMatchObject({ ok: true });
  });

  it('never signs an own-account time before the one before', async () => {
    await log.said(saidJob('one'));
    await log.close();
    log = await openLog(store, place, { clock: { now: () => 5, nowMs: () => 5000 } });
    await log.said(saidJob('two'));
    const times = await store.reader.selectFrom('cosignatures').select('time').execute();
    expect(times.map(({ time }) => time)).toEqual([1_800_000_000, 1_800_000_000]);
  });

  it('gives the best proof at the smallest checkpoint with enough cosigners', async () => {
    const job = saidJob('one');
    await log.said(job);
    await log.said(saidJob('two'));
    await log.said(saidJob('three'));
    const birth = await ownProof(store.reader, job.id, 'said');
    const enough = (vkeys: string[]): boolean => vkeys.includes('w');
    expect(await bestProof(store.reader, job.id, 'said', enough)).toBe(birth);
    const line = '— w AAAAAAAAAAAA\n';
    for (const size of [2, 3]) {
      const row = { origin, size, vkey: 'w', time: 7, line };
      await store.transact((tx) => tx.insertInto('cosignatures').values(row).execute());
    }
    const best = await bestProof(store.reader, job.id, 'said', enough);
    const parsed = parseLogProof(best);
    const plain = await proveEntry(store.reader, origin, 0, 2);
    expect(parsed.ok && parsed.value.checkpoint).toBe(plain.checkpoint + line);
    expect(formatLogProof(plain)).not.toBe(best);
    expect(
      parsed.ok &&
        parsed.value.path.every((hash, i) => equalBytes(hash, plain.path[i] as Uint8Array)),
    ).toBe(true);
  });

  it('is blocked when the high-water file is missing and the log is not empty', async () => {
    await log.said(saidJob('one'));
    await log.close();
    await rm(join(place.folder, 'state', 'high-water'));
    await reopen();
    expect(log.blocked).toBe('restored');
  });
});
