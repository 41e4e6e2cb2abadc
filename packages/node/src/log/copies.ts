/**
 * Copies of counterparts' logs: their 32-byte entries, and their checkpoints that were shown to be
 * of one tree (protocol.md, Log).
 *
 * Entries are kept as they come; tiles are built only once a checkpoint verifies them. So entries
 * past the stored tree are claims, and everything in tiles is what the log's owner signed for.
 */
import {
  encodeHex,
  equalBytes,
  decodeHex,
  failure,
  openCheckpoint,
  success,
  verifyConsistency,
  type Checkpoint,
  type NoteKey,
  type Result,
} from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { clearAlarm, raiseAlarm } from '../alarms.ts';
import { recordEvidence } from './evidence.ts';
import { insertEntries } from './batch-rows.ts';
import { newestCheckpoint, noteWithLinesOf } from './checkpoints.ts';
import { loadEdge, rootAt, treeSize, writeTiles } from './tiles.ts';
import { edgeRoot, extendEdge, type Tile, type TreeEdge } from './tree.ts';

/** Entries of one log that may wait for a checkpoint that verifies them. */
const unverifiedEntriesMax = 1 << 20;
const entriesPerStepMax = 4096;
const hashBytes = 32;

/** `kept`: entries that we have; `verified`: how many of them a checkpoint covers. */
export interface CopyState {
  kept: number;
  verified: number;
}

/** What we have of a log. Two reads. */
export async function copyState(
  reader: StoreReader | StoreTransaction,
  origin: string,
): Promise<CopyState> {
  const last = await reader
    .selectFrom('entries')
    .select('log_index')
    .where('origin', '=', origin)
    .orderBy('log_index', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    kept: last === undefined ? 0 : last.log_index + 1,
    verified: await treeSize(reader, origin),
  };
}

/**
 * Adds entries from `start` on; those that we have are skipped. `entries-gap`: start with
 * `detail`. `entries-wrong`: they contradict an accepted checkpoint; the unverified ones are gone
 * again. Call it inside the transaction that takes in what carried them, and commit either way.
 */
export async function appendCopy(
  tx: StoreTransaction,
  origin: string,
  start: number,
  entries: readonly Uint8Array[],
): Promise<Result<CopyState, 'entries-gap' | 'entries-wrong' | 'too-large'>> {
  const { kept, verified } = await copyState(tx, origin);
  if (start > kept) return failure('entries-gap', origin, String(kept));
  if (entries.some((entry) => entry.length !== hashBytes)) return failure('entries-wrong', origin);
  const fresh = entries.slice(kept - start);
  if (kept + fresh.length - verified > unverifiedEntriesMax) return failure('too-large', origin);
  await insertEntries(tx, origin, kept, fresh);
  return await verifyCopy(tx, origin, { kept: kept + fresh.length, verified });
}

export type AcceptCode =
  | 'bad-checkpoint'
  | 'bad-note'
  | 'bad-signature'
  | 'unknown-signer'
  | 'consistency-not-shown'
  | 'fork';

export interface AcceptContext {
  /** The log's owner, for evidence and alarm. */
  party: string;
  now: number;
}

/**
 * Accepts a checkpoint of another's log and stores it (the log's own lines only). The first of a
 * log is taken as it is; every other must be shown to be of the same tree as the newest: by the
 * proof `consistency` from that size, or by copied entries.
 *
 * `fork`: another root for a size that this log signed before; both notes are kept as evidence and
 * an alarm is raised, so commit. `consistency-not-shown`: an alarm too; ask again.
 */
export async function acceptCheckpoint(
  tx: StoreTransaction,
  note: string,
  logKeys: readonly NoteKey[],
  consistency: { from: number; path: readonly Uint8Array[] },
  context: AcceptContext,
): Promise<Result<{ checkpoint: Checkpoint; isNew: boolean }, AcceptCode>> {
  const opened = openCheckpoint(note, [...logKeys]);
  if (!opened.ok) return opened;
  const { checkpoint } = opened.value;
  const { origin, size, root } = checkpoint;
  const same = await storedRoot(tx, origin, size);
  if (same !== null) {
    if (equalBytes(same.root, root)) return success({ checkpoint, isNew: false });
    return await forked(tx, [same.note, note], origin, size, context);
  }
  if (!(await isShown(tx, checkpoint, consistency))) {
    const detail = `${origin} at ${size}`;
    const alarm = { code: 'consistency-not-shown', party: context.party, about: origin, detail };
    await raiseAlarm(tx, alarm, context.now);
    return failure('consistency-not-shown', origin, String(size));
  }
  await tx
    .insertInto('checkpoints')
    .values({
      origin,
      size,
      root: encodeHex(root),
      note: noteWithLinesOf(note, logKeys) ?? note,
      seen_at: context.now,
    })
    .execute();
  const about = { code: 'consistency-not-shown', party: context.party, about: origin };
  await clearAlarm(tx, about, context.now);
  await verifyCopy(tx, origin, await copyState(tx, origin));
  return success({ checkpoint, isNew: true });
}

/** Fork evidence: two notes of one size and different roots, both signed by the log. */
export async function forked(
  tx: StoreTransaction,
  notes: readonly [string, string],
  origin: string,
  size: number,
  context: AcceptContext,
): Promise<Result<never, 'fork'>> {
  const body = JSON.stringify([...notes].sort());
  await recordEvidence(tx, { kind: 'log-fork', party: context.party, body }, context.now);
  const detail = `${origin} signed two trees of size ${size}`;
  const alarm = { code: 'log-fork', party: context.party, about: origin, detail };
  await raiseAlarm(tx, alarm, context.now);
  return failure('fork', origin, String(size));
}

async function storedRoot(
  tx: StoreTransaction,
  origin: string,
  size: number,
): Promise<{ root: Uint8Array; note: string } | null> {
  const row = await tx
    .selectFrom('checkpoints')
    .select(['root', 'note'])
    .where('origin', '=', origin)
    .where('size', '=', size)
    .executeTakeFirst();
  const root = row === undefined ? null : decodeHex(row.root);
  return row === undefined || root === null ? null : { root, note: row.note };
}

/**
 * Whether the checkpoint is of the tree that we know. A proof from an older size than our newest
 * would leave open whether our newest is of it, so it does not count.
 */
async function isShown(
  tx: StoreTransaction,
  checkpoint: Checkpoint,
  consistency: { from: number; path: readonly Uint8Array[] },
): Promise<boolean> {
  const { origin, size, root } = checkpoint;
  const newest = await newestCheckpoint(tx, origin);
  if (newest === null) return true;
  const { kept, verified } = await copyState(tx, origin);
  if (size <= verified) return equalBytes(await rootAt(tx, origin, size), root);
  const known = decodeHex(newest.root);
  if (known !== null && newest.size < size && consistency.from === newest.size) {
    if (newest.size === 0) return consistency.path.length === 0;
    const path = [...consistency.path];
    if (verifyConsistency(newest.size, size, known, root, path)) return true;
  }
  // Copied entries show it only if they also give the newest checkpoint that we accepted.
  if (size > kept || newest.size > kept) return false;
  const sizes = [newest.size, size].sort((a, b) => a - b);
  const roots = await copiedRoots(tx, origin, verified, sizes);
  const [first, second] = newest.size < size ? [known, root] : [root, known];
  return (
    first != null &&
    second != null &&
    equalBytes(roots[0] as Uint8Array, first) &&
    equalBytes(roots[1] as Uint8Array, second)
  );
}

/** Roots at sizes (ascending, all past the verified tree or at it) that the kept entries give. */
async function copiedRoots(
  tx: StoreTransaction,
  origin: string,
  verified: number,
  sizes: readonly number[],
): Promise<Uint8Array[]> {
  let edge = await loadEdge(tx, origin, verified);
  const roots: Uint8Array[] = [];
  for (const size of sizes) {
    if (size < edge.size) roots.push(await rootAt(tx, origin, size));
    else {
      edge = await extendFromEntries(tx, origin, edge, size, () => Promise.resolve());
      roots.push(edgeRoot(edge));
    }
  }
  return roots;
}

/** Builds tiles up to the largest accepted checkpoint that the kept entries reach. */
async function verifyCopy(
  tx: StoreTransaction,
  origin: string,
  state: CopyState,
): Promise<Result<CopyState, 'entries-wrong'>> {
  const { kept, verified } = state;
  const target = await tx
    .selectFrom('checkpoints')
    .select(['size', 'root'])
    .where('origin', '=', origin)
    .where('size', '>', verified)
    .where('size', '<=', kept)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (target === undefined) return success(state);
  const start = await loadEdge(tx, origin, verified);
  const edge = await extendFromEntries(tx, origin, start, target.size, () => Promise.resolve());
  if (encodeHex(edgeRoot(edge)) !== target.root) {
    // Only the unverified ones can be wrong; they are asked for again.
    await tx
      .deleteFrom('entries')
      .where('origin', '=', origin)
      .where('log_index', '>=', verified)
      .execute();
    return failure('entries-wrong', origin, `${verified}-${target.size}`);
  }
  await extendFromEntries(tx, origin, start, target.size, (tiles) => writeTiles(tx, origin, tiles));
  return success({ kept, verified: target.size });
}

/** The edge at `size` out of stored entries; `each` gets the tiles of every step. */
export async function extendFromEntries(
  reader: StoreReader | StoreTransaction,
  origin: string,
  start: TreeEdge,
  size: number,
  each: (tiles: Tile[]) => Promise<void>,
): Promise<TreeEdge> {
  let edge = start;
  while (edge.size < size) {
    const rows = await reader
      .selectFrom('entries')
      .select(['log_index', 'entry'])
      .where('origin', '=', origin)
      .where('log_index', '>=', edge.size)
      .where('log_index', '<', Math.min(size, edge.size + entriesPerStepMax))
      .orderBy('log_index')
      .execute();
    const { size: from } = edge;
    if (rows.length === 0 || rows.some((row, i) => row.log_index !== from + i)) {
      throw new Error(`entries of ${origin} are missing after ${from}`);
    }
    const extended = extendEdge(
      edge,
      rows.map((row) => row.entry),
    );
    await each(extended.tiles);
    edge = extended.edge;
  }
  return edge;
}
