/** Clearing alarms whose cause is gone; raising is log/alarms.ts, and the ids are the same. */
import { encodeText, sha256Hex } from '@comity/record';
import type { StoreTransaction } from '../store/store.ts';

/** Clears an alarm if it is up. */
export async function clearAlarm(
  tx: StoreTransaction,
  alarm: { code: string; party: string | null; about: string },
  now: number,
): Promise<void> {
  const id = sha256Hex(encodeText(`${alarm.code}\n${alarm.party ?? ''}\n${alarm.about}`));
  await tx
    .updateTable('alarms')
    .set({ cleared_at: now })
    .where('id', '=', id)
    .where('cleared_at', 'is', null)
    .execute();
}
