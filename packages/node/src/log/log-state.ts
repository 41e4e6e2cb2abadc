/** What the sequencer holds in memory of our log, loaded by a bounded number of reads. */
import { encodeHex, equalBytes, decodeHex, formatVkey, InvariantError } from '@comity/record';
import type { NoteKey } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { countAwaited } from './awaited.ts';
import { newestCheckpoint, openOwnCheckpoint } from './checkpoints.ts';
import { readEndedLog, type EndedLog } from './ended-log.ts';
import type { HighWater } from './high-water.ts';
import type { Blocked, PublishedCheckpoint } from './jobs.ts';
import { loadEdge, rootAt, treeSize } from './tiles.ts';
import { edgeRoot, type TreeEdge } from './tree.ts';

export interface LogState {
  edge: TreeEdge;
  newest: PublishedCheckpoint | null;
  /** Newest own-account time that was signed; 0 before any. */
  time: number;
  adopted: boolean;
  /** Of those how many are waited for before anything else is said (awaited.ts). */
  awaited: number;
  parked: boolean;
  /** Not null where this log has ended: nothing is signed in it ever again. */
  ended: EndedLog | null;
}

/**
 * Loads and verifies the right edge: the stored note must be ours and its root that of the tiles.
 * Eight reads, whatever the log's size. Throws when the database contradicts itself.
 */
export async function loadLogState(
  reader: StoreReader | StoreTransaction,
  logKey: NoteKey,
  ownAccountKey: NoteKey,
): Promise<LogState> {
  const origin = logKey.name;
  const row = await newestCheckpoint(reader, origin);
  const size = row?.size ?? 0;
  const edge = await loadEdge(reader, origin, size);
  if ((await treeSize(reader, origin)) !== size) {
    throw new InvariantError(`the tiles of ${origin} do not end at its checkpoint (run fsck)`);
  }
  const newest = row === null ? null : { ...openStored(row.note, logKey), note: row.note };
  if (newest !== null && (newest.size !== size || !equalBytes(newest.root, edgeRoot(edge)))) {
    throw new InvariantError(`the tiles of ${origin} do not give its checkpoint (run fsck)`);
  }
  return {
    edge,
    newest,
    time: await lastOwnTime(reader, origin, size, formatVkey(ownAccountKey)),
    adopted: await hasRows(reader, 'adopted_entries'),
    awaited: await countAwaited(reader),
    parked: await hasRows(reader, 'parked'),
    ended: await readEndedLog(reader, origin),
  };
}

/** Why nothing may be signed, or null. */
export async function blockOf(
  reader: StoreReader,
  origin: string,
  { edge, ended }: LogState,
  mark: HighWater | null | 'unreadable',
): Promise<Blocked | null> {
  if (ended !== null) return 'ended';
  return (await isRestored(reader, origin, edge.size, mark)) ? 'restored' : null;
}

/** The log that the high-water record is of where our database knows nothing of it; else null. */
export async function otherLogOf(
  reader: StoreReader,
  origin: string,
  mark: HighWater | null | 'unreadable',
): Promise<string | null> {
  if (mark === null || mark === 'unreadable' || mark.origin === origin) return null;
  return (await readEndedLog(reader, mark.origin)) === null ? mark.origin : null;
}

/** Whether the high-water record is to be brought up to a checkpoint of a log that goes on. */
export function isBehind(
  mark: HighWater | null | 'unreadable',
  newest: PublishedCheckpoint,
): boolean {
  if (mark === null || mark === 'unreadable') return false;
  return mark.origin !== newest.origin || mark.size < newest.size;
}

/**
 * Whether database and high-water record say that this is a restored copy (rulings.md, 25). The
 * database may be ahead: a kill between commit and high-water record leaves it so, and nothing of
 * what is ahead has left the process.
 */
async function isRestored(
  reader: StoreReader | StoreTransaction,
  origin: string,
  size: number,
  mark: HighWater | null | 'unreadable',
): Promise<boolean> {
  if (mark === 'unreadable') return true;
  if (mark === null) return size > 0;
  // A kill between the first commit of a new log and its high-water record (new-log.ts).
  if (size === 1 && (await readEndedLog(reader, mark.origin)) !== null) return false;
  if (mark.origin !== origin || mark.size > size) return true;
  const marked = decodeHex(mark.root);
  return marked === null || !equalBytes(await rootAt(reader, origin, mark.size), marked);
}

/** The record of a checkpoint for the high-water file. */
export function highWaterOf(checkpoint: PublishedCheckpoint): HighWater {
  const { origin, size, root } = checkpoint;
  return { origin, size, root: encodeHex(root) };
}

function openStored(note: string, logKey: NoteKey) {
  const checkpoint = openOwnCheckpoint(note, logKey);
  if (checkpoint === null) {
    throw new InvariantError(`the newest checkpoint is not signed by ${logKey.name}'s key`);
  }
  return checkpoint;
}

async function lastOwnTime(
  reader: StoreReader | StoreTransaction,
  origin: string,
  size: number,
  vkey: string,
): Promise<number> {
  const row = await reader
    .selectFrom('cosignatures')
    .select('time')
    .where('origin', '=', origin)
    .where('vkey', '=', vkey)
    .where('size', '<=', size)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.time ?? 0;
}

async function hasRows(
  reader: StoreReader | StoreTransaction,
  table: 'adopted_entries' | 'parked',
): Promise<boolean> {
  const rows = await reader
    .selectFrom(table)
    .select((row) => row.lit(1).as('one'))
    .limit(1)
    .execute();
  return rows.length > 0;
}
