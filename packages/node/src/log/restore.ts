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
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';
import { clearAlarm, raiseAlarm } from '../alarms.ts';
import { beginAwaiting } from './awaited.ts';
import { insertEntries } from './batch-rows.ts';
import { noteWithLinesOf, openOwnCheckpoint } from './checkpoints.ts';
import { writeHighWater, type HighWater } from './high-water.ts';
import { endLog, type EndedLog } from './ended-log.ts';
import type { ClearRestoreCode, EntryRun, RestoreWord, StatedCheckpoint } from './jobs.ts';
import { loadEdge, rootAt, writeTiles } from './tiles.ts';
import { edgeRoot, extendEdge, type Tile, type TreeEdge } from './tree.ts';

const entriesPerStepMax = 4096;

export interface RestoreKeys {
  logKey: NoteKey;
  ownAccountKey: NoteKey;
  /** vkeys of witnesses outside the counterparts, by configuration. */
  witnesses: readonly string[];
}

interface Opened {
  by: string;
  checkpoint: Checkpoint;
  note: string;
}

/** What was stated, verified: the checkpoints largest first, and who has not spoken. */
interface Judged {
  opened: readonly Opened[];
  /** Nobody is left who could give what is missing. */
  exhausted: boolean;
}

/**
 * Verifies what was stated. A statement by a witness counts when its own cosignature is in the note
 * and verifies.
 */
async function judgeStated(
  reader: StoreReader | StoreTransaction,
  keys: RestoreKeys,
  stated: readonly StatedCheckpoint[],
  word: RestoreWord,
): Promise<Result<Judged, ClearRestoreCode>> {
  const opened: Opened[] = [];
  let witnessed = false;
  for (const { by, note } of stated) {
    if (note === null) continue;
    const checkpoint = openOwnCheckpoint(note, keys.logKey);
    if (checkpoint === null) return failure('bad-checkpoint', by);
    opened.push({ by, checkpoint, note });
    witnessed ||= keys.witnesses.includes(by) && isCosignedBy(note, by);
  }
  const rows = await reader
    .selectFrom('parties')
    .select('id')
    .where('state', '=', 'confirmed')
    .execute();
  const parties = rows.map(({ id }) => id);
  const spoken = new Set(stated.map(({ by }) => by));
  const silent = parties.filter((id) => !spoken.has(id));
  const enough = witnessed ? success(null) : isEnough(parties, silent, keys, word);
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
  // Without counterparts only an officer knows that this home has not merely forgotten them.
  const given =
    parties.length === 0
      ? word.nobodyElse === true
      : parties.every((id) => word.exhausted?.has(id) === true);
  return success({ opened, exhausted: silent.length === 0 && given });
}

function isEnough(
  parties: readonly string[],
  silent: readonly string[],
  keys: RestoreKeys,
  word: RestoreWord,
): Result<null, ClearRestoreCode> {
  if (silent.length > 0) return failure('not-enough-stated', '', silent.join(' '));
  if (parties.length > 0) return success(null);
  // Nobody could have contradicted us: then an officer must say that nobody ever could.
  if (keys.witnesses.length > 0) return failure('not-enough-stated', '');
  return word.nobodyElse === true ? success(null) : failure('nobody-to-ask', '');
}

/** Whether the note has a cosignature by this key that verifies. */
export function isCosignedBy(note: string, vkey: string): boolean {
  const key = parseVkey(vkey);
  const parsed = parseNote(note);
  if (!key.ok || !parsed.ok) return false;
  return parsed.value.signatures.some(
    (line) => verifyCosignature(parsed.value.text, line, key.value).ok,
  );
}

/** Where our log stands when it is to be rebuilt. */
export interface RestorePlace {
  size: number;
  mark: HighWater | null | 'unreadable';
  now: number;
}

/** What rebuilding came to. `ended`: what we had signed cannot be rebuilt by anybody. */
interface Rebuilt {
  size: number;
  ended: EndedLog | null;
}

/**
 * Makes our tree contain every stated checkpoint and the high-water mark: checks those within our
 * database, and extends it to the newest that counterparts' copies reach. What we signed past that
 * is asked for again, and once nobody is left to ask, the log ends. Everything or nothing: on a
 * failure the caller undoes the transaction. Nothing is signed here.
 */
async function rebuildLog(
  tx: StoreTransaction,
  keys: RestoreKeys,
  judged: Judged,
  copies: readonly EntryRun[],
  word: RestoreWord,
  place: RestorePlace,
): Promise<Result<Rebuilt, ClearRestoreCode>> {
  const origin = keys.logKey.name;
  let { size } = place;
  for (const one of judged.opened) {
    if (one.checkpoint.size <= size) break;
    const extended = await extendTo(tx, keys, one, copies, place);
    if (extended.ok) size = one.checkpoint.size;
    else if (!judged.exhausted) return extended;
  }
  for (const { by, checkpoint } of judged.opened) {
    if (checkpoint.size > size) continue;
    if (!equalBytes(await rootAt(tx, origin, checkpoint.size), checkpoint.root)) {
      return failure('fork', by, `our tree at ${checkpoint.size} is not the one stated`);
    }
  }
  const signed = await signedBeyond(tx, origin, judged, place.mark, size);
  if (signed === null) return success({ size, ended: null });
  if (word.nobodyElse === true && judged.opened.length === 0) {
    await noteLostTail(tx, origin, size, signed, place.now);
    return success({ size, ended: null });
  }
  if (!judged.exhausted) return failure('entries-needed', '', `${size}-${signed}`);
  const ended = { origin, size, signed };
  await endLog(tx, ended, place.now);
  return success({ size, ended });
}

/** How many entries we had signed, where our tree of `size` does not contain what we signed. */
async function signedBeyond(
  tx: StoreTransaction,
  origin: string,
  judged: Judged,
  mark: HighWater | null | 'unreadable',
  size: number,
): Promise<number | null> {
  const stated = judged.opened[0]?.checkpoint.size ?? 0;
  if (mark === null || mark === 'unreadable' || mark.origin !== origin) {
    return stated > size ? stated : null;
  }
  const signed = Math.max(stated, mark.size);
  if (signed > size) return signed;
  return encodeHex(await rootAt(tx, origin, mark.size)) === mark.root ? null : signed;
}

async function extendTo(
  tx: StoreTransaction,
  keys: RestoreKeys,
  newest: Opened,
  copies: readonly EntryRun[],
  place: RestorePlace,
): Promise<Result<null, ClearRestoreCode>> {
  const { origin, size, root } = newest.checkpoint;
  const from = place.size;
  const edge = await loadEdge(tx, origin, from);
  let code: ClearRestoreCode = 'entries-needed';
  // One party's false entries must not spoil another's good ones: each alone, then all together.
  const parties = [...new Set(copies.map((run) => run.by))];
  const choices = [...parties.map((by) => copies.filter((run) => run.by === by)), copies];
  for (const runs of choices) {
    const entries = entriesFromRuns(runs, from, size);
    if (entries === null) continue;
    const grown = await grow(edge, entries, () => Promise.resolve());
    if (!equalBytes(edgeRoot(grown), root)) {
      code = 'entries-wrong';
      continue;
    }
    await grow(edge, entries, (tiles) => writeTiles(tx, origin, tiles));
    await insertEntries(tx, origin, from, entries);
    await insertAdopted(tx, entries, from, size);
    await insertStatedCheckpoint(tx, keys, newest, place.now);
    return success(null);
  }
  return failure(code, '', `${from}-${size}`);
}

/** The edge with these entries behind it; `each` gets the tiles of every step. */
async function grow(
  start: TreeEdge,
  entries: readonly Uint8Array[],
  each: (tiles: Tile[]) => Promise<void>,
): Promise<TreeEdge> {
  let edge = start;
  for (let from = 0; from < entries.length; from += entriesPerStepMax) {
    const extended = extendEdge(edge, entries.slice(from, from + entriesPerStepMax));
    edge = extended.edge;
    await each(extended.tiles);
  }
  return edge;
}

/** By an officer's word nobody has seen what is lost: we go on, but never silently. */
async function noteLostTail(
  tx: StoreTransaction,
  origin: string,
  size: number,
  signed: number,
  now: number,
): Promise<void> {
  const detail =
    `we had signed a checkpoint of ${signed} entries of ${origin}; those from ${size} on are lost, ` +
    `and by an officer's word nobody has seen them: our log goes on without them`;
  const alarm = { code: 'log-tail-lost', party: null, about: `${size}-${signed}`, detail };
  await raiseAlarm(tx, alarm, now);
}

/** Null where a part is missing. How much runs have together is bounded where they are kept. */
function entriesFromRuns(runs: readonly EntryRun[], from: number, to: number): Uint8Array[] | null {
  const entries: Uint8Array[] = [];
  const sorted = [...runs].sort((a, b) => a.start - b.start);
  for (const run of sorted) {
    const next = from + entries.length;
    if (run.start > next) break;
    for (const entry of run.entries.slice(next - run.start, to - run.start)) entries.push(entry);
  }
  return entries.length < to - from ? null : entries;
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
      .map((entry, i) => ({ entry: encodeHex(entry), log_index: start + from + i }))
      .map((row) => ({ ...row, size, given_up: 0 }));
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

/** Undoes a transaction whose outcome is a failure, not an error. */
class Undo extends Error {
  readonly failure: Result<never, ClearRestoreCode>;

  constructor(failed: Result<never, ClearRestoreCode>) {
    super('undone');
    this.failure = failed;
  }
}

/** Judges what was stated and rebuilds the log, all in one transaction. */
export async function rebuildFrom(
  store: Store,
  keys: RestoreKeys,
  stated: readonly StatedCheckpoint[],
  copies: readonly EntryRun[],
  word: RestoreWord,
  place: RestorePlace,
): Promise<Result<Rebuilt & { newest: Opened | null }, ClearRestoreCode>> {
  const judged = await judgeStated(store.reader, keys, stated, word);
  if (!judged.ok) return judged;
  try {
    return await store.transact(async (tx) => {
      const rebuilt = await rebuildLog(tx, keys, judged.value, copies, word, place);
      if (!rebuilt.ok) throw new Undo(rebuilt);
      const from = { origin: keys.logKey.name, from: place.size };
      await beginAwaiting(tx, from, place.now);
      await clearAlarm(tx, { code: 'restored', party: null, about: '' }, place.now);
      await clearAlarm(tx, { code: 'restore-full', party: null, about: '' }, place.now);
      return success({ ...rebuilt.value, newest: judged.value.opened[0] ?? null });
    });
  } catch (error) {
    if (error instanceof Undo) return error.failure;
    throw error;
  }
}

/**
 * Of a log that ended the mark stays past what is left, so that an older copy of this home is
 * blocked as well.
 */
export async function keepMark(
  path: string,
  mark: HighWater | null | 'unreadable',
  newest: Checkpoint | null,
): Promise<void> {
  const marked = mark === null || mark === 'unreadable' ? -1 : mark.size;
  if (newest === null || newest.size <= marked) return;
  const { origin, size, root } = newest;
  await writeHighWater(path, { origin, size, root: encodeHex(root) });
}
