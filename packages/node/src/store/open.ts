/** Opens a store of either kind and brings its tables to the newest version. */
import type { Store, StoreLocation } from './store.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';

/**
 * Opens the database, creating it (SQLite) and migrating it where needed.
 *
 * Throws when the file or server cannot be reached, when another process holds the write lock
 * (PostgreSQL), or when the database was written by a newer version of this program.
 */
export function openStore(location: StoreLocation): Promise<Store> {
  return location.kind === 'sqlite' ? openSqlite(location.path) : openPostgres(location.url);
}
