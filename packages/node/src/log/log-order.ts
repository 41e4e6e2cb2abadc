/**
 * Order of entries over all logs of one party: a log that began later comes later, whatever the
 * index (rulings.md, 8). For few rows: no index gives this order.
 */
import { sql } from 'kysely';

/** For `orderBy` on statements: which of the author's logs the `said` entry is in. */
export const logOrder = sql<number>`(select coalesce(max(credentials.version), 0) from credentials
  where credentials.party = statements.author and credentials.origin = statements.said_origin)`;
