/** Kysely dialect over `node:sqlite`: whatever runs statements, on this thread or behind a worker. */
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import type { RepeatedRun, StatementResult } from './sqlite-statements.ts';

/** The one parameter of a query that stands for several statements in one go. */
export class ManyRuns {
  readonly runs: readonly RepeatedRun[];

  constructor(runs: readonly RepeatedRun[]) {
    this.runs = runs;
  }
}

/**
 * One connection. `runs` come one after another, in one message where there is a thread between.
 * `iterate` only where rows can be had one by one (the reader).
 */
export interface SqliteRunner {
  run(
    sql: string,
    parameters: readonly unknown[],
    runs?: readonly RepeatedRun[],
  ): StatementResult | Promise<StatementResult>;
  iterate?(sql: string, parameters: readonly unknown[]): Iterable<Record<string, unknown>>;
  close(): void | Promise<void>;
}

export function sqliteDialect(runner: SqliteRunner): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(runner),
    createIntrospector: (database: Kysely<unknown>) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Hands out the one connection again and again; transactions are queued by TransactQueue. */
class SqliteDriver implements Driver {
  readonly #runner: SqliteRunner;
  readonly #connection: DatabaseConnection;

  constructor(runner: SqliteRunner) {
    this.#runner = runner;
    this.#connection = new SqliteConnection(runner);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  /** `immediate` takes the write lock at once, so that no commit can fail for want of it. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#runner.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #runner: SqliteRunner;

  constructor(runner: SqliteRunner) {
    this.#runner = runner;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const [many] = query.parameters;
    const result = await (many instanceof ManyRuns
      ? this.#runner.run('', [], many.runs)
      : this.#runner.run(query.sql, query.parameters));
    return { rows: result.rows as R[], numAffectedRows: BigInt(result.changes) };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    if (this.#runner.iterate === undefined) throw new Error('only the reader streams');
    for (const row of this.#runner.iterate(query.sql, query.parameters)) {
      yield { rows: [row as R] };
    }
  }
}
