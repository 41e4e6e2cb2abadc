/**
 * Statements that a restored log waits for. Its entries came back from counterparts' copies, 32 bytes
 * each; what we said in them comes back after. Until then nothing of ours is said: it would name an
 * older statement as its `prior` than we had said, which is a fork of our own account (rulings.md, 14).
 *
 * An entry does not tell whose statement it is of, so that those that we held are waited for too.
 */
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { clearAlarm, raiseAlarm } from '../alarms.ts';
import { counterpartNames } from './counterpart-names.ts';

const entriesNamedMax = 64;
const waiting = { code: 'statements-awaited', party: null, about: '' };
const restoredFromKey = 'restored-from';

/** Where our log was when it was restored: from here on others are asked for what it lost. */
export interface RestoredFrom {
  origin: string;
  from: number;
}

/** How many entries wait for their statements. Those that were given up do not count. */
export async function countAwaited(reader: StoreReader | StoreTransaction): Promise<number> {
  const { count } = await reader
    .selectFrom('adopted_entries')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('given_up', '=', 0)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Notes from where on a rebuilt log lost things, and warns while statements are awaited. */
export async function beginAwaiting(
  tx: StoreTransaction,
  { origin, from }: RestoredFrom,
  now: number,
): Promise<void> {
  const before = await readRestoredFrom(tx);
  const first = before?.origin === origin ? Math.min(before.from, from) : from;
  const value = JSON.stringify({ origin, from: first });
  await tx
    .insertInto('meta')
    .values({ key: restoredFromKey, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
  const awaited = await countAwaited(tx);
  if (awaited === 0) return;
  await raiseAlarm(tx, { ...waiting, detail: await awaitedWords(tx, awaited) }, now);
}

/** Null where no restore is left to be made good. */
export async function readRestoredFrom(
  reader: StoreReader | StoreTransaction,
): Promise<RestoredFrom | null> {
  const row = await reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', restoredFromKey)
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.value) as RestoredFrom);
}

/** Everybody has given what they had. */
export async function forgetRestoredFrom(tx: StoreTransaction): Promise<void> {
  await tx.deleteFrom('meta').where('key', '=', restoredFromKey).execute();
}

/** The last statement has come. */
export async function endAwaiting(tx: StoreTransaction, now: number): Promise<void> {
  await clearAlarm(tx, waiting, now);
}

/**
 * Waits no longer: the alarm `statements-lost` names the entries. A statement that comes later still
 * takes its place. Gives how many were given up.
 */
export async function giveUpAwaited(tx: StoreTransaction, now: number): Promise<number> {
  const rows = await tx
    .selectFrom('adopted_entries')
    .select('log_index')
    .where('given_up', '=', 0)
    .orderBy('log_index')
    .execute();
  await endAwaiting(tx, now);
  if (rows.length === 0) return 0;
  await tx.updateTable('adopted_entries').set({ given_up: 1 }).where('given_up', '=', 0).execute();
  const indexes = rows.map((row) => row.log_index);
  const about = `${indexes[0]}-${indexes.at(-1)}`;
  const detail = lostWords(indexes);
  await raiseAlarm(tx, { code: 'statements-lost', party: null, about, detail }, now);
  return rows.length;
}

function lostWords(indexes: readonly number[]): string {
  const named = indexes.slice(0, entriesNamedMax).join(', ');
  const more =
    indexes.length > entriesNamedMax ? ` and ${indexes.length - entriesNamedMax} more` : '';
  return (
    `The statements of these entries of our log did not come back after a restore: ${named}${more}. ` +
    'Our log goes on without them. Should one of them be ours, whoever holds it can show it, and what ' +
    'we said next in its docket may be void there as a fork of what we said before.'
  );
}

/** What is missing, from whom it is expected, and what to do. */
export async function awaitedWords(
  reader: StoreReader | StoreTransaction,
  awaited: number,
): Promise<string> {
  const names = await counterpartNames(reader);
  const whom = names.length === 0 ? 'nobody, since no counterpart is left' : names.join(', ');
  const what =
    awaited === 1 ? 'the statement of one entry' : `the statements of ${awaited} entries`;
  return (
    `Our log was rebuilt after a restore, and ${what} of it did not come back yet. Nothing of ours is ` +
    `said before that, or it would contradict what was said. Expected from: ${whom}. It asks for them ` +
    'by itself: let the node run and reach them, or exchange pouches by hand (comity pouch export, ' +
    'comity pouch import). If nobody has them any more: comity restore confirm --without-the-rest'
  );
}
