/** Why nothing is signed and what to do about it, for status and alarm: one sentence for each case. */
import type { NoteSigner } from '@comity/record';
import type { Clock } from '../context.ts';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';
import { raiseAlarm } from '../alarms.ts';
import { counterpartNames } from './counterpart-names.ts';
import { endedWords, readEndedLog } from './ended-log.ts';
import type { Blocked } from './jobs.ts';

/** What the words are about. */
export interface BlockedLog {
  blocked: Blocked;
  origin: string;
  /** `Sequencer.otherLog`. */
  otherLog: string | null;
  /** How many are configured. */
  witnesses: number;
}

export async function blockedWords(
  reader: StoreReader | StoreTransaction,
  { blocked, origin, otherLog, witnesses }: BlockedLog,
): Promise<string> {
  const ended = blocked === 'ended' ? await readEndedLog(reader, origin) : null;
  if (ended !== null && otherLog === null) return endedWords(ended);
  if (ended !== null) {
    return (
      `Our log ${ended.origin} has ended, and the high-water file names the log ${otherLog} that ` +
      'began after it: this home is a copy from before that. Begin no other log here. Put back a ' +
      `copy of the home that was made after ${otherLog} began.`
    );
  }
  const names = await counterpartNames(reader);
  const ways: string[] = [];
  if (witnesses > 0) ways.push(`a configured witness (there ${one(witnesses)})`);
  if (names.length > 0) ways.push(`all counterparts (${names.join(', ')})`);
  const why = whyRestored(otherLog);
  if (ways.length === 0) {
    return (
      `${why} There is no counterpart and no witness to ask for our newest checkpoint. If nobody ` +
      'ever had one that this home does not hold: comity restore confirm --nobody-else'
    );
  }
  const alone =
    names.length > 0
      ? ''
      : ' Should the witness have cosigned more than this home holds, and no counterpart ever had ' +
        'our log, the log ends: comity restore confirm --nobody-else';
  return (
    `${why} It is asking, and signs again once ${ways.join(' or ')} stated the newest checkpoint of ` +
    'our log. Let the node run and reach them' +
    (names.length > 0
      ? ', or exchange pouches by hand (comity pouch export, comity pouch import).'
      : '.') +
    alone
  );
}

function whyRestored(otherLog: string | null): string {
  const why = 'This home was restored from a copy, or its high-water file is missing or differs.';
  if (otherLog === null) return why;
  return (
    `The high-water file names the log ${otherLog}, of which this home knows nothing: it is a copy ` +
    'from before credentials began that log, or the file is damaged. In such a copy nothing that ' +
    `counterparts or witnesses hold of ${otherLog} can be checked, and asking them does not end this: ` +
    `put back a copy of the home that was made after ${otherLog} began. If that never was a log of ours:`
  );
}

function one(count: number): string {
  return count === 1 ? 'is one' : `are ${count}`;
}

/** Raises the alarm of a log that is blocked after a restore. */
export async function alarmRestored(deps: {
  store: Store;
  clock: Clock;
  logSigner: NoteSigner;
  witnesses?: readonly string[];
  otherLog: string | null;
}): Promise<void> {
  const { store, clock, logSigner, witnesses, otherLog } = deps;
  const about = { origin: logSigner.key.name, otherLog, witnesses: witnesses?.length ?? 0 };
  await store.transact(async (tx) => {
    const detail = await blockedWords(tx, { blocked: 'restored', ...about });
    await raiseAlarm(tx, { code: 'restored', party: null, about: '', detail }, clock.now());
  });
}
