/**
 * The worker thread that seals and opens pouches: a hybrid seal takes some five milliseconds, which
 * would otherwise hold up every request of the node. Knows nothing but the bytes it is given.
 */
import { parentPort } from 'node:worker_threads';
import { openSealed, sealTo } from '@comity/record';
import type { SealingAnswer, SealingTask } from './sealing.ts';

async function work(task: SealingTask): Promise<SealingAnswer> {
  if (task.do === 'seal') {
    return { id: task.id, sealed: await sealTo(task.recipients, task.plaintext) };
  }
  return { id: task.id, opened: await openSealed(task.identities, task.sealed) };
}

parentPort?.on('message', (task: SealingTask) => {
  work(task).then(
    (answer) => parentPort?.postMessage(answer),
    (error: unknown) => parentPort?.postMessage({ id: task.id, failed: String(error) }),
  );
});
