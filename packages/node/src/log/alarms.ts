/** Alarms and evidence that concern logs; each is kept once. */
import { encodeText, sha256Hex } from '@comity/record';
import type { StoreTransaction } from '../store/store.ts';

/** Raises an alarm, again where it was cleared. `about` tells apart two of one code and party. */
export async function raiseAlarm(
  tx: StoreTransaction,
  alarm: { code: string; party: string | null; about: string; detail: string },
  now: number,
): Promise<string> {
  const { code, party, about, detail } = alarm;
  const id = alarmId(code, party, about);
  await tx
    .insertInto('alarms')
    .values({ id, code, party, detail, raised_at: now, cleared_at: null })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ detail, raised_at: now, cleared_at: null })
        .where('alarms.cleared_at', 'is not', null),
    )
    .execute();
  return id;
}

/** Marks an alarm as over; nothing happens where it is not raised. */
export async function clearAlarm(
  tx: StoreTransaction,
  alarm: { code: string; party: string | null; about: string },
  now: number,
): Promise<void> {
  await tx
    .updateTable('alarms')
    .set({ cleared_at: now })
    .where('id', '=', alarmId(alarm.code, alarm.party, alarm.about))
    .where('cleared_at', 'is', null)
    .execute();
}

function alarmId(code: string, party: string | null, about: string): string {
  return sha256Hex(encodeText(`${code}\n${party ?? ''}\n${about}`));
}

/** Keeps evidence for ever, by the digest of what it says. */
export async function recordEvidence(
  tx: StoreTransaction,
  evidence: { kind: string; party: string; body: string },
  now: number,
): Promise<string> {
  const { kind, party, body } = evidence;
  const id = sha256Hex(encodeText(`${kind}\n${party}\n${body}`));
  await tx
    .insertInto('evidence')
    .values({ id, kind, party, body, found_at: now })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return id;
}
