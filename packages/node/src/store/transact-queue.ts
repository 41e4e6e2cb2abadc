/** Runs transactions one after another, in order. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';
import type { StoreTransaction } from './store.ts';

/** Transactions that may wait; past it callers are failing to bound their own work. */
const transactQueueMax = 100_000;

export class TransactQueue {
  readonly #writer: Kysely<Schema>;
  readonly #inside = new AsyncLocalStorage<{ running: boolean }>();
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;

  constructor(writer: Kysely<Schema>) {
    this.#writer = writer;
  }

  run<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    if (this.#inside.getStore()?.running === true) {
      return Promise.reject(new Error('transact inside transact would wait for itself'));
    }
    if (this.#waiting >= transactQueueMax) {
      return Promise.reject(new Error('too many transactions wait'));
    }
    this.#waiting += 1;
    const result = this.#tail.then(() => this.#runNow(work));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Refuses new work and waits for what is queued. */
  async drain(): Promise<void> {
    this.#closed = true;
    await this.#tail;
  }

  async #runNow<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const token = { running: true };
    try {
      return await this.#inside.run(token, () => this.#writer.transaction().execute(work));
    } finally {
      token.running = false;
      this.#waiting -= 1;
    }
  }
}
