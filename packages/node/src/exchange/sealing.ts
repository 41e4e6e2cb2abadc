/** Sealing and opening pouches, off the main thread (sealing-worker.ts). */
import { Worker } from 'node:worker_threads';
import { InvariantError } from '@comity/record';
import type { Result } from '@comity/record';

/** `busy` only where a bounded line is asked (opening.ts). */
export type Opened = Result<{ plaintext: Uint8Array; whole: boolean }, 'busy' | 'unreadable'>;

export interface Sealing {
  /**
   * Rejects only for recipients that are none: they come from verified credentials. The plaintext is
   * given away and empty afterwards.
   */
  seal(recipients: string[], plaintext: Uint8Array): Promise<Uint8Array>;
  open(identities: string[], sealed: Uint8Array): Promise<Opened>;
  close(): Promise<void>;
}

export type SealingTask =
  | { id: number; do: 'seal'; recipients: string[]; plaintext: Uint8Array }
  | { id: number; do: 'open'; identities: string[]; sealed: Uint8Array };

export type SealingAnswer =
  | { id: number; sealed: Uint8Array }
  | { id: number; opened: Opened }
  | { id: number; failed: string };

interface Waiting {
  resolve(answer: SealingAnswer): void;
  reject(error: Error): void;
}

/** Starts the worker. It keeps the process alive only while something is being sealed. */
export function startSealing(): Sealing {
  // The worker's file has this file's extension: `.ts` in the tree, `.js` once it is built.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./sealing-worker.${extension}`, import.meta.url));
  const waiting = new Map<number, Waiting>();
  let next = 0;
  worker.unref();
  worker.on('message', (answer: SealingAnswer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
  });
  const failAll = (error: Error) => {
    for (const each of waiting.values()) each.reject(error);
    waiting.clear();
  };
  worker.on('error', failAll);
  worker.on('exit', () => failAll(new InvariantError('the sealing worker has ended')));
  const send = (task: SealingTask): Promise<SealingAnswer> => {
    worker.ref();
    return new Promise((resolve, reject) => {
      waiting.set(task.id, { resolve, reject });
      worker.postMessage(task, task.do === 'seal' ? [task.plaintext.buffer as ArrayBuffer] : []);
    });
  };
  return {
    async seal(recipients, plaintext) {
      // Bytes in the midst of a larger buffer are copied: only a whole buffer can be given away.
      const whole = plaintext.byteLength === plaintext.buffer.byteLength;
      const given = whole ? plaintext : plaintext.slice();
      const answer = await send({ id: next++, do: 'seal', recipients, plaintext: given });
      if ('sealed' in answer) return answer.sealed;
      throw new InvariantError('failed' in answer ? answer.failed : 'sealing answered otherwise');
    },
    async open(identities, sealed) {
      const answer = await send({ id: next++, do: 'open', identities, sealed });
      if ('opened' in answer) return answer.opened;
      return { ok: false, code: 'unreadable', path: '' };
    },
    async close() {
      await worker.terminate();
    },
  };
}
