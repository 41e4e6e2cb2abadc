/** Evidence of what a log or its owner did, each kept once and for ever. */
import { encodeText, sha256Hex } from '@comity/record';
import type { StoreTransaction } from '../store/store.ts';

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
