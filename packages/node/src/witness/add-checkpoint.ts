/**
 * What a witness does: cosigns a checkpoint of a log that it knows, if it is of the tree that it
 * cosigned before (c2sp.org/tlog-witness; order of the checks as in formats.md, 4b and 4e).
 */
import {
  cosign,
  emptyRoot,
  encodeHex,
  encodeText,
  equalBytes,
  formatCheckpoint,
  formatVkey,
  decodeHex,
  openCheckpoint,
  parseNote,
  parseVkey,
  sha256Hex,
  verifyConsistency,
  type Checkpoint,
  type NoteKey,
  type NoteSigner,
} from '@comity/record';
import type { Clock } from '../context.ts';
import { forked } from '../log/copies.ts';
import { storeCosignatures } from '../log/cosignatures.ts';
import { noteWithLinesOf } from '../log/checkpoints.ts';
import type { WitnessedLogsTable } from '../store/schema.ts';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';
import { parseAddCheckpoint, type AddCheckpointRequest } from './request.ts';

const sizeContentType = 'text/x.tlog.size';
const textContentType = 'text/plain; charset=utf-8';

/** The same checkpoint is cosigned anew at most this often. */
const cosignAgainSeconds = 60;

export interface WitnessDeps {
  store: Store;
  clock: Clock;
  witnessSigner: NoteSigner;
}

export interface WitnessAnswer {
  status: 200 | 400 | 403 | 404 | 409 | 413 | 422;
  contentType: string;
  body: string;
}

/**
 * Answers one request. The new size is on disk before the answer is given (a witness that forgot
 * what it cosigned could be led to cosign another tree), in one transaction with the check.
 *
 * Everything is checked in the reader before that: only what the log itself signed, and has not
 * submitted within the last minute, costs a transaction. Everybody can read a log's newest checkpoint
 * and bring it here again and again.
 */
export async function addCheckpoint(deps: WitnessDeps, body: Uint8Array): Promise<WitnessAnswer> {
  const request = parseAddCheckpoint(body);
  if (!request.ok) return refuse(request.code === 'too-large' ? 413 : 400, request.detail ?? '');
  const seen = await judge(deps.store.reader, deps, request.value);
  if ('answer' in seen) return seen.answer;
  return await deps.store.transact(async (tx) => {
    // Judged again: another request may have been quicker.
    const judged = await judge(tx, deps, request.value);
    if ('answer' in judged) return judged.answer;
    const { log, checkpoint, forkOf } = judged;
    const { noteText, origin } = request.value;
    if (forkOf !== null) {
      const context = { party: origin, now: deps.clock.now() };
      await forked(tx, [forkOf, noteText], origin, checkpoint.size, context);
      return refuse(422, 'another root for this size was cosigned');
    }
    const lines = noteWithLinesOf(noteText, logKeysOf(log)) ?? noteText;
    const line = await advance(tx, deps, log, checkpoint, lines);
    return { status: 200, contentType: textContentType, body: line };
  });
}

/** What a request comes to: an answer that changes nothing, or what there is to write down. */
type Judged =
  | { answer: WitnessAnswer }
  | { log: WitnessedLogsTable; checkpoint: Checkpoint; forkOf: string | null };

async function judge(
  reader: StoreReader | StoreTransaction,
  deps: WitnessDeps,
  request: AddCheckpointRequest,
): Promise<Judged> {
  const { old, proof, noteText, origin } = request;
  const log = await loadWitnessedLog(reader, origin);
  if (log === null) return { answer: refuse(404, 'unknown log') };
  // By the log that it names, and by a key of each type that the log has declared.
  const opened = openCheckpoint(noteText, logKeysOf(log));
  if (!opened.ok && opened.code === 'bad-checkpoint') {
    return { answer: refuse(400, 'not a checkpoint, or one with extension lines') };
  }
  if (!opened.ok) return { answer: refuse(403, 'no valid signature by a key of this log') };
  const { checkpoint } = opened.value;
  const { size, root } = checkpoint;
  if (old > size) return { answer: refuse(400, 'old size past the checkpoint') };
  if (size === 0 && !equalBytes(root, emptyRoot)) {
    return { answer: refuse(422, 'wrong empty root') };
  }
  if (old !== log.size) {
    return { answer: { status: 409, contentType: sizeContentType, body: `${log.size}\n` } };
  }
  const known = decodeHex(log.root);
  if (old === size && log.note !== null && known !== null && !equalBytes(known, root)) {
    return { log, checkpoint, forkOf: log.note };
  }
  if (!isProved(old, size, known, root, proof)) {
    return { answer: refuse(422, 'not shown to be consistent') };
  }
  const again = old === size ? lineOfLate(deps, log) : null;
  if (again !== null) {
    return { answer: { status: 200, contentType: textContentType, body: again } };
  }
  return { log, checkpoint, forkOf: null };
}

/** Our line on what we cosigned last, while it is younger than a minute: it need not be made again. */
function lineOfLate(deps: WitnessDeps, log: WitnessedLogsTable): string | null {
  const { key } = deps.witnessSigner;
  if (log.note === null || deps.clock.now() - log.time >= cosignAgainSeconds) return null;
  const note = parseNote(log.note);
  if (!note.ok) return null;
  return (
    note.value.signatures.find(({ name, id }) => name === key.name && id === key.id)?.line ?? null
  );
}

function isProved(
  old: number,
  size: number,
  known: Uint8Array | null,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (old === 0 || old === size) return proof.length === 0;
  return known !== null && verifyConsistency(old, size, known, root, [...proof]);
}

/** Sets the log's newest size and signs. What is signed is a re-encoding of what was parsed. */
async function advance(
  tx: StoreTransaction,
  deps: Pick<WitnessDeps, 'clock' | 'witnessSigner'>,
  log: WitnessedLogsTable,
  checkpoint: Checkpoint,
  logLines: string,
): Promise<string> {
  const { origin, size, root } = checkpoint;
  const { witnessSigner, clock } = deps;
  const text = formatCheckpoint(checkpoint);
  const time = Math.max(clock.now(), log.time, 1);
  const line = cosign(text, witnessSigner, time);
  await tx
    .updateTable('witnessed_logs')
    .set({ size, root: encodeHex(root), time, note: logLines + line })
    .where('origin', '=', origin)
    .execute();
  const vkey = formatVkey(witnessSigner.key);
  await storeCosignatures(tx, origin, size, [{ vkey, time, line }]);
  return line;
}

/**
 * Makes a log known to our witness, or changes its keys; what was cosigned stays. Every counterpart
 * is witnessed from its pairing on, others by configuration.
 */
export async function registerWitnessedLog(
  tx: StoreTransaction,
  origin: string,
  vkeys: readonly string[],
): Promise<void> {
  const originHash = sha256Hex(encodeText(origin));
  const keys = JSON.stringify(vkeys);
  await tx
    .insertInto('witnessed_logs')
    .values({
      origin,
      keys,
      size: 0,
      root: encodeHex(emptyRoot),
      time: 0,
      origin_hash: originHash,
      note: null,
    })
    .onConflict((conflict) => conflict.column('origin').doUpdateSet({ keys }))
    .execute();
}

/**
 * Cosigns a checkpoint that came by another way than add-checkpoint, a pouch: `note` is verified
 * here, `isConsistent` says whether the tree at the size that we cosigned last has that root.
 * Null where it is older than what we cosigned, or not shown consistent. The same checkpoint
 * again gives a new line without a new row: the earliest stays.
 */
export async function cosignTaken(
  tx: StoreTransaction,
  deps: Pick<WitnessDeps, 'clock' | 'witnessSigner'>,
  note: string,
  isConsistent: (size: number, root: string) => Promise<boolean>,
): Promise<string | null> {
  const origin = note.slice(0, note.indexOf('\n'));
  const log = await loadWitnessedLog(tx, origin);
  if (log === null) return null;
  const keys = logKeysOf(log);
  const opened = openCheckpoint(note, keys);
  if (!opened.ok) return null;
  const { checkpoint } = opened.value;
  if (checkpoint.size < log.size) return null;
  if (log.size > 0 && !(await isConsistent(log.size, log.root))) return null;
  if (checkpoint.size === log.size && log.size > 0 && encodeHex(checkpoint.root) !== log.root) {
    return null;
  }
  const lines = noteWithLinesOf(note, keys) ?? note;
  return await advance(tx, deps, log, checkpoint, lines);
}

async function loadWitnessedLog(
  tx: StoreReader | StoreTransaction,
  origin: string,
): Promise<WitnessedLogsTable | null> {
  const row = await tx
    .selectFrom('witnessed_logs')
    .selectAll()
    .where('origin', '=', origin)
    .executeTakeFirst();
  return row ?? null;
}

function logKeysOf(log: WitnessedLogsTable): NoteKey[] {
  return (JSON.parse(log.keys) as string[]).flatMap((vkey) => {
    const key = parseVkey(vkey);
    return key.ok ? [key.value] : [];
  });
}

function refuse(status: 400 | 403 | 404 | 413 | 422, reason: string): WitnessAnswer {
  return { status, contentType: textContentType, body: `${reason}\n` };
}
