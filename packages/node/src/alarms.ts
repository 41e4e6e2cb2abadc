/**
 * Alarms: raised once under an id that says what they are about, shown until they are over or a
 * person clears them.
 */
import { encodeText, sha256Hex } from '@comity/record';
import type { StoreReader, StoreTransaction } from './store/store.ts';

/** Which alarm: `about` tells apart two of one code and party (a docket, an origin). */
export interface AlarmName {
  code: string;
  party: string | null;
  about: string;
}

export interface AlarmRow {
  id: string;
  code: string;
  party: string | null;
  detail: string;
  raisedAt: number;
  clearedAt: number | null;
}

const rowsMax = 1_000;

/** The id of an alarm, 64 hex digits. */
export function alarmId({ code, party, about }: AlarmName): string {
  return sha256Hex(encodeText(`${code}\n${party ?? ''}\n${about}`));
}

/** Raises an alarm, again where it was cleared; one that stands stays as it is. */
export async function raiseAlarm(
  tx: StoreTransaction,
  alarm: AlarmName & { detail: string },
  now: number,
): Promise<void> {
  const { code, party, detail } = alarm;
  await tx
    .insertInto('alarms')
    .values({ id: alarmId(alarm), code, party, detail, raised_at: now, cleared_at: null })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ detail, raised_at: now, cleared_at: null })
        .where('alarms.cleared_at', 'is not', null),
    )
    .execute();
}

/** Marks an alarm as over; nothing happens where it does not stand. */
export async function clearAlarm(
  tx: StoreTransaction,
  alarm: AlarmName,
  now: number,
): Promise<void> {
  await clearAlarmById(tx, alarmId(alarm), now);
}

/** Clears an alarm as a person asks; false when there was none to clear. */
export async function clearAlarmById(
  tx: StoreTransaction,
  id: string,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('alarms')
    .set({ cleared_at: now })
    .where('id', '=', id)
    .where('cleared_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Standing alarms, newest first, at most 1,000; with `all` the cleared ones too. */
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
