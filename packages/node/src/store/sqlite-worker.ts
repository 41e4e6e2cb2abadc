/** The worker thread that owns the one writing SQLite connection. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { SqliteStatements, type RepeatedRun, type StatementResult } from './sqlite-statements.ts';

/** `sql: null` closes the connection and ends the thread; `runs` take the place of `sql`. */
export interface WriterRequest {
  id: number;
  sql: string | null;
  parameters: readonly unknown[];
  runs: readonly RepeatedRun[] | null;
}

export type WriterAnswer =
  | { id: number; ok: true; result: StatementResult }
  | { id: number; ok: false; message: string; code: string };

if (parentPort !== null) serve(parentPort, (workerData as { path: string }).path);

function serve(port: NonNullable<typeof parentPort>, path: string): void {
  const database = new DatabaseSync(path);
  // synchronous=FULL makes a commit wait for the disk in WAL mode; NORMAL would lose the last
  // commits, and with them signatures that have left, when the machine loses power.
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;' +
      'pragma busy_timeout = 10000; pragma cache_size = -32000; pragma temp_store = memory;' +
      // 32 MB: with the usual 4 every few commits in a flood copied the same pages again.
      'pragma wal_autocheckpoint = 8000;',
  );
  const statements = new SqliteStatements(database);
  port.on('message', (request: WriterRequest) => {
    port.postMessage(answer(statements, request));
    if (request.sql !== null) return;
    database.close();
    port.close();
  });
}

function answer(statements: SqliteStatements, request: WriterRequest): WriterAnswer {
  if (request.sql === null) return { id: request.id, ok: true, result: { rows: [], changes: 0 } };
  try {
    const { id, sql, parameters, runs } = request;
    const result = runs === null ? statements.run(sql, parameters) : statements.runAll(runs);
    return { id, ok: true, result };
  } catch (error) {
    const failure = error as Error & { code?: string };
    return { id: request.id, ok: false, message: failure.message, code: failure.code ?? '' };
  }
}
