/** Alarms: raised once per code and subject, cleared when the cause is gone, never deleted. */
import { encodeText, sha256Hex } from '@comity/record';
import type { StoreTransaction } from '../store/store.ts';

export interface Alarm {
  code: string;
  party: string | null;
  /** What it is about, so that the same alarm is not raised twice. */
  subject: string;
  detail: string;
}

/** Raises an alarm, or raises it again if it was cleared. True when it was not up already. */
export async function raiseAlarm(
  tx: StoreTransaction,
  alarm: Alarm,
  now: number,
): Promise<boolean> {
  const id = alarmId(alarm);
  const there = await tx
    .selectFrom('alarms')
    .select(['cleared_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (there !== undefined && there.cleared_at === null) return false;
  const { code, party, detail } = alarm;
  await tx
    .insertInto('alarms')
    .values({ id, code, party, detail, raised_at: now, cleared_at: null })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ detail, raised_at: now, cleared_at: null }),
    )
    .execute();
  return true;
}

/** Clears an alarm if it is up. */
export async function clearAlarm(
  tx: StoreTransaction,
  alarm: Pick<Alarm, 'code' | 'party' | 'subject'>,
  now: number,
): Promise<void> {
  await tx
    .updateTable('alarms')
    .set({ cleared_at: now })
    .where('id', '=', alarmId(alarm))
    .where('cleared_at', 'is', null)
    .execute();
}

/** The stable id of an alarm. */
export function alarmId(alarm: Pick<Alarm, 'code' | 'party' | 'subject'>): string {
  return sha256Hex(encodeText(`${alarm.code}\n${alarm.party ?? ''}\n${alarm.subject}`));
}
