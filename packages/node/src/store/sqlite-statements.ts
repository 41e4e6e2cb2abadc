/**
 * One `node:sqlite` connection with a bounded cache of prepared statements.
 *
 * Used on both sides of the worker boundary, so it imports nothing but Node.js. Integers come back
 * as numbers; one past 2^53 throws (the driver refuses it). Blobs come back as Uint8Array.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** Prepared statements kept per connection; the least recently used goes first. */
const preparedStatementsMax = 256;

/** What one statement gave: rows, or the number of rows that it changed. */
export interface StatementResult {
  rows: Record<string, unknown>[];
  changes: number;
}

export class SqliteStatements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(sql: string, parameters: readonly unknown[]): StatementResult {
    const statement = this.#prepare(sql);
    const values = parameters as SQLInputValue[];
    if (statement.columns().length > 0) {
      return { rows: statement.all(...values), changes: 0 };
    }
    return { rows: [], changes: Number(statement.run(...values).changes) };
  }

  /** A statement of its own, since a cached one would be reset by the next use. */
  iterate(sql: string, parameters: readonly unknown[]): Iterable<Record<string, unknown>> {
    return this.#database.prepare(sql).iterate(...(parameters as SQLInputValue[]));
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    if (this.#prepared.size > preparedStatementsMax) {
      const oldest = this.#prepared.keys().next().value;
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    return statement;
  }
}
