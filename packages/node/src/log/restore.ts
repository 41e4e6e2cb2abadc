/**
 * Ending the blocked state after a restore (rulings.md, 25): what others hold of our log is
 * verified, what our database lost is taken from their copies, and only then is signed again.
 */
import {
  encodeHex,
  equalBytes,
  failure,
  formatVkey,
  parseNote,
  parseVkey,
  success,
  verifyCosignature,
  type Checkpoint,
  type NoteKey,
  type Result,
} from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { raiseAlarm } from './alarms.ts';
import { insertEntries } from './batch-rows.ts';
import { noteWithLinesOf, openOwnCheckpoint } from './checkpoints.ts';
import type { HighWater } from './high-water.ts';
import type { ClearRestoreCode, EntryRun, StatedCheckpoint } from './jobs.ts';
import { loadEdge, rootAt, writeTiles } from './tiles.ts';
import { edgeRoot, extendEdge } from './tree.ts';

/** Entries that may be taken back at once; more would not fit in memory comfortably. */
const adoptedEntriesMax = 10_000_000;
const entriesPerStepMax = 4096;

export interface RestoreKeys {
  logKey: NoteKey;
  ownAccountKey: NoteKey;
  /** vkeys of witnesses outside the counterparts, by configuration. */
  witnesses: readonly string[];
}

interface Opened {
  checkpoint: Checkpoint;
  note: string;
}

/**
 * Verifies what was stated and gives the newest checkpoint, null when everyone holds none. A
 * statement by a witness counts when its own cosignature is in the note and verifies.
 */
export async function judgeStated(
  reader: StoreReader | StoreTransaction,
  keys: RestoreKeys,
  stated: readonly StatedCheckpoint[],
  nobodyElse: boolean,
): Promise<Result<Opened | null, ClearRestoreCode>> {
  const opened: Opened[] = [];
  let witnessed = false;
  for (const { by, note } of stated) {
    if (note === null) continue;
    const checkpoint = openOwnCheckpoint(note, keys.logKey);
    if (checkpoint === null) return failure('bad-checkpoint', by);
    opened.push({ checkpoint, note });
    witnessed ||= keys.witnesses.includes(by) && isCosignedBy(note, by);
  }
  const enough = await isEnough(reader, stated, witnessed, keys.witnesses.length, nobodyElse);
  if (!enough.ok) return enough;
  const sizes = new Map<number, Uint8Array>();
  for (const { checkpoint } of opened) {
    const other = sizes.get(checkpoint.size);
    if (other !== undefined && !equalBytes(other, checkpoint.root)) {
      return failure('fork', String(checkpoint.size), 'two checkpoints of one size were stated');
    }
    sizes.set(checkpoint.size, checkpoint.root);
  }
  opened.sort((a, b) => b.checkpoint.size - a.checkpoint.size);
  return success(opened[0] ?? null);
}

async function isEnough(
  reader: StoreReader | StoreTransaction,
  stated: readonly StatedCheckpoint[],
  witnessed: boolean,
  witnesses: number,
  nobodyElse: boolean,
): Promise<Result<null, ClearRestoreCode>> {
  if (witnessed) return success(null);
  const rows = await reader
    .selectFrom('parties')
    .select('id')
    .where('state', '=', 'confirmed')
    .execute();
  const spoken = new Set(stated.map(({ by }) => by));
  const silent = rows.filter(({ id }) => !spoken.has(id)).map(({ id }) => id);
  if (silent.length > 0) return failure('not-enough-stated', '', silent.join(' '));
  // Nobody could have contradicted us: then an officer must say that nobody ever could.
  if (rows.length === 0 && !nobodyElse) {
    return failure(witnesses > 0 ? 'not-enough-stated' : 'nobody-to-ask', '');
  }
  return success(null);
}

function isCosignedBy(note: string, vkey: string): boolean {
  const key = parseVkey(vkey);
  const parsed = parseNote(note);
  if (!key.ok || !parsed.ok) return false;
  return parsed.value.signatures.some(
    (line) => verifyCosignature(parsed.value.text, line, key.value).ok,
  );
}

/**
 * Makes our tree contain every stated checkpoint: checks those within our database, and extends it
 * to the newest with entries out of counterparts' copies. Everything or nothing: on a failure the
 * caller undoes the transaction. Nothing is signed here.
 */
export async function adoptStated(
  tx: StoreTransaction,
  keys: RestoreKeys,
  newest: Opened | null,
  stated: readonly StatedCheckpoint[],
  copies: readonly EntryRun[],
  ourSize: number,
  now: number,
): Promise<Result<{ size: number }, ClearRestoreCode>> {
  const origin = keys.logKey.name;
  const target = newest?.checkpoint.size ?? 0;
  if (newest !== null && target > ourSize) {
    const extended = await extendTo(tx, keys, newest, copies, ourSize, now);
    if (!extended.ok) return extended;
  }
  for (const { by, note } of stated) {
    const checkpoint = note === null ? null : openOwnCheckpoint(note, keys.logKey);
    if (checkpoint === null) continue;
    if (!equalBytes(await rootAt(tx, origin, checkpoint.size), checkpoint.root)) {
      return failure('fork', by, `our tree at ${checkpoint.size} is not the one stated`);
    }
  }
  return success({ size: Math.max(target, ourSize) });
}

async function extendTo(
  tx: StoreTransaction,
  keys: RestoreKeys,
  newest: Opened,
  copies: readonly EntryRun[],
  ourSize: number,
  now: number,
): Promise<Result<null, ClearRestoreCode>> {
  const { origin, size, root } = newest.checkpoint;
  const entries = entriesFromRuns(copies, ourSize, size);
  if (!Array.isArray(entries)) {
    return failure('entries-needed', '', `${entries.missingFrom}-${size}`);
  }
  let edge = await loadEdge(tx, origin, ourSize);
  for (let start = 0; start < entries.length; start += entriesPerStepMax) {
    const extended = extendEdge(edge, entries.slice(start, start + entriesPerStepMax));
    edge = extended.edge;
    await writeTiles(tx, origin, extended.tiles);
  }
  if (!equalBytes(edgeRoot(edge), root)) return failure('entries-wrong', '', `${ourSize}-${size}`);
  await insertEntries(tx, origin, ourSize, entries);
  await insertAdopted(tx, entries, ourSize, size);
  await insertStatedCheckpoint(tx, keys, newest, now);
  return success(null);
}

/**
 * Entries that we signed, by the high-water record, and that nobody gave back. They may have been
 * seen all the same (the log is public): whoever kept that checkpoint can show a fork. We go on, as
 * protocol.md has it once all counterparts have spoken, but never silently.
 */
export async function noteLostTail(
  tx: StoreTransaction,
  mark: HighWater | null | 'unreadable',
  origin: string,
  size: number,
  now: number,
): Promise<void> {
  if (mark === null || mark === 'unreadable') return;
  if (mark.origin !== origin || mark.size <= size) return;
  const detail =
    `we had signed a checkpoint of ${mark.size} entries; those from ${size} on are lost, and ` +
    `our log goes on without them`;
  const alarm = { code: 'log-tail-lost', party: null, about: `${size}-${mark.size}`, detail };
  await raiseAlarm(tx, alarm, now);
}

function entriesFromRuns(
  runs: readonly EntryRun[],
  from: number,
  to: number,
): Uint8Array[] | { missingFrom: number } {
  const entries: Uint8Array[] = [];
  const sorted = [...runs].sort((a, b) => a.start - b.start);
  if (to - from > adoptedEntriesMax) return { missingFrom: from };
  for (const run of sorted) {
    const next = from + entries.length;
    if (run.start > next) break;
    for (const entry of run.entries.slice(next - run.start, to - run.start)) entries.push(entry);
  }
  return entries.length < to - from ? { missingFrom: from + entries.length } : entries;
}

/** So that statements that come back find their entry instead of getting a second one. */
async function insertAdopted(
  tx: StoreTransaction,
  entries: readonly Uint8Array[],
  start: number,
  size: number,
): Promise<void> {
  for (let from = 0; from < entries.length; from += entriesPerStepMax) {
    const rows = entries
      .slice(from, from + entriesPerStepMax)
      .map((entry, i) => ({ entry: encodeHex(entry), log_index: start + from + i, size }));
    await tx
      .insertInto('adopted_entries')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Our own lines of it as a checkpoint, as they were published; the times others gave beside it. */
async function insertStatedCheckpoint(
  tx: StoreTransaction,
  keys: RestoreKeys,
  newest: Opened,
  now: number,
): Promise<void> {
  const { origin, size, root } = newest.checkpoint;
  const note = noteWithLinesOf(newest.note, [keys.logKey, keys.ownAccountKey]) ?? newest.note;
  await tx
    .insertInto('checkpoints')
    .values({ origin, size, root: encodeHex(root), note, seen_at: now })
    .execute();
  const parsed = parseNote(newest.note);
  if (!parsed.ok) return;
  const known = [keys.ownAccountKey];
  for (const vkey of keys.witnesses) {
    const key = parseVkey(vkey);
    if (key.ok) known.push(key.value);
  }
  for (const line of parsed.value.signatures) {
    for (const key of known) {
      const verified = verifyCosignature(parsed.value.text, line, key);
      if (!verified.ok) continue;
      const row = { origin, size, vkey: formatVkey(key), time: verified.value.time };
      await tx
        .insertInto('cosignatures')
        .values({ ...row, line: line.line })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  }
}
