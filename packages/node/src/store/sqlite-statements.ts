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

/** A statement that is run once for each `width` of the values; what it gives is not kept. */
export interface RepeatedRun {
  sql: string;
  width: number;
  values: readonly unknown[];
}

interface Prepared {
  statement: StatementSync;
  returnsRows: boolean;
}

export class SqliteStatements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Runs them in order; the first that fails is the last. */
  runAll(runs: readonly RepeatedRun[]): StatementResult {
    let changes = 0;
    for (const { sql, width, values } of runs) {
      const { statement } = this.#prepare(sql);
      for (let start = 0; start < values.length; start += width) {
        const row = values.slice(start, start + width) as SQLInputValue[];
        changes += Number(statement.run(...row).changes);
      }
    }
    return { rows: [], changes };
  }

  run(sql: string, parameters: readonly unknown[]): StatementResult {
    const { statement, returnsRows } = this.#prepare(sql);
    const values = parameters as SQLInputValue[];
    if (returnsRows) return { rows: statement.all(...values), changes: 0 };
    return { rows: [], changes: Number(statement.run(...values).changes) };
  }

  /** A statement of its own, since a cached one would be reset by the next use. */
  iterate(sql: string, parameters: readonly unknown[]): Iterable<Record<string, unknown>> {
    return this.#database.prepare(sql).iterate(...(parameters as SQLInputValue[]));
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = this.#database.prepare(sql);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    this.#prepared.set(sql, prepared);
    if (this.#prepared.size > preparedStatementsMax) {
      const oldest = this.#prepared.keys().next().value;
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    return prepared;
  }
}
