/** Checks everything that a log claims, from its entries up; for one log, reading all of it. */
import {
  encodeHex,
  emptyRoot,
  equalBytes,
  logEntry,
  openCheckpoint,
  parseEnvelope,
  parseLogProof,
  decodeHex,
  signatureListDigest,
  statementId,
  verifyLogProof,
  type NoteKey,
} from '@comity/record';
import type { StoreReader } from '../store/store.ts';
import { extendFromEntries } from './copies.ts';
import { readTiles } from './tiles.ts';
import { edgeRoot, emptyEdge, type Tile } from './tree.ts';

const rowsPerStepMax = 512;
/** Problems reported; a broken disk gives millions. */
const problemsMax = 1_000;

export interface FsckReport {
  ok: boolean;
  entries: number;
  checkpoints: number;
  statements: number;
  proofs: number;
  /** One sentence each, at most `problemsMax`. */
  problems: string[];
}

/** Log keys by origin, for the checkpoints and proofs of each; without keys they are not checked. */
export type KeysOfLog = (origin: string) => readonly NoteKey[];

/**
 * Recomputes the tree of `origin` and compares tiles, checkpoints and (for our own log) the entry
 * of every statement; verifies every stored proof whose log keys are known. Reads only.
 */
export async function fsck(
  reader: StoreReader,
  origin: string,
  keysOf: KeysOfLog,
): Promise<FsckReport> {
  const report = { entries: 0, checkpoints: 0, statements: 0, proofs: 0, problems: [] as string[] };
  const say = (problem: string): void => {
    if (report.problems.length < problemsMax) report.problems.push(problem);
  };
  try {
    await checkTree(reader, origin, keysOf(origin), report, say);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
  report.statements = await checkStatements(reader, origin, say);
  report.proofs = await checkProofs(reader, keysOf, say);
  return { ok: report.problems.length === 0, ...report };
}

type Say = (problem: string) => void;

/** From checkpoint to checkpoint: extends the tree from entries and compares root and tiles. */
async function checkTree(
  reader: StoreReader,
  origin: string,
  keys: readonly NoteKey[],
  report: { entries: number; checkpoints: number },
  say: Say,
): Promise<void> {
  let edge = emptyEdge;
  let after = -1;
  for (;;) {
    const rows = await reader
      .selectFrom('checkpoints')
      .select(['size', 'root', 'note'])
      .where('origin', '=', origin)
      .where('size', '>', after)
      .orderBy('size')
      .limit(rowsPerStepMax)
      .execute();
    for (const row of rows) {
      after = row.size;
      edge = await extendFromEntries(reader, origin, edge, row.size, (tiles) =>
        checkTiles(reader, origin, tiles, say),
      );
      const root = row.size === 0 ? emptyRoot : edgeRoot(edge);
      report.checkpoints += 1;
      report.entries = row.size;
      if (encodeHex(root) !== row.root) say(`checkpoint ${row.size}: entries give another root`);
      checkNote(row, root, keys, origin, say);
    }
    if (rows.length < rowsPerStepMax) return;
  }
}

function checkNote(
  row: { size: number; note: string },
  root: Uint8Array,
  keys: readonly NoteKey[],
  origin: string,
  say: Say,
): void {
  if (keys.length === 0) return;
  const opened = openCheckpoint(row.note, [...keys]);
  if (!opened.ok) return say(`checkpoint ${row.size}: its note is ${opened.code}`);
  const { checkpoint } = opened.value;
  const same = checkpoint.origin === origin && checkpoint.size === row.size;
  if (!same || !equalBytes(checkpoint.root, root)) {
    say(`checkpoint ${row.size}: its note says something else`);
  }
}

/** A stored tile may be wider than it was at this point, never different. */
async function checkTiles(
  reader: StoreReader,
  origin: string,
  tiles: readonly Tile[],
  say: Say,
): Promise<void> {
  const stored = await readTiles(reader, origin, tiles);
  for (const tile of tiles) {
    const { level, index } = tile;
    const found = stored.find((one) => one.level === level && one.index === index);
    const same =
      found !== undefined &&
      found.hashes.length === found.width * 32 &&
      equalBytes(found.hashes.subarray(0, tile.hashes.length), tile.hashes);
    if (!same) say(`tile ${level}/${index}: not what the entries give`);
  }
}

/** Every statement: id and list digest of its envelope, and its entry in our log. */
async function checkStatements(reader: StoreReader, origin: string, say: Say): Promise<number> {
  let after = '';
  let count = 0;
  for (;;) {
    const rows = await reader
      .selectFrom('statements')
      .select(['id', 'envelope', 'list_digest', 'own', 'said_origin', 'said_index'])
      .select(['held_origin', 'held_index'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(rowsPerStepMax)
      .execute();
    for (const row of rows) {
      after = row.id;
      count += 1;
      checkEnvelope(row, say);
      const own = row.own === 1;
      const place = own ? row.said_origin : row.held_origin;
      const index = own ? row.said_index : row.held_index;
      if (place !== origin || index === null) continue;
      await checkEntry(reader, origin, index, own ? 'said' : 'held', row, say);
    }
    if (rows.length < rowsPerStepMax) return count;
  }
}

function checkEnvelope(
  row: { id: string; envelope: Uint8Array; list_digest: string },
  say: Say,
): void {
  if (row.envelope.length === 0) return;
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) return say(`statement ${row.id}: its envelope is ${envelope.code}`);
  const { payload, payloadType, signatures } = envelope.value;
  if (statementId(payloadType, payload) !== row.id) say(`statement ${row.id}: another's envelope`);
  if (encodeHex(signatureListDigest(signatures)) !== row.list_digest) {
    say(`statement ${row.id}: its signatures are not those that were logged`);
  }
}

async function checkEntry(
  reader: StoreReader,
  origin: string,
  index: number,
  role: 'said' | 'held',
  row: { id: string; list_digest: string },
  say: Say,
): Promise<void> {
  const found = await reader
    .selectFrom('entries')
    .select('entry')
    .where('origin', '=', origin)
    .where('log_index', '=', index)
    .executeTakeFirst();
  // Past the end of a log that ended: its proof is checked with all the others.
  if (found === undefined && role === 'said' && (await hasProof(reader, row.id, origin))) return;
  const digest = decodeHex(row.list_digest);
  const expected = digest === null ? null : logEntry(role, row.id, digest);
  if (found === undefined || expected === null || !equalBytes(found.entry, expected)) {
    say(`statement ${row.id}: entry ${index} is not its ${role} entry`);
  }
}

async function hasProof(reader: StoreReader, statement: string, origin: string): Promise<boolean> {
  const row = await reader
    .selectFrom('proofs')
    .select('statement')
    .where('statement', '=', statement)
    .where('role', '=', 'said')
    .where('origin', '=', origin)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Every proof from another's log: leaf, path, and the log's signature. */
async function checkProofs(reader: StoreReader, keysOf: KeysOfLog, say: Say): Promise<number> {
  let after = '';
  let count = 0;
  for (;;) {
    const rows = await reader
      .selectFrom('proofs')
      .select(['statement', 'role', 'origin', 'log_index', 'size', 'list_digest', 'proof'])
      .where('statement', '>', after)
      .orderBy('statement')
      .limit(rowsPerStepMax)
      .execute();
    // A statement's proofs may be cut by the limit; the next step begins with them again.
    const last = rows.at(-1)?.statement ?? '';
    const whole = rows.length < rowsPerStepMax;
    const ready = whole ? rows : rows.filter((row) => row.statement !== last);
    for (const row of ready) {
      after = row.statement;
      count += 1;
      const keys = keysOf(row.origin);
      if (keys.length === 0) continue;
      const parsed = parseLogProof(row.proof);
      const digest = decodeHex(row.list_digest);
      if (!parsed.ok || digest === null) {
        say(`proof of ${row.statement} in ${row.origin}: unreadable`);
        continue;
      }
      const leaf = logEntry(row.role, row.statement, digest);
      const verified = verifyLogProof(parsed.value, leaf, [...keys]);
      const same = verified.ok && verified.value.index === row.log_index;
      if (!same || verified.value.checkpoint.size !== row.size) {
        say(`proof of ${row.statement} in ${row.origin}: does not verify`);
      }
    }
    if (whole) return count;
    if (ready.length === 0) throw new Error(`too many proofs of ${last}`);
  }
}
