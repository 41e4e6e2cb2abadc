/**
 * The end of a log (protocol.md, Log: "what cannot be rebuilt ends the log, and credentials start
 * another"). Once entries that we signed are with nobody, an index used again would be a fork of our
 * own log: so nothing is ever signed in it again, and the database says so for good.
 */
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { raiseAlarm } from '../alarms.ts';

/** A log of ours that has ended. */
export interface EndedLog {
  origin: string;
  /** Entries that stand: what the next credentials state as its final size. */
  size: number;
  /** Entries that we had signed at the least; those from `size` on are lost. */
  signed: number;
}

const key = (origin: string): string => `log-ended/${origin}`;

/** How the log of this origin ended; null while it goes on. */
export async function readEndedLog(
  reader: StoreReader | StoreTransaction,
  origin: string,
): Promise<EndedLog | null> {
  const row = await reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', key(origin))
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.value) as EndedLog);
}

/** Ends the log for ever, with an alarm that says what to do. */
export async function endLog(tx: StoreTransaction, ended: EndedLog, now: number): Promise<void> {
  const { origin } = ended;
  await tx
    .insertInto('meta')
    .values({ key: key(origin), value: JSON.stringify(ended) })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  const detail = endedWords(ended);
  await raiseAlarm(tx, { code: 'log-ended', party: null, about: origin, detail }, now);
}

/** What happened and what to do, for status and alarm. */
export function endedWords({ origin, size, signed }: EndedLog): string {
  const what =
    signed > size
      ? `it had signed ${signed} entries, and those from ${size} on are with nobody any more`
      : `it had signed another tree than the ${size} entries that are left`;
  return (
    `Our log ${origin} has ended: ${what}. Nothing is signed in it ever again. ` +
    'Begin another log, signed by the root threshold: comity credentials new-log'
  );
}
