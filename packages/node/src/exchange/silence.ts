/**
 * Silence: after two missed heartbeats an alarm, on each side for itself (protocol.md, Heartbeat).
 * A counterpart that never was heard counts from when it was added.
 */
import { clearAlarm, raiseAlarm } from '../alarms.ts';
import type { StoreTransaction } from '../store/store.ts';
import { ensureChannel, setChannel } from './channels.ts';
import { heartbeatsMissedMax } from './limits.ts';

/** A heartbeat came: the silence is over. */
export async function heardTest(tx: StoreTransaction, party: string, now: number): Promise<void> {
  await ensureChannel(tx, party);
  await setChannel(tx, party, { last_test_heard_at: now });
  await clearAlarm(tx, { code: 'silence', party, about: party }, now);
}

/** Raises the alarm for every counterpart that missed its heartbeats; returns those newly silent. */
export async function watchSilence(tx: StoreTransaction, now: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('channels')
    .innerJoin('parties', 'parties.id', 'channels.party')
    .select(['channels.party', 'channels.last_test_heard_at', 'channels.heartbeat_seconds'])
    .select('parties.added_at')
    .where('parties.state', '=', 'confirmed')
    .execute();
  const silent: string[] = [];
  for (const row of rows) {
    const heard = row.last_test_heard_at ?? row.added_at;
    // The second missed one was due two intervals after the last, and may take half a one.
    const longest = row.heartbeat_seconds * (heartbeatsMissedMax + 0.5);
    if (now - heard <= longest) continue;
    const { party } = row;
    const up = await tx
      .selectFrom('alarms')
      .select('id')
      .where('code', '=', 'silence')
      .where('party', '=', party)
      .where('cleared_at', 'is', null)
      .executeTakeFirst();
    if (up !== undefined) continue;
    const detail = `no heartbeat since ${new Date(heard * 1000).toISOString()}`;
    await raiseAlarm(tx, { code: 'silence', party, about: party, detail }, now);
    silent.push(party);
  }
  return silent;
}
