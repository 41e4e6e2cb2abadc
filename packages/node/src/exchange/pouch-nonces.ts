/**
 * How a pouch is recognised as the answer to one of ours.
 *
 * The nonce of an answer is derived from the nonce of the pouch that it answers, which only the
 * two parties know (it travels sealed). So an old answer that somebody sends again covers nothing,
 * and a pouch carried by hand days later still covers what it answers. Our nonces wait in `meta`
 * under `pouch/<party>/<sequence>`, at most `outstandingPouchesMax` per counterpart.
 */
import { encodeBase64Url, encodeText, sha256 } from '@comity/record';
import type { Random } from '../context.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { outstandingPouchesMax } from './limits.ts';

const nonceBytes = 16;

/** A nonce for a pouch that answers nothing. */
export function freshNonce(random: Random): string {
  return encodeBase64Url(random(nonceBytes));
}

/** The nonce of the answer to the pouch with this nonce. */
export function answerNonce(nonce: string): string {
  const digest = sha256(encodeText(`comity/pouch-answer/v1\n${nonce}`));
  return encodeBase64Url(digest.subarray(0, nonceBytes));
}

const ownPrefix = (party: string) => `pouch/${party}/`;
const heardKey = (party: string) => `pouch-heard/${party}`;

/**
 * Remembers the nonce of a pouch that we are about to send; forgets the oldest past the bound. Two
 * answers to one pouch have one nonce: the later takes its place, and what the earlier carried is
 * sent again in time.
 */
export async function rememberNonce(
  tx: StoreTransaction,
  party: string,
  sequence: number,
  nonce: string,
): Promise<void> {
  await tx
    .deleteFrom('meta')
    .where('key', 'like', `${ownPrefix(party)}%`)
    .where('value', '=', nonce)
    .execute();
  await tx
    .insertInto('meta')
    .values({ key: ownPrefix(party) + String(sequence), value: nonce })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: nonce }))
    .execute();
  const forgotten = sequence - outstandingPouchesMax;
  if (forgotten >= 0) {
    await tx
      .deleteFrom('meta')
      .where('key', '=', ownPrefix(party) + String(forgotten))
      .execute();
  }
}

/** The sequence number of our pouch that a pouch with this nonce answers, or null. */
export async function answeredSequence(
  reader: StoreReader | StoreTransaction,
  party: string,
  nonce: string,
): Promise<number | null> {
  const prefix = ownPrefix(party);
  const rows = await reader
    .selectFrom('meta')
    .select(['key', 'value'])
    .where('key', 'like', `${prefix}%`)
    .execute();
  const row = rows.find((each) => answerNonce(each.value) === nonce);
  return row === undefined ? null : Number(row.key.slice(prefix.length));
}

/** Forgets the nonce of a pouch that was answered. */
export async function forgetNonce(
  tx: StoreTransaction,
  party: string,
  sequence: number,
): Promise<void> {
  await tx
    .deleteFrom('meta')
    .where('key', '=', ownPrefix(party) + String(sequence))
    .execute();
}

/** Remembers the newest whole pouch of a party, so that the next one by hand can answer it. */
export async function rememberHeard(
  tx: StoreTransaction,
  party: string,
  nonce: string,
): Promise<void> {
  await tx
    .insertInto('meta')
    .values({ key: heardKey(party), value: nonce })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: nonce }))
    .execute();
}

/** Notes that a pouch which answers this nonce is on its way: each is answered once. */
export async function forgetHeard(
  tx: StoreTransaction,
  party: string,
  nonce: string,
): Promise<void> {
  await tx
    .deleteFrom('meta')
    .where('key', '=', heardKey(party))
    .where('value', '=', nonce)
    .execute();
}

/** The nonce of the newest whole pouch of a party that no pouch of ours has answered, or null. */
export async function newestHeard(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<string | null> {
  const row = await reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', heardKey(party))
    .executeTakeFirst();
  return row?.value ?? null;
}
