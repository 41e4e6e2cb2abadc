/** What we know of the channel with each counterpart: sequence numbers, when it was last heard. */
import type { Selectable } from 'kysely';
import type { ChannelsTable } from '../store/schema.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

export type Channel = Selectable<ChannelsTable>;

/** One heartbeat an hour each way unless the terms say otherwise. */
export const heartbeatSecondsDefault = 3600;

/** The row of a party, made with defaults when there is none. */
export async function ensureChannel(tx: StoreTransaction, party: string): Promise<Channel> {
  const fresh: Channel = {
    party,
    next_sequence: 1,
    last_sequence_heard: 0,
    last_heard_at: null,
    last_sent_at: null,
    next_attempt_at: 0,
    failures: 0,
    last_error: null,
    entries_copied: 0,
    our_size_confirmed: 0,
    heartbeat_seconds: heartbeatSecondsDefault,
    last_test_sent_at: null,
    last_test_heard_at: null,
  };
  await tx
    .insertInto('channels')
    .values(fresh)
    .onConflict((conflict) => conflict.column('party').doNothing())
    .execute();
  return tx.selectFrom('channels').selectAll().where('party', '=', party).executeTakeFirstOrThrow();
}

/** The row of a party, or null. */
export async function readChannel(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<Channel | null> {
  const row = await reader
    .selectFrom('channels')
    .selectAll()
    .where('party', '=', party)
    .executeTakeFirst();
  return row ?? null;
}

/** Changes some columns of a party's row. */
export async function setChannel(
  tx: StoreTransaction,
  party: string,
  columns: Partial<Omit<Channel, 'party'>>,
): Promise<void> {
  await tx.updateTable('channels').set(columns).where('party', '=', party).execute();
}

/** Parties that a pouch may be sent to or come from, with how the pairing stands. */
export async function channelParties(
  reader: StoreReader | StoreTransaction,
): Promise<{ party: string; confirmed: boolean; directUrl: string | null }[]> {
  const rows = await reader
    .selectFrom('parties')
    .select(['id', 'state', 'direct_url'])
    .where('state', 'in', ['added', 'confirmed', 'numbers-differ'])
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    party: row.id,
    confirmed: row.state === 'confirmed',
    directUrl: row.direct_url,
  }));
}
