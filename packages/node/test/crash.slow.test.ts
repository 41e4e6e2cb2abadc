import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeHex, openCheckpoint, parseLogProof, verifyLogProof, logEntry } from '@comity/record';
import { fsck } from '../src/log/fsck.ts';
import { readHighWater } from '../src/log/high-water.ts';
import { ownProof } from '../src/log/proofs.ts';
import { rootAt } from '../src/log/tiles.ts';
import type { Store } from '../src/store/store.ts';
import { logSigner, openLog, origin, saidJob } from './log-fixture.ts';
import { storeKinds, type TestPlace } from './stores.ts';

const kills = Number(process.env['COMITY_KILLS'] ?? 20);
const child = fileURLToPath(new URL('crash-child.ts', import.meta.url));

interface Acknowledged {
  role: 'said' | 'held';
  id: string;
  index: number;
  size: number;
}

describe.each(storeKinds)('killed at any moment on $name', ({ place: makePlace }) => {
  let place: TestPlace;

  beforeEach(async () => {
    place = await makePlace();
  });
  afterEach(async () => {
    await place.remove();
  });

  it(
    `loses nothing acknowledged and never forks, over ${kills} kills`,
    { timeout: 600_000 },
    async () => {
      const acknowledged: Acknowledged[] = [];
      const published: string[] = [];
      let between = 0;
      for (let kill = 0; kill < kills; kill += 1) {
        const before = { answers: acknowledged.length, notes: published.length };
        const wait = Math.random() * 250;
        const lines = await runAndKill(place, wait);
        expect(lines, `after ${wait} ms`).toContain('ready');
        for (const line of lines) readLine(line, acknowledged, published);
        const marked = await markedSize();
        const store = await place.open();
        const log = await openLog(store, place);
        try {
          expect(log.blocked).toBeNull();
          if ((log.newest()?.size ?? 0) > marked) between += 1;
          const answers = acknowledged.slice(before.answers);
          await checkLog(store, answers, published.slice(before.notes));
          expect(await log.said(saidJob(`after kill ${kill}`))).toMatchObject({ ok: true });
        } finally {
          await log.close();
          await store.close();
        }
      }
      // Every round again, in the log as it is at the end.
      const store = await place.open();
      await checkLog(store, acknowledged, published).finally(() => store.close());
      console.log(
        `${acknowledged.length} answers, ${published.length} checkpoints, ` +
          `${between} of ${kills} kills between commit and high-water record`,
      );
      // Without these the test could not fail.
      expect(acknowledged.length).toBeGreaterThan(kills);
      expect(published.length).toBeGreaterThan(kills);
    },
  );

  async function markedSize(): Promise<number> {
    const mark = await readHighWater(join(place.folder, 'state', 'high-water'));
    if (mark === 'unreadable') throw new Error('a kill left half a high-water file');
    return mark?.size ?? 0;
  }

  /** Everything answered is where the answer said; everything published is of the one tree. */
  async function checkLog(store: Store, answered: Acknowledged[], notes: string[]): Promise<void> {
    const report = await fsck(store.reader, origin, (of) => (of === origin ? [logSigner.key] : []));
    expect(report.problems).toEqual([]);
    for (const note of notes) {
      const opened = openCheckpoint(note, [logSigner.key]);
      if (!opened.ok) throw new Error(opened.code);
      const { size, root } = opened.value.checkpoint;
      expect(encodeHex(await rootAt(store.reader, origin, size))).toBe(encodeHex(root));
    }
    for (const { role, id, index, size } of answered) {
      const proof = parseLogProof(await ownProof(store.reader, id, role));
      const row = await store.reader
        .selectFrom('statements')
        .select('list_digest')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      const leaf = logEntry(role, id, new Uint8Array(Buffer.from(row.list_digest, 'hex')));
      if (!proof.ok) throw new Error(proof.code);
      const verified = verifyLogProof(proof.value, leaf, [logSigner.key]);
      expect(verified).toMatchObject({ ok: true, value: { index, checkpoint: { size } } });
    }
  }
});

function readLine(line: string, acknowledged: Acknowledged[], published: string[]): void {
  if (line.startsWith('note ')) return void published.push(JSON.parse(line.slice(5)) as string);
  const [role, id, index, size] = line.split(' ');
  if ((role !== 'said' && role !== 'held') || !id || !size) return;
  acknowledged.push({ role, id, index: Number(index), size: Number(size) });
}

/** Runs the child for `wait` ms past its first line; gives the whole lines that it printed. */
async function runAndKill(place: TestPlace, wait: number): Promise<string[]> {
  const args = ['--no-warnings', child, JSON.stringify(place.location), place.folder];
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: running.stdout });
  const ready = new Promise<void>((resolve) => {
    reader.on('line', (line) => {
      lines.push(line);
      resolve();
    });
    reader.on('close', resolve);
  });
  const ended = once(reader, 'close');
  await ready;
  await new Promise((resolve) => setTimeout(resolve, wait));
  running.kill('SIGKILL');
  await ended;
  return lines;
}
