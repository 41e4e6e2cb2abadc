/** Rows for tests that need them without what they stand for. */
import type { Insertable } from 'kysely';
import type { CheckpointsTable, CredentialsTable, StatementsTable } from '../src/store/schema.ts';

/** A statement of another party without a place in our log. */
export function statementRow(id: string): Insertable<StatementsTable> {
  return {
    ...{ id, docket: 'd'.repeat(64), kind: 'channel.message', author: 'b'.repeat(64) },
    ...{ chain: 'duty', prior: null, made: '2026-11-24T02:10:00Z', envelope: new Uint8Array() },
    ...{ list_digest: '', anchor_lines: '[]', said_origin: 'other', said_index: 0, said_size: 1 },
    ...{ own: 0, held_origin: null, held_index: null, held_size: null, refused: null },
    ...{ introduced_by: null, logged_at: 0 },
  };
}

/** A version of a party's credentials in one of its logs. */
export function credentialsRow(
  party: string,
  version: number,
  origin: string,
): Insertable<CredentialsTable> {
  return { id: `${origin} ${version}`, party, version, body: '{}', origin, log_index: 0 };
}

/** A checkpoint of a log. */
export function checkpointRow(origin: string, size: number): Insertable<CheckpointsTable> {
  return { origin, size, root: '', note: '', seen_at: 0 };
}
