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
  const id = sha256Hex(encodeText(`${code}\n${party ?? ''}\n${about}`));
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
