/** Main-thread side of the SQLite writer: questions go out by message, answers come back by id. */
import { Worker } from 'node:worker_threads';
import type { RepeatedRun, StatementResult } from './sqlite-statements.ts';
import type { WriterAnswer, WriterRequest } from './sqlite-worker.ts';

interface Waiting {
  resolve: (result: StatementResult) => void;
  reject: (error: Error) => void;
}

export class SqliteWriter {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #broken: Error | null = null;

  constructor(path: string) {
    // Type stripping runs the .ts file in the tree; a packed build has .js beside this file.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const file = new URL(`./sqlite-worker.${extension}`, import.meta.url);
    this.#worker = new Worker(file, { workerData: { path }, name: 'comity-store-writer' });
    this.#worker.on('message', (answer: WriterAnswer) => this.#settle(answer));
    this.#worker.on('error', (error: Error) => this.#break(error));
    this.#worker.on('exit', () => this.#break(new Error('the store is closed')));
  }

  run(
    sql: string | null,
    parameters: readonly unknown[],
    runs: readonly RepeatedRun[] | null = null,
  ): Promise<StatementResult> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#worker.postMessage({ id, sql, parameters, runs } satisfies WriterRequest);
      } catch (error) {
        this.#waiting.delete(id);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Closes the connection (which checkpoints the WAL) and waits until the thread has ended. */
  async close(): Promise<void> {
    if (this.#broken !== null) return;
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    await this.run(null, []);
    await ended;
  }

  #settle(answer: WriterAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (waiting === undefined) return;
    if (answer.ok) waiting.resolve(answer.result);
    else waiting.reject(Object.assign(new Error(answer.message), { code: answer.code }));
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#broken);
    this.#waiting.clear();
  }
}
