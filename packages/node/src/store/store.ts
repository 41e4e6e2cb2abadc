/**
 * The store of a node: one interface over SQLite and PostgreSQL (engineering.md, rule 7).
 *
 * Reading and writing are different types. Everything that must stand or fall together goes into
 * one `transact`; nothing else can write.
 */
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

declare const readerBrand: unique symbol;

/**
 * Reads only. Rows that a finished `transact` wrote are visible; rows of a running one are not.
 * Each query sees the newest committed state, so two queries may see different states; where that
 * matters read inside `transact`. The connection itself refuses to write.
 */
export type StoreReader = Pick<
  Kysely<Schema>,
  'selectFrom' | 'selectNoFrom' | 'with' | 'withRecursive' | 'fn' | 'dynamic' | 'getExecutor'
> & { readonly [readerBrand]?: true };

/** Reads and writes inside one transaction; unusable once `transact` has returned. */
export type StoreTransaction = Transaction<Schema>;

export interface Store {
  readonly kind: 'sqlite' | 'postgres';
  readonly reader: StoreReader;
  /**
   * Runs `work` in one serial transaction; calls are queued one after another, in order. Resolves
   * after the commit is on disk. If `work` throws, everything in it is undone and the error is
   * passed on. If the connection breaks during the commit itself the promise rejects although the
   * commit may stand: a caller to whom that matters reads again. Calling `transact` inside `work`
   * throws (it could never run).
   */
  transact<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  /** Waits for what is queued, then closes every connection. Later calls reject. */
  close(): Promise<void>;
}

export type StoreLocation = { kind: 'sqlite'; path: string } | { kind: 'postgres'; url: string };
