/** A node's own log, with its real sequencer, store and witness client, under another's witness. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NoteKey } from '@comity/record';
import { submitCheckpoint, type SubmitAnswer } from '../../packages/node/src/log/submit.ts';
import { openStore } from '../../packages/node/src/store/open.ts';
import { heldJob, logSigner, openLog } from '../../packages/node/test/log-fixture.ts';

export const nodeLogKey: NoteKey = logSigner.key;

/** Grows the log by each of `steps` and offers it to the witness each time, as a node does. */
export async function growNodeLog(
  folder: string,
  steps: readonly number[],
  witness: { key: NoteKey; url: string },
): Promise<{ size: number; answer: SubmitAnswer }[]> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'comity.sqlite');
  const store = await openStore({ kind: 'sqlite', path });
  const place = {
    folder,
    location: { kind: 'sqlite' as const, path },
    open: () => Promise.resolve(store),
    remove: () => Promise.resolve(),
  };
  const log = await openLog(store, place);
  const answers: { size: number; answer: SubmitAnswer }[] = [];
  let known = 0;
  for (const step of steps) {
    const jobs = Array.from({ length: step }, (_, index) =>
      heldJob(`${String(known)} ${String(index)}`),
    );
    await log.held(jobs);
    await log.settled();
    const checkpoint = log.newest();
    if (checkpoint === null) break;
    const signal = AbortSignal.timeout(10_000);
    const { reader } = store;
    const submission = { reader, fetch, signal, logKey: nodeLogKey, witness, checkpoint, known };
    answers.push({ size: checkpoint.size, answer: await submitCheckpoint(submission) });
    known = checkpoint.size;
  }
  await log.close();
  await store.close();
  return answers;
}
