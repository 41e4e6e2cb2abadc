/** Alarms: raised once by a stable id, shown until cleared. */
import { encodeText, sha256Hex } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

export interface AlarmRow {
  id: string;
  code: string;
  party: string | null;
  detail: string;
  raisedAt: number;
  clearedAt: number | null;
}

const rowsMax = 1_000;

/** Id of the alarm `code` about `about` (a party, a docket, an origin). */
function alarmId(code: string, about: string): string {
  return sha256Hex(encodeText(`${code}\n${about}`));
}

/** Raises an alarm, or raises a cleared one again; true when it was not there already. */
export async function raiseAlarm(
  tx: StoreTransaction,
  alarm: { code: string; about: string; party: string | null; detail: string },
  now: number,
): Promise<boolean> {
  const id = alarmId(alarm.code, alarm.about);
  const there = await tx.selectFrom('alarms').selectAll().where('id', '=', id).executeTakeFirst();
  if (there !== undefined && there.cleared_at === null) return false;
  const { code, party, detail } = alarm;
  const row = { id, code, party, detail, raised_at: now, cleared_at: null };
  if (there === undefined) await tx.insertInto('alarms').values(row).execute();
  else await tx.updateTable('alarms').set(row).where('id', '=', id).execute();
  return true;
}

/** Clears an alarm; false when there was none to clear. */
export async function clearAlarm(tx: StoreTransaction, id: string, now: number): Promise<boolean> {
  const there = await tx
    .selectFrom('alarms')
    .select('id')
    .where('id', '=', id)
    .where('cleared_at', 'is', null)
    .executeTakeFirst();
  if (there === undefined) return false;
  await tx.updateTable('alarms').set({ cleared_at: now }).where('id', '=', id).execute();
  return true;
}

/** Standing alarms, newest first; with `all` the cleared ones too. */
export async function listAlarms(
  reader: StoreReader | StoreTransaction,
  all = false,
): Promise<AlarmRow[]> {
  let query = reader.selectFrom('alarms').selectAll();
  if (!all) query = query.where('cleared_at', 'is', null);
  const rows = await query.orderBy('raised_at', 'desc').orderBy('id').limit(rowsMax).execute();
  return rows.map((row) => ({
    id: row.id,
    code: row.code,
    party: row.party,
    detail: row.detail,
    raisedAt: Number(row.raised_at),
    clearedAt: row.cleared_at === null ? null : Number(row.cleared_at),
  }));
}
