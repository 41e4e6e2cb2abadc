/** Why nothing is signed and what to do about it, for status and alarm: one sentence for each case. */
import type { NoteSigner } from '@comity/record';
import type { Clock } from '../context.ts';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';
import { raiseAlarm } from '../alarms.ts';
import { counterpartNames } from './counterpart-names.ts';
import { endedWords, readEndedLog } from './ended-log.ts';
import type { Blocked } from './jobs.ts';

/** `witnesses`: how many are configured. */
export async function blockedWords(
  reader: StoreReader | StoreTransaction,
  blocked: Blocked,
  origin: string,
  witnesses: number,
): Promise<string> {
  const ended = blocked === 'ended' ? await readEndedLog(reader, origin) : null;
  if (ended !== null) return endedWords(ended);
  const names = await counterpartNames(reader);
  const ways: string[] = [];
  if (witnesses > 0) ways.push(`a configured witness (there ${one(witnesses)})`);
  if (names.length > 0) ways.push(`all counterparts (${names.join(', ')})`);
  const why = 'This home was restored from a copy, or its high-water file is missing or differs.';
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

function one(count: number): string {
  return count === 1 ? 'is one' : `are ${count}`;
}

/** Raises the alarm of a log that is blocked after a restore. */
export async function alarmRestored(deps: {
  store: Store;
  clock: Clock;
  logSigner: NoteSigner;
  witnesses?: readonly string[];
}): Promise<void> {
  const { store, clock, logSigner, witnesses } = deps;
  await store.transact(async (tx) => {
    const detail = await blockedWords(tx, 'restored', logSigner.key.name, witnesses?.length ?? 0);
    await raiseAlarm(tx, { code: 'restored', party: null, about: '', detail }, clock.now());
  });
}
